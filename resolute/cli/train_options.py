"""Options of `resolute train` alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Data = Annotated[
    Path | None,
    typer.Argument(metavar="DATA", help="A curated run, its examples.parquet, or a recipe with `train.data`."),
]
LearningRate = Annotated[
    float | None, typer.Option("--learning-rate", help="5e-6 is the study's, for full fine-tuning of 7B to 32B.")
]
MaxLength = Annotated[
    int | None, typer.Option("--max-length", help="Longest row in tokens; longer rows stop the run, never cut.")
]
Epochs = Annotated[float | None, typer.Option("--epochs")]
Steps = Annotated[int | None, typer.Option("--steps", help="Stop after so many steps.")]
BatchSize = Annotated[int | None, typer.Option("--batch-size", help="Examples an optimizer step.")]
Method = Annotated[Literal["full", "lora", "qlora"] | None, typer.Option("--method", help="Every weight, or adapters.")]
Launch = Annotated[
    str | None, typer.Option("--launch", help="single, ddp, fsdp, or a file of accelerate's own settings.")
]
Processes = Annotated[int | None, typer.Option("--processes", help="Processes of ddp and fsdp; default: one a GPU.")]
Seed = Annotated[int | None, typer.Option("--seed")]
Show = Annotated[int, typer.Option("--show", help="Print N rows, inside and outside the loss, and stop.")]
Gpu = Annotated[
    str | None, typer.Option("--gpu", metavar="NAME:COUNT", help="For --plan: GPUs that are not in this machine.")
]
Push = Annotated[
    str | None,
    typer.Option("--push", metavar="ORG/NAME", help="Send checkpoint, card and data card to the hub; private."),
]
Public = Annotated[bool, typer.Option("--public", help="With --push: a repository that everybody can read.")]
Audit = Annotated[
    Path | None, typer.Option("--audit", help="Rows of another trainer: say whether it would learn their reasoning.")
]
With = Annotated[
    Path | None, typer.Option("--with", help="Its YAML, as it is: TRL, LLaMA-Factory or Axolotl. None: TRL's defaults.")
]
Python = Annotated[
    str | None, typer.Option("--python", help="The Python of the environment that has LLaMA-Factory or Axolotl.")
]
ExportData = Annotated[
    Literal["tokenized", "axolotl", "llamafactory"] | None,
    typer.Option("--export-data", help="Write the rows for another trainer into --out, and stop."),
]
