"""Options that mean the same on every verb."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Inputs = Annotated[
    list[Path],
    typer.Argument(
        metavar="INPUT...", help="Run folders, Parquet artifacts, or files of other people.", show_default=False
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Run folder; default: the input's own, else runs/ and the first input's name."),
]
RecipeFile = Annotated[Path | None, typer.Option("--recipe", help="YAML recipe whose section of this verb is used.")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Any setting, its value as YAML; may be given often."),
]
Plan = Annotated[bool, typer.Option("--plan", help="Show key, settings with their origins and inputs; do nothing.")]
Model = Annotated[
    str | None,
    typer.Option("--model", help="Folder, hub name at a revision (name@commit), plug-in or Inspect model name."),
]
Judges = Annotated[
    list[str] | None, typer.Option("--judge", help="An instrument, NAME or NAME@MODEL; may be given often.")
]
MaxTokens = Annotated[
    int | None, typer.Option("--max-tokens", help="Most new tokens, thought included. A short limit cuts thoughts.")
]
Temperature = Annotated[
    float | None, typer.Option("--temperature", help="0 is greedy decoding, which makes R1-type models loop.")
]
Samples = Annotated[int | None, typer.Option("--samples", help="Outputs asked for per prompt.")]
Budget = Annotated[
    float | None,
    typer.Option(help="US dollars all calls may cost by list price: asking stops before; unknown prices are refused."),
]
