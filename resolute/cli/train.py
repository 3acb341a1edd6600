"""`resolute train`: supervised fine-tuning with a mask that provably covers the thought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from resolute.cli.inputs import examples, home, is_run, recipe_and_data
from resolute.cli.making import Line, job, leave, make
from resolute.cli.options import Model, Out, Plan, RecipeFile, Sets
from resolute.cli.planned import show_training
from resolute.cli.shown import show_rows
from resolute.core.errors import ResoluteError

if TYPE_CHECKING:
    from resolute.core.settings import Train


def train(
    data: Annotated[
        Path,
        typer.Argument(metavar="DATA", help="A curated run, its examples.parquet, or a recipe with `train.data`."),
    ],
    model: Model = None,
    learning_rate: Annotated[
        float | None, typer.Option("--learning-rate", help="5e-6 is the study's, for full fine-tuning of 7B to 32B.")
    ] = None,
    max_length: Annotated[
        int | None, typer.Option("--max-length", help="Longest row in tokens; longer rows stop the run, never cut.")
    ] = None,
    epochs: Annotated[float | None, typer.Option("--epochs")] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Stop after so many steps.")] = None,
    batch_size: Annotated[int | None, typer.Option("--batch-size", help="Examples an optimizer step.")] = None,
    method: Annotated[
        Literal["full", "lora", "qlora"] | None, typer.Option("--method", help="Every weight, or adapters.")
    ] = None,
    launch: Annotated[
        str | None, typer.Option("--launch", help="single, ddp, fsdp, or a file of accelerate's own settings.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option("--processes", help="Processes of ddp and fsdp; default: one a GPU.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed")] = None,
    show: Annotated[int, typer.Option("--show", help="Print N rows, inside and outside the loss, and stop.")] = 0,
    gpu: Annotated[
        str | None, typer.Option("--gpu", metavar="NAME:COUNT", help="For --plan: GPUs that are not in this machine.")
    ] = None,
    out: Out = None,
    recipe: RecipeFile = None,
    sets: Sets = None,
    plan: Plan = False,
) -> None:
    """Fine-tune a model on curated traces, thought included.

    Stops before the first step unless the mask of every row passes its audit.

    resolute train runs/mine --model path/to/model --learning-rate 5e-6 --max-length 8192
    """
    options = {
        "model": model,
        "learning_rate": learning_rate,
        "max_length": max_length,
        "epochs": epochs,
        "max_steps": steps,
        "batch_size": batch_size,
        "method": method,
        "launch": launch,
        "processes": processes,
        "seed": seed,
    }
    line, inputs = _start(data, Line(out or Path(), recipe, sets or [], plan), options, out)
    if show:
        show_rows(job("train", line, inputs, options), show)
        return
    if plan:
        make("train", line, inputs, options)
        show_training(job("train", line, inputs, options), data, line.recipe, line.out, gpu=gpu)
        return
    suite = "--suite SUITE --max-tokens 4096"
    leave(make("train", line, inputs, options, then=f"resolute evaluate {line.out} {suite}"))


def _start(first: Path, line: Line, options: Mapping[str, Any], out: Path | None) -> tuple[Line, dict[str, Path]]:
    """The run folder and the rows: named on the command line, or by the recipe that is named there."""
    recipe, data = recipe_and_data(first, line.recipe)
    line = replace(line, recipe=recipe)
    if data is None:
        named = cast("Train", job("train", line, {}, options).settings).data
        if named is None:
            raise ResoluteError("the recipe names no data", where=str(first), mend="add `--set data=RUN`")
        data = Path(named)
    rows = examples(data)
    return replace(line, out=home(data if is_run(data) else first, out)), {"examples": rows}
