"""`resolute audit`: look for the five risky patterns in traces, yours or other people's."""

from __future__ import annotations

from typing import Annotated

import typer

from resolute.cli.inputs import home, traces
from resolute.cli.making import Line, leave, make
from resolute.cli.options import Inputs, Out, Plan, RecipeFile, Sets


def audit(
    inputs: Inputs,
    auditor: Annotated[
        list[str] | None,
        typer.Option("--auditor", help="An instrument that looks for the patterns; may be given often."),
    ] = None,
    tokenizer: Annotated[
        str | None, typer.Option("--tokenizer", help="Folder or hub name lengths are counted with; default: words.")
    ] = None,
    out: Out = None,
    recipe: RecipeFile = None,
    sets: Sets = None,
    plan: Plan = False,
) -> None:
    """Look for risky patterns, endings and lengths in traces.

    Reads runs, artifacts, and JSONL, JSON, CSV or Parquet files of other people.

    resolute audit traces.jsonl --tokenizer path/to/tokenizer
    """
    line = Line(home(inputs[0], out), recipe, sets or [], plan)
    options = {"auditors": auditor, "tokenizer": tokenizer}
    leave(make("audit", line, traces(inputs), options, then=f"resolute curate {line.out} --safety N --benign N"))
