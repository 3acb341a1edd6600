"""`resolute judge`: judge answers that exist already, and find out how far the judges can be believed."""

from __future__ import annotations

from typing import Annotated

import typer

from resolute.cli.console import page
from resolute.cli.inputs import home, traces
from resolute.cli.judge_people import agree, calibrate
from resolute.cli.judge_sheet import sheet
from resolute.cli.making import Line, leave, make
from resolute.cli.options import Budget, Inputs, Judges, Out, Plan, RecipeFile, Sets

app = typer.Typer(no_args_is_help=True, help="Judge answers that exist already, and check the judges.")


@app.callback()
def judge() -> None:
    """Judge answers that exist already, and check the judges."""


@app.command()
def run(
    inputs: Inputs,
    judge: Judges = None,
    style: Annotated[
        list[str] | None,
        typer.Option("--style", help="A rewrite after which answers are judged again; may be given often."),
    ] = None,
    budget: Budget = None,
    out: Out = None,
    recipe: RecipeFile = None,
    sets: Sets = None,
    plan: Plan = False,
) -> None:
    """Judge answers, yours or released ones; nothing is sampled again.

    Without --judge, by the instruments each answer's task names. One that asks a model is given it: NAME@MODEL.

    resolute judge run answers.jsonl --judge refusal --judge llama-guard-3@path/to/Llama-Guard-3-1B
    """
    line = Line(home(inputs[0], out), recipe, sets or [], plan)
    options = {"judges": judge, "styles": style, "budget": budget}
    artifact = make("judge", line, traces(inputs), options, then=f"resolute judge agree {line.out}")
    if artifact is not None:
        page(artifact.output("judged.md"))
    leave(artifact)


for check in (agree, sheet, calibrate):
    app.command()(check)
