"""`resolute distill`: ask a teacher for traces."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from resolute.cli.console import page, say
from resolute.cli.inputs import home
from resolute.cli.making import Line, job, leave, make
from resolute.cli.options import Budget, Judges, MaxTokens, Model, Out, Plan, RecipeFile, Samples, Sets, Temperature


def distill(
    prompts: Annotated[
        list[str] | None,
        typer.Argument(metavar="PROMPTS...", help="Prompt sources: a name or a file, each with :count for so many."),
    ] = None,
    more: Annotated[list[str] | None, typer.Option("--prompts", help="A prompt source; may be given often.")] = None,
    model: Model = None,
    strategy: Annotated[str | None, typer.Option("--strategy", help="How a safe trace is asked for.")] = None,
    framings: Annotated[
        list[str] | None,
        typer.Option("--framings", help="How goals are wrapped: builtin, builtin:5, a name, a folder of your own."),
    ] = None,
    n: Annotated[
        int | None, typer.Option("--n", help="So many prompts with harmful goals, framed; default: all.")
    ] = None,
    samples: Samples = None,
    judge: Judges = None,
    auditor: Annotated[
        list[str] | None, typer.Option("--auditor", help="What looks for risky patterns, NAME or NAME@MODEL.")
    ] = None,
    then: Annotated[
        list[str] | None,
        typer.Option("--then", help="A strategy that prompts without an accepted trace go on to."),
    ] = None,
    max_tokens: MaxTokens = None,
    temperature: Temperature = None,
    budget: Budget = None,
    out: Out = None,
    recipe: RecipeFile = None,
    sets: Sets = None,
    plan: Plan = False,
) -> None:
    """Ask a teacher for traces of safe reasoning.

    With guards or auditors, what they reject is put aside, and prompts without an accepted trace are asked on.

    resolute distill harmbench-standard --framings builtin --n 4000 --model MODEL --strategy improved --budget 20
    """
    options = {
        "prompts": [*(prompts or []), *(more or [])] or None,
        "model": model,
        "strategy": strategy,
        "framings": framings,
        "n": n,
        "samples": samples,
        "judges": judge,
        "auditors": auditor,
        "then": then,
        "sampling.max_tokens": max_tokens,
        "sampling.temperature": temperature,
        "budget": budget,
    }
    named = strategy or (recipe.stem if recipe else "distill")
    line = Line(home(named, out), recipe, sets or [], plan)
    base = {"accept": _usual(judge, auditor)} if judge or auditor else {}
    artifact = make("distill", line, {}, options, base=base, then=_next(line.out, auditor))
    if artifact is not None:
        page(artifact.output("harvest.md"))
    elif plan:
        from resolute.models.asked import asked

        for told in asked(job("distill", line, {}, options, base)):
            say(f"  {told}")
    leave(artifact)


def _next(out: Path, auditors: list[str] | None) -> str:
    return f"resolute {'repair' if auditors else 'audit'} {out}" + (" --model MODEL" if auditors else "")


def _usual(judges: list[str] | None, auditors: list[str] | None) -> dict[str, object]:
    """What naming a guard or an auditor means where nothing else is said: it has to find nothing wrong."""
    from resolute.core.records import PATTERNS
    from resolute.models.instruments.named import named

    events = {named(spec, "judges", "asked").instrument.event for spec in judges or []}
    patterns = list(PATTERNS) if auditors else []
    return {"safe": "unsafe" in events, "refused": "refused" in events, "patterns": patterns}
