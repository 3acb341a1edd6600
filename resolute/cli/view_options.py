"""Options of `resolute view` alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Reader = Annotated[
    str | None,
    typer.Option("--reader", metavar="NAME", help="Label a sheet (FILE of `judge sheet`) in a copy of one's own."),
]
Event = Annotated[
    str | None, typer.Option("--event", help="What a sheet asks, where neither its key nor its name says it.")
]
Model = Annotated[
    str | None,
    typer.Option("--model", help="Show rows token by token as this model would be trained on them."),
]
Index = Annotated[
    Path | None,
    typer.Option("--index", metavar="FOLDER", help="Where the index lies, if not beside the artifacts."),
]
Export = Annotated[
    Path | None, typer.Option("--export", metavar="PAGE.html", help="Write list and traces as one file, and stop.")
]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="FILTER=LABEL", help="For --export: as in an address, model=base; often."),
]
IncludeHarmful = Annotated[
    bool, typer.Option("--include-harmful-text", help="For --export: harmful text too; the page then says so.")
]
