"""`resolute distill`: ask a teacher for traces."""

from __future__ import annotations

from typing import Annotated

import typer

from resolute.cli.inputs import home
from resolute.cli.making import Line, leave, make
from resolute.cli.options import MaxTokens, Model, Out, Plan, RecipeFile, Samples, Sets, Temperature


def distill(
    prompts: Annotated[
        list[str] | None,
        typer.Argument(metavar="PROMPTS...", help="Prompt sources: a name or a file, each with :count for so many."),
    ] = None,
    model: Model = None,
    strategy: Annotated[str | None, typer.Option("--strategy", help="How a safe trace is asked for.")] = None,
    samples: Samples = None,
    max_tokens: MaxTokens = None,
    temperature: Temperature = None,
    out: Out = None,
    recipe: RecipeFile = None,
    sets: Sets = None,
    plan: Plan = False,
) -> None:
    """Ask a teacher for traces of safe reasoning.

    One trace per prompt and sample; a request that fails is a row that says so.

    resolute distill harmbench-standard:200 --model MODEL --strategy improved --max-tokens 8192 --temperature 0.6
    """
    options = {
        "prompts": prompts or None,
        "model": model,
        "strategy": strategy,
        "samples": samples,
        "sampling.max_tokens": max_tokens,
        "sampling.temperature": temperature,
    }
    named = strategy or (recipe.stem if recipe else "distill")
    line = Line(home(named, out), recipe, sets or [], plan)
    leave(make("distill", line, {}, options, then=f"resolute audit {line.out}"))
