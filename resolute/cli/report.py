"""`resolute report`: write the report of a study, or of a run as a study of one row."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from resolute.cli.console import say, table
from resolute.cli.inputs import is_run
from resolute.cli.making import Line, make
from resolute.cli.options import Plan, RecipeFile, Sets
from resolute.core.errors import ResoluteError


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The run folder of a study, or of one judged evaluation.")],
    title: Annotated[
        str | None, typer.Option("--title", help="Of the page; default: the study's, or the run's name.")
    ] = None,
    recipe: RecipeFile = None,
    sets: Sets = None,
    plan: Plan = False,
) -> None:
    """Write the report of a study, or of one run.

    One self-contained page; its tables in Markdown, CSV and LaTeX, its figures as SVG and PNG, and the hub's cards.
    """
    from resolute.core.files import read_json
    from resolute.core.runs import Run
    from resolute.stages.pages.exports import export, standing

    if not is_run(run):
        raise ResoluteError("not a run folder", where=str(run), mend="name one that study, evaluate or judge made")
    study = run / "study.json"
    asked: dict[str, Any] = read_json(study) if study.is_file() else {}
    base = (asked.get("recipe") or {}).get("report") or {"title": asked.get("name") or run.name}
    for made in Run(run).entries().values():
        if made.done:
            made.unchanged()
    earlier = standing(run)
    source = study if study.is_file() else run
    artifact = make("report", Line(run, recipe, sets or [], plan), {"study": source}, {"title": title}, base=base)
    if artifact is None:
        return
    export(artifact, run, earlier=earlier)
    table(run)
    say(f"report: {(run / 'report.html').resolve()}")
