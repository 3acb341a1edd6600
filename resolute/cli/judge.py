"""`resolute judge`: judge answers that exist already, with any instrument, any time."""

from __future__ import annotations

from resolute.cli.inputs import home, traces
from resolute.cli.making import Line, leave, make
from resolute.cli.options import Inputs, Judges, Out, Plan, RecipeFile, Sets


def judge(
    inputs: Inputs,
    judge: Judges = None,
    out: Out = None,
    recipe: RecipeFile = None,
    sets: Sets = None,
    plan: Plan = False,
) -> None:
    """Judge answers that exist already.

    Answering is never paid for twice. Without --judge, by the instruments each answer's task names.

    resolute judge runs/mine --judge refusal
    """
    line = Line(home(inputs[0], out), recipe, sets or [], plan)
    leave(make("judge", line, traces(inputs), {"judges": judge}))
