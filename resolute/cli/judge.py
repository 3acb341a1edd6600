"""`resolute judge`: judge answers that exist already, with any instrument, any time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from resolute.cli.inputs import home, traces
from resolute.cli.making import Line, leave, make
from resolute.cli.options import Judges, Out, Plan, RecipeFile, Sets


def judge(
    data: Annotated[Path, typer.Argument(metavar="INPUT", help="A run, an artifact, or a file of other people.")],
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
    line = Line(home(data, out), recipe, sets or [], plan)
    leave(make("judge", line, traces([data]), {"judges": judge}))
