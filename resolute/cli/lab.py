"""`resolute lab`: the embedded model organism."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from resolute.cli.console import progress, say

app = typer.Typer(no_args_is_help=True, help="The lab: a tiny model that the whole loop runs on.")


@app.callback()
def lab() -> None:
    """The lab: a tiny model that the whole loop runs on."""


@app.command()
def build(
    out: Annotated[Path, typer.Option("--out", help="Folder of the new checkpoint.")],
    seed: Annotated[int, typer.Option("--seed", help="Of the initial weights and the order of the corpus.")] = 0,
) -> None:
    """Pretrain the lab's base model again: about ten minutes on one core."""
    from resolute.lab.build import Build
    from resolute.lab.build import build as pretrain

    with progress() as shown:
        stats = pretrain(
            out, settings=Build(seed=seed), progress=lambda step, steps, _: shown("pretraining", step, steps)
        )
    for name, value in stats.items():
        say(f"  {name}: {value}")
    say(f"checkpoint: {out}")
