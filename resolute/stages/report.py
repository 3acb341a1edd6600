"""`resolute report`: what a study found, on one page that needs nothing else.

Input role `study`: the `study.json` of a study, or a run folder (one row). Outputs `report.html` (self-contained, runs
no script, loads nothing), `report.md`, `table.csv`, `tables/*.tex`, `figures/*.{svg,png}` and the hub's cards of each
trained row, `cards/ROW/`. No prompt and no model output is quoted. The pages depend on
the study's data alone: no time, no host.
"""

from __future__ import annotations

from typing import Any, cast

from resolute.core.jobs import Job, Work
from resolute.core.settings import Report
from resolute.core.statistics.declared import check_families, families_of
from resolute.stages.pages.columns import instrument_orders
from resolute.stages.pages.study import read_study
from resolute.stages.pages.terminal import terminal_table
from resolute.stages.pages.view import build
from resolute.stages.pages.write import write_pages

__all__ = ["VERSION", "identity", "run", "terminal_table"]
VERSION = 6


def identity(job: Job) -> dict[str, Any]:
    """The artifacts the study names, and which instrument headlines what; raises where one is unfinished."""
    study = read_study(job.inputs["study"])
    settings = cast("Report", job.settings)
    if settings.families != families_of(study.recipe):  # those of the recipe were looked at before the study ran
        check_families(settings.families, settings.random, [(row.label, row.at) for row in study.rows])
    named = {f"{row.label}/{row.seed}": {part: item.key for part, item in row.artifacts.items()} for row in study.rows}
    orders = {task: list(names) for task, names in instrument_orders(study).items()}
    declared = settings.model_dump(mode="json", include={"random", "families", "number"}, exclude_defaults=True)
    return {"artifacts": named, "instruments": orders, **declared}


def run(work: Work) -> None:
    """Compute the tables and tests, draw the pictures, write the pages."""
    if not isinstance(work.job.settings, Report):
        raise TypeError(f"report was handed settings of {type(work.job.settings).__name__}")
    study = read_study(work.job.inputs["study"])
    work.progress("measuring", 0, 2)
    page = build(study, work.job.settings, instrument_orders(study))
    work.progress("drawing", 1, 2)
    write_pages(page, work.folder)
    tests = sum(len(family.tested) for family in page.families)
    work.count(rows=len(page.lines), columns=len(page.columns), tests=tests)
    work.progress("written", 2, 2)
