"""`resolute repair`: mend the traces in which an audit found risky patterns, and keep what is clean afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from resolute.cli.console import page, say
from resolute.cli.inputs import home, is_run, material
from resolute.cli.making import Line, job, leave, make
from resolute.cli.options import Budget, Inputs, Judges, MaxTokens, Model, Out, Plan, RecipeFile, Sets

if TYPE_CHECKING:
    from resolute.core.jobs import Job


def repair(
    inputs: Inputs,
    model: Model = None,
    way: Annotated[
        list[str] | None,
        typer.Option("--way", help="cut, recompose or backtrack; given often: tried in this order. Default: all."),
    ] = None,
    attempts: Annotated[int | None, typer.Option("--attempts", help="Most ways tried on one trace.")] = None,
    auditor: Annotated[
        list[str] | None,
        typer.Option("--auditor", help="Who audits repaired traces, NAME or NAME@MODEL. Default: who audited before."),
    ] = None,
    judge: Judges = None,
    max_tokens: MaxTokens = None,
    budget: Budget = None,
    out: Out = None,
    recipe: RecipeFile = None,
    sets: Sets = None,
    plan: Plan = False,
) -> None:
    """Mend traces with risky patterns, and keep those that are clean afterwards.

    The model named repairs; others audit (and judge) what it made, and only what all of them find clean is kept.

    resolute repair runs/mine --model openai/gpt-4.1 --judge llama-guard-3@models/Llama-Guard-3-8B
    """
    line = Line(home(inputs[0], out), recipe, sets or [], plan)
    found = material(inputs, repaired=False)
    options = {
        "model": model, "ways": way, "attempts": attempts, "auditors": auditor, "judges": judge,
        "max_tokens": max_tokens, "budget": budget,
    }  # fmt: skip
    base = _audited(inputs)
    artifact = make("repair", line, found, options, base=base, then=f"resolute curate {line.out} --safety N --benign N")
    if artifact is None:
        _show_plan(job("repair", line, found, options, base))
        return
    page(artifact.output("summary.md"))
    say(f"what was changed (risky text): {artifact.folder / 'quarantine' / 'repairs.html'}")
    if any(role.startswith("verdicts") for role in found) and "verdicts.parquet" not in artifact.manifest.outputs:
        say("the inputs were judged, what was repaired was not: name the guards with --judge, or curate may drop it")
    leave(artifact)


def _audited(inputs: list[Path]) -> dict[str, Any]:
    """Who audited the first run that was audited, as a stage of its own or while distilling; and with which limit."""
    from resolute.core.runs import Run

    for path in inputs:
        held = list(Run(path).entries().values()) if is_run(path) else []
        for artifact in sorted(held, key=lambda one: one.stage == "audit", reverse=True):
            settings = artifact.manifest.settings
            if artifact.stage in ("audit", "distill") and settings.get("auditors"):
                limit = settings.get("max_tokens")
                return {"auditors": settings["auditors"]} | ({"grader_max_tokens": limit} if limit else {})
    return {}


def _show_plan(wanted: Job) -> None:
    """What would be asked at most."""
    from resolute.core.repair.plan import planned
    from resolute.core.settings import Repair
    from resolute.models.identity import resolve
    from resolute.stages.repair import sorted_inputs

    settings = wanted.settings
    assert isinstance(settings, Repair)
    served = resolve(settings.model).kind == "inspect"
    for row in planned(sorted_inputs(wanted), settings, served=served):
        say(row)
