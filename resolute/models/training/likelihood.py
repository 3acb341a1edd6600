"""How likely a student finds traces: the mean log-probability of a row's loss tokens under the untouched model.

Rows are rendered as training would render them, sorted by length and read in batches; nothing is sampled. The unit is
nats a token, so it is never above 0. It says how far a trace lies from what the student writes itself (arXiv
2602.02136), not whether it is good: what every model says often is likely too, and bf16 on a GPU rounds to about 0.01.
Torch is imported when this module is loaded.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging as transformers_logging

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Progress
from resolute.core.records import Example
from resolute.models.render import IGNORED, Rendered, Renderer
from resolute.models.training import loading

LOGITS = 2**28
"""Bytes of fp32 logits that stand at a time on a CPU; a GPU is given eight times as many."""
MOST_ROWS = 64
"""Rows of a forward pass."""
DIGITS = 6
"""Digits kept behind the point: how rows are batched must not order what is equal."""


@dataclass(frozen=True)
class Likely:
    """One row: tokens under loss, and their mean log-probability in nats."""

    tokens: int
    mean: float


@dataclass(frozen=True)
class Likelihoods:
    """What the student said of each row, by the row's id, and why it could not of others."""

    rows: dict[str, Likely]
    unread: dict[str, str]


def likelihoods(
    examples: Sequence[Example], folder: Path, progress: Progress, *, thinking: bool = True, logits: int | None = None
) -> Likelihoods:
    """The likelihood of every example under the checkpoint in `folder`.

    A row that the student's template cannot carry, or that is longer than its context, is in `unread`. `logits` is the
    room for logits in bytes. Raises `ResoluteError` where the checkpoint cannot be loaded.
    """
    renderer = Renderer.load(folder)
    rendered: dict[str, Rendered] = {}
    unread: dict[str, str] = {}
    for example in examples:
        try:
            rendered[example.id] = renderer.example(
                example.messages, example.reasoning, example.answer, thinking=thinking
            )
        except ResoluteError as error:
            unread[example.id] = error.what
    model = _load(folder)
    try:
        reach = getattr(model.config.get_text_config(), "max_position_embeddings", None) or 1 << 30
        long = [name for name, row in rendered.items() if len(row.ids) > reach]
        unread |= dict.fromkeys(long, f"longer than the student's context of {reach} tokens")
        fitting = {name: row for name, row in rendered.items() if name not in unread}
        return Likelihoods(_read(model, renderer, fitting, progress, logits=logits), unread)
    finally:
        del model
        gc.collect()


def _load(folder: Path) -> Any:
    transformers_logging.disable_progress_bar()
    cuda = torch.cuda.is_available()
    try:
        model = loading.weights(folder, torch.bfloat16 if cuda else torch.float32)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        what = f"cannot load the student: {type(error).__name__}: {str(error)[:300]}"
        mend = "name a folder in Hugging Face format that this version of transformers knows"
        raise ResoluteError(what, where=str(folder), mend=mend) from error
    return model.to("cuda" if cuda else "cpu").eval()


def _read(
    model: Any, renderer: Renderer, rows: dict[str, Rendered], progress: Progress, *, logits: int | None
) -> dict[str, Likely]:
    found: dict[str, Likely] = {}
    vocabulary = int(model.get_output_embeddings().weight.shape[0])
    room = logits or LOGITS * (8 if model.device.type == "cuda" else 1)
    at_a_time = max(room // (4 * vocabulary), 1)
    progress("asking the student", 0, len(rows))
    with torch.inference_mode():
        for names in _batches(rows, at_a_time):
            some = [rows[name] for name in names]
            sums = (
                [_in_pieces(model, some[0], at_a_time)]
                if len(some[0].ids) > at_a_time
                else _together(model, some, renderer.pad_id)
            )
            for name, row, total in zip(names, some, sums, strict=True):
                tokens = sum(label != IGNORED for label in row.labels)
                found[name] = Likely(tokens, round(total / tokens, DIGITS))
            progress("asking the student", len(found), len(rows))
    return found


def _batches(rows: dict[str, Rendered], at_a_time: int) -> Iterator[list[str]]:
    """Names of rows, the shortest first, so many that their padded tokens fit; a longer row stands alone."""
    batch: list[str] = []
    for name in sorted(rows, key=lambda name: (len(rows[name].ids), name)):
        if batch and (len(batch) == MOST_ROWS or (len(batch) + 1) * len(rows[name].ids) > at_a_time):
            yield batch
            batch = []
        batch.append(name)
    if batch:
        yield batch


def _together(model: Any, rows: Sequence[Rendered], pad: int) -> list[float]:
    """Sums of log-probabilities of rows padded on the right, where no token sees the padding."""
    width = max(len(row.ids) for row in rows)
    ids = torch.tensor([row.ids + [pad] * (width - len(row.ids)) for row in rows])
    mask = torch.tensor([[1] * len(row.ids) + [0] * (width - len(row.ids)) for row in rows])
    # The logits of a token are of the next one: labels move, so that logits are never copied.
    labels = torch.tensor([row.labels[1:] + [IGNORED] * (width - len(row.labels) + 1) for row in rows])
    ids, mask, labels = (each.to(model.device) for each in (ids, mask, labels))
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
    return _sums(logits, labels).tolist()


def _in_pieces(model: Any, row: Rendered, size: int) -> float:
    """The same of one long row, read piece by piece on top of the keys and values of what came before."""
    ids, labels = (torch.tensor([each], device=model.device) for each in (row.ids, row.labels))
    past, total = None, 0.0
    for start in range(0, len(row.ids) - 1, size):
        stop = min(start + size, len(row.ids) - 1)
        output = model(input_ids=ids[:, start:stop], past_key_values=past, use_cache=True)
        past = output.past_key_values
        total += float(_sums(output.logits, labels[:, start + 1 : stop + 1])[0])
    return total


def _sums(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """(rows, tokens, vocabulary) and (rows, tokens) -> (rows,) sums over the labelled tokens, in double precision."""
    lost = torch.nn.functional.cross_entropy(
        logits.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED, reduction="none"
    )
    return -lost.view_as(labels).double().sum(dim=1)
