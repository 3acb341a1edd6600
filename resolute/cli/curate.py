"""`resolute curate`: choose, clean and mix traces into a training set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from resolute.cli.console import say
from resolute.cli.inputs import home, material
from resolute.cli.making import Line, leave, make
from resolute.cli.options import Inputs, Out, Plan, RecipeFile, Sets


def curate(
    inputs: Inputs,
    safety: Annotated[int | None, typer.Option("--safety", help="Rows with harmful goals.")] = None,
    benign: Annotated[int | None, typer.Option("--benign", help="Rows with benign goals.")] = None,
    maths: Annotated[int | None, typer.Option("--maths", help="Rows with maths problems.")] = None,
    reserve: Annotated[
        list[str] | None,
        typer.Option("--reserve", help="Prompts kept for evaluation: what overlaps them is removed and counted."),
    ] = None,
    export: Annotated[Path | None, typer.Option("--export", help="Write the rows as JSONL here too.")] = None,
    out: Out = None,
    recipe: RecipeFile = None,
    sets: Sets = None,
    plan: Plan = False,
) -> None:
    """Choose, clean and mix traces into a training set.

    Every row left out is counted with its reason.

    resolute curate runs/mine --safety 1000 --benign 100 --reserve advbench --export train.jsonl
    """
    line = Line(home(inputs[0], out), recipe, sets or [], plan)
    options = {"safety": safety, "benign": benign, "maths": maths, "reserve": reserve}
    then = f"resolute train {line.out} --model M --learning-rate 5e-6 --max-length 8192"
    artifact = make("curate", line, material(inputs), options, then=then)
    if artifact is not None and export is not None:
        from resolute.core.files import atomic

        with atomic(export) as stream:
            stream.write(artifact.output("train.jsonl").read_bytes())
        say(f"exported: {export}")
    leave(artifact)
