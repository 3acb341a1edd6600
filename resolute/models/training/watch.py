"""What is seen of a training while it runs: losses, pace, checkpoints that are whole, the loss of held-out rows.

Trainer callbacks; torch is imported when this module is loaded.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Progress
from resolute.models.render import IGNORED
from resolute.models.training.scope import Row

LOGGED = ("loss", "grad_norm", "learning_rate", "epoch")
PARTS: dict[str, str] = {"thought": "thought", "close": "thought", "answer": "answer", "end": "answer"}
"""Kind of a token -> the part whose held-out loss it counts to."""
WHOLE = "whole"
"""A file in a checkpoint that says all of it was written: a kill while saving leaves none."""


class Watch(TrainerCallback):
    """Keeps the loss of every step, says how far it is and how fast, and stops at the first loss that is no number.

    `tokens` is the mean number of tokens of an optimizer step, prompts included.
    """

    def __init__(self, progress: Progress, *, tokens: float) -> None:
        self.progress, self.tokens = progress, tokens
        self.losses: list[dict[str, Any]] = []
        self._began, self._first = 0.0, 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """A run that goes on from a checkpoint has the losses of its earlier steps in it."""
        self.losses = [_step(entry, int(entry["step"])) for entry in state.log_history if "loss" in entry]
        self._began, self._first = time.monotonic(), int(state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if "loss" not in (logs or {}):
            return
        entry = _step(logs, int(state.global_step))
        strange = [name for name in LOGGED if not math.isfinite(entry.get(name, 0.0))]
        if strange:
            what, where = f"{' and '.join(strange)} became NaN or infinite", f"step {state.global_step}"
            raise ResoluteError(what, where=where, mend="lower train.learning_rate, or look for damaged weights")
        self.losses.append(entry)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        done = int(state.global_step)
        pace = self.tokens * (done - self._first) / max(time.monotonic() - self._began, 1e-9)
        self.progress("training", done, int(state.max_steps), note=f"{pace:,.0f} tokens/s")


def _step(entry: Any, step: int) -> dict[str, Any]:
    return {"step": step, **{name: float(entry[name]) for name in LOGGED if name in entry}}


class Checkpoints(TrainerCallback):
    """Marks a checkpoint as whole once all of it stands."""

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            (Path(args.output_dir) / f"checkpoint-{state.global_step}" / WHOLE).touch()


def latest(folder: Path) -> Path | None:
    """The newest whole checkpoint of a trainer's folder; those a kill left half-written are removed."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.partition("-")[2]))
    for path in found:
        if not (path / WHOLE).is_file():
            shutil.rmtree(path)
    return next((path for path in reversed(found) if (path / WHOLE).is_file()), None)


class HeldOut(TrainerCallback):
    """The loss of rows that are not trained on, before the first step and after every epoch, thought and answer apart.

    `losses` gets one row each time: step, epoch, and the mean loss (nats a token) over the tokens of the thought with
    its closing mark, and over those of the answer with its end of turn; None where the rows have no such token.
    """

    def __init__(self, rows: Sequence[Row], device: torch.device) -> None:
        self.rows, self.device = rows, device
        self.losses: list[dict[str, Any]] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        if not state.global_step:
            self._measure(model, state)

    def on_epoch_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        self._measure(model, state)

    def _measure(self, model: Any, state: Any) -> None:
        sums = {"thought": 0.0, "answer": 0.0}
        counts = dict.fromkeys(sums, 0)
        training = model.training
        model.eval()
        with torch.no_grad():
            for row in self.rows:
                for part, losses in self._losses(model, row).items():
                    sums[part] += sum(losses)
                    counts[part] += len(losses)
        model.train(training)
        means = {part: sums[part] / counts[part] if counts[part] else None for part in sums}
        self.losses.append({"step": int(state.global_step), "epoch": float(state.epoch or 0.0), **means})

    def _losses(self, model: Any, row: Row) -> dict[str, list[float]]:
        ids = torch.tensor([row.ids], device=self.device)
        logits = model(input_ids=ids, use_cache=False).logits[0, :-1].float()
        each = torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none").tolist()
        found: dict[str, list[float]] = {"thought": [], "answer": []}
        for loss, kind, label in zip(each, row.kinds[1:], row.labels[1:], strict=True):
            if kind in PARTS and label != IGNORED:
                found[PARTS[kind]].append(loss)
        return found
