"""Ways to train on the same rows, each in a process of its own: `python -m bench.train_ways WAY ROWS MODEL OUT N`.

`study`: the released study's (right padding in row order, batch 2 x accumulation, logits of every token), by the own
trainer of transformers. `sorted`: the same with rows sorted by length within a step. `ours`:
`resolute.models.training.tune`; `alone`: the same with one row a pass. Rows, steps, optimizer and learning rate are
equal, so the losses are.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

PASS = {"study": 2, "sorted": 2, "ours": 2, "alone": 1}
"""Way -> rows of a forward pass."""
LEARNING_RATE = 1e-4


def main() -> int:
    way, rows, model, out = sys.argv[1:5]
    step = int(sys.argv[5])
    Path(out).write_text(json.dumps(measured(way, Path(rows), Path(model), step)), encoding="utf-8")
    return 0


def measured(way: str, rows: Path, folder: Path, step: int) -> dict[str, Any]:
    """Seconds (wall, processor) of all steps, each step's loss, and the peak of resident memory in MiB."""
    import torch

    from resolute.models.render import Renderer
    from resolute.models.training.scope import read_rows

    torch.set_num_threads(1)
    torch.manual_seed(0)
    renderer, read = Renderer.load(folder), read_rows(rows)
    with tempfile.TemporaryDirectory() as scratch:
        if way in ("ours", "alone"):
            trainer = ours(folder, renderer, read, Path(scratch), step, together=PASS[way])
        else:
            trainer = study(folder, renderer, read, Path(scratch), step, by_length=way == "sorted")
        clock = timed(trainer)
        trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return {**clock, "losses": losses, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def timed(trainer: Any) -> dict[str, float]:
    """A dictionary that gets the seconds from the first step's beginning to the last one's end."""
    from transformers import TrainerCallback

    clock: dict[str, float] = {}

    class Marks(TrainerCallback):
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            clock.update(wall=-time.monotonic(), processor=-time.process_time())

        def on_train_end(self, *_: Any, **__: Any) -> None:
            clock["wall"] += time.monotonic()
            clock["processor"] += time.process_time()

    trainer.add_callback(Marks())
    return clock


def load(folder: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)


def ours(folder: Path, renderer: Any, rows: Sequence[Any], scratch: Path, step: int, *, together: int) -> Any:
    from resolute.core.settings import Train
    from resolute.models.training.tune import trainer_for

    settings = Train(
        model=str(folder), learning_rate=LEARNING_RATE, batch_size=step, device_batch_size=together,
        max_length=4096, schedule="constant", warmup=0.0,
    )  # fmt: skip
    return trainer_for(settings, load(folder), renderer, rows, scratch, half=False)


def study(folder: Path, renderer: Any, rows: Sequence[Any], scratch: Path, step: int, *, by_length: bool) -> Any:
    """Transformers' trainer with its own loss; the rows of each step are those of `ours`."""
    from transformers import PrinterCallback, Trainer, TrainingArguments

    class InOrder(Trainer):
        def _get_train_sampler(self, *_: Any, **__: Any) -> Any:
            return list(steps([len(row.ids) for row in rows], step, by_length=by_length))

    trainer = InOrder(
        model=load(folder),
        args=TrainingArguments(
            output_dir=str(scratch), per_device_train_batch_size=PASS["study"],
            gradient_accumulation_steps=step // PASS["study"], num_train_epochs=1, learning_rate=LEARNING_RATE,
            lr_scheduler_type="constant", use_cpu=True, bf16=False, report_to=[], disable_tqdm=True,
            save_strategy="no", logging_steps=1, dataloader_pin_memory=False, max_grad_norm=1.0, weight_decay=0.0,
        ),
        train_dataset=[{"input_ids": row.ids, "labels": row.labels} for row in rows],
        data_collator=lambda batch: padded(batch, renderer.pad_id),
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    return trainer


def padded(batch: Sequence[dict[str, list[int]]], pad: int) -> dict[str, Any]:
    """A batch padded on the right."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    from resolute.models.render import IGNORED

    ids = [torch.tensor(row["input_ids"]) for row in batch]
    labels = [torch.tensor(row["labels"]) for row in batch]
    return {
        "input_ids": pad_sequence(ids, batch_first=True, padding_value=pad),
        "labels": pad_sequence(labels, batch_first=True, padding_value=IGNORED),
        "attention_mask": pad_sequence([torch.ones_like(row) for row in ids], batch_first=True),
    }


def steps(lengths: Sequence[int], step: int, *, by_length: bool) -> list[int]:
    """Our order of rows; without `by_length` the rows of each step stand as they do in the file."""
    from resolute.models.training.order import StepOrder

    order = list(StepOrder(lengths, step=step, seed=0))
    if by_length:
        return order
    return [row for start in range(0, len(order), step) for row in sorted(order[start : start + step])]


if __name__ == "__main__":
    sys.exit(main())
