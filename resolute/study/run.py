"""A study from recipe to report: plan the graph, run what is not done, write the report."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resolute.core.errors import ResoluteError
from resolute.core.files import write_json
from resolute.core.jobs import Job, perform
from resolute.core.layers import resolve
from resolute.core.recipe import Recipe, seeds_of
from resolute.core.runs import Artifact, Run
from resolute.core.settings import Report
from resolute.core.statistics.declared import check_families
from resolute.stages.pages.exports import export, standing
from resolute.study.execute import Hands, Outcome, Watch, execute
from resolute.study.folder import STUDY, holding
from resolute.study.graph import Graph, build
from resolute.study.grid import combinations, levels_of
from resolute.study.names import check_names
from resolute.study.slots import Slots


@dataclass(frozen=True)
class Finished:
    """A study that ran to its end. `failed` rows stand in the report as missing."""

    report: Path
    study: Path
    failed: dict[str, ResoluteError]
    failed_rows: dict[str, int]
    """Jobs that are done but for so many rows: the next run asks for those again."""


def plan(
    recipe: Recipe,
    overrides: Mapping[str, Mapping[str, Any]],
    *,
    seeds: int | tuple[int, ...] | None = None,
    quick: bool = False,
) -> Graph:
    """The graph `run_study` would run.

    Raises `ResoluteError` for what a recipe cannot mean, its report included, and for names nobody knows.
    """
    asked = recipe.seeds if seeds is None else seeds
    graph = build(recipe, overrides, seeds=seeds_of(asked, "seeds"), quick=quick)
    check_names(graph)
    report, _ = resolve(Report, _report_layers(recipe, overrides.get("report", {})))
    rows = [(each.label, each.at) for each in combinations(recipe, quick=False)]
    check_families(report.families, report.random, rows)
    return graph


def run_study(
    recipe: Recipe,
    graph: Graph,
    out: Path,
    watch: Watch,
    *,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    slots: Slots | None = None,
    hands: Hands | None = None,
) -> Finished:
    """Run a study into the run folder `out`; done jobs are found, not repeated. A failed job fails its rows alone.

    `overrides` are those the graph was built with; `slots` and `hands` as in `execute`. Raises `ResoluteError` at once
    where another study runs in this folder.
    """
    with holding(out, recipe.name):
        outcome = execute(graph, Run(out).store, watch, slots=slots, hands=hands)
        return _reported(recipe, graph, Run(out), outcome, (overrides or {}).get("report", {}))


def _reported(recipe: Recipe, graph: Graph, run: Run, outcome: Outcome, overrides: Mapping[str, Any]) -> Finished:
    study = _write_study(recipe, graph, outcome, run)
    if not any(row.nodes["judge"] in outcome.artifacts for row in graph.rows):
        raise next(iter(outcome.failed.values()))
    settings, origins = resolve(Report, _report_layers(recipe, overrides))
    artifact = perform(Job("report", settings, {"study": study}, origins), run.store, _silent)
    earlier = standing(run.path)
    run.point("report", artifact)
    export(artifact, run.path, earlier=earlier)
    rows = {node: count for node, made in outcome.artifacts.items() if (count := made.manifest.failed_rows)}
    return Finished(run.path / "report.html", study, outcome.failed, rows)


def _report_layers(recipe: Recipe, overrides: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [("study", {"title": recipe.name}), ("recipe", recipe.report or {}), ("--set", overrides)]


def _silent(what: str, done: int, total: int, /, note: str = "") -> None:
    """The report takes a second: nothing to draw."""


def _write_study(recipe: Recipe, graph: Graph, outcome: Outcome, run: Run) -> Path:
    rows: list[dict[str, Any]] = []
    entries: dict[str, Artifact] = {}
    for row in graph.rows:
        made = {part: outcome.artifacts[node] for part, node in row.nodes.items() if node in outcome.artifacts}
        entries |= {f"{row.label}/{row.seed}/{part}": artifact for part, artifact in made.items()}
        folders = {part: _relative(artifact, run.path) for part, artifact in made.items()}
        rows.append({"label": row.label, "seed": row.seed, "kind": row.kind, "at": dict(row.at), "artifacts": folders})
    run.point_all(entries)
    study = run.path / STUDY
    dumped = recipe.model_dump(mode="json", by_alias=True)
    models = [str((dumped.get(stage) or {}).get("model", "")) for stage in ("distill", "train", "evaluate")]
    lab = any(name.startswith("lab/") for name in models)
    content = {"name": recipe.name, "lab": lab, "axes": levels_of(recipe), "recipe": dumped, "rows": rows}
    write_json(study, {"schema": 1, **content})
    return study


def _relative(artifact: Artifact, folder: Path) -> str:
    """Where an artifact lies from the run folder: the study's file is the same on every machine."""
    return Path(os.path.relpath(artifact.folder, folder)).as_posix()
