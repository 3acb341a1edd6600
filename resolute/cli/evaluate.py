"""`resolute evaluate`: ask a model the prompts of suites, attacked where the suite says so."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from resolute.cli.inputs import from_run, home
from resolute.cli.making import Line, leave, make
from resolute.cli.options import Judges, MaxTokens, Model, Out, Plan, RecipeFile, Samples, Sets, Temperature

TRAINED = "trained"
"""The model name of an evaluation whose model is the checkpoint of a run."""


def evaluate(
    run: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="A run with a trained model, in the place of --model.")
    ] = None,
    model: Model = None,
    suite: Annotated[
        list[str] | None, typer.Option("--suite", help="A suite, with :count for so many goals; may be given often.")
    ] = None,
    judge: Judges = None,
    samples: Samples = None,
    max_tokens: MaxTokens = None,
    temperature: Temperature = None,
    system: Annotated[str | None, typer.Option("--system", help="System prompt: a text's name or a file.")] = None,
    out: Out = None,
    recipe: RecipeFile = None,
    sets: Sets = None,
    plan: Plan = False,
) -> None:
    """Ask a model the prompts of suites, attacked or not.

    With --judge its answers are judged at once; `resolute judge run` does it at any time.

    resolute evaluate --model path/to/checkpoint --suite advbench --max-tokens 16384 --temperature 0.6 --judge refusal
    """
    if run is not None and model is not None:
        raise typer.BadParameter("give a run with a trained model or --model, not both")
    inputs = {"model": from_run(run, ["train"]).folder / "checkpoint"} if run else {}
    options = {
        "model": TRAINED if run else model,
        "suites": suite,
        "samples": samples,
        "sampling.max_tokens": max_tokens,
        "sampling.temperature": temperature,
        "system": system,
    }
    named = model or (recipe.stem if recipe else "evaluate")
    line = Line(home(run or named, out), recipe, sets or [], plan)
    then = "" if judge or plan else f"resolute judge run {line.out}"
    answered = make("evaluate", line, inputs, options, then=then)
    if answered is None or not judge:
        leave(answered)
        return
    answers = {"traces": answered.output("traces.parquet")}
    leave(answered, make("judge", line, answers, {"judges": judge}))
