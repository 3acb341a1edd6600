"""`resolute train`: supervised fine-tuning with a mask that provably covers the thought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from resolute.cli import train_options as given
from resolute.cli.inputs import examples, home, is_run, recipe_and_data
from resolute.cli.making import Line, job, leave, make
from resolute.cli.options import Model, Out, Plan, RecipeFile, Sets
from resolute.cli.peers import audit_other, export
from resolute.cli.planned import show_training
from resolute.cli.pushed import ready, send
from resolute.cli.shown import show_rows
from resolute.core.errors import ResoluteError

if TYPE_CHECKING:
    from resolute.core.settings import Train


def train(
    data: given.Data = None,
    model: Model = None,
    learning_rate: given.LearningRate = None,
    max_length: given.MaxLength = None,
    epochs: given.Epochs = None,
    steps: given.Steps = None,
    batch_size: given.BatchSize = None,
    method: given.Method = None,
    launch: given.Launch = None,
    processes: given.Processes = None,
    seed: given.Seed = None,
    show: given.Show = 0,
    gpu: given.Gpu = None,
    push: given.Push = None,
    public: given.Public = False,
    audit: given.Audit = None,
    config: given.With = None,
    python: given.Python = None,
    export_data: given.ExportData = None,
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
    if audit is not None:
        audit_other(audit, model, config, python=python, out=out)
        return
    if data is None:
        raise ResoluteError("which rows?", where="DATA", mend="name a curated run, a file, a recipe, or use --audit")
    line, inputs = _start(data, Line(out or Path(), recipe, sets or [], plan), options, out)
    if show:
        show_rows(job("train", line, inputs, options), show)
        return
    if export_data is not None:
        export(job("train", line, inputs, options), export_data, out)
        return
    if plan:
        make("train", line, inputs, options)
        show_training(job("train", line, inputs, options), data, line.recipe, line.out, gpu=gpu)
        return
    if push:
        ready(push)
    suite = "--suite SUITE --max-tokens 4096"
    made = make("train", line, inputs, options, then=f"resolute evaluate {line.out} {suite}")
    if made is not None and push:
        send(made, line.out, inputs["examples"], push, public=public)
    leave(made)


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
