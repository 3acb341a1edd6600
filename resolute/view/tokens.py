"""One training row token by token: what is inside the loss and what outside, and whether the gate would let it pass.

Read by the very functions that train (`models.training.mask_audit`), with the tokenizer and template of the training
itself. No weights are loaded and nothing here needs torch.
"""

from __future__ import annotations

import re
import sys
import threading
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from resolute.core.errors import ResoluteError
from resolute.core.records import Example
from resolute.core.settings import Train
from resolute.models.identity import resolve
from resolute.models.render import Kind, Renderer
from resolute.models.training.mask_audit import audit, show
from resolute.models.training.scope import Loss
from resolute.view.material import Material

NAMES: dict[Kind, str] = {
    "prompt": "prompt",
    "thought": "thought",
    "close": "closing mark",
    "answer": "answer",
    "end": "end of turn",
}
"""Part of a row -> as people read it, in the row's order."""
_WHITE = re.compile(r"(\s+)")
_SHOWN_WHITE = str.maketrans({" ": "·", "\t": "⇥\t", "\n": "↵\n", "\r": "␍"})
_ONE_AT_A_TIME = threading.Lock()
"""A tokenizer does not like to be asked by two threads at once."""


@dataclass(frozen=True)
class Training:
    """How rows become tokens: a training that was done, or one that is thought of."""

    name: str
    """The entry of the run, or the model."""
    key: str
    """Of the artifact; empty for a training that is thought of."""
    tokenizer: str
    """Folder or hub name."""
    thinking: bool = True
    loss: Loss = "completion"
    primer_tokens: int = 8
    max_length: int | None = None
    """Longest row in tokens, where a limit is known."""


@dataclass(frozen=True)
class Token:
    """One token as it is shown; `pieces` are (is white space, text), white space made visible."""

    pieces: tuple[tuple[bool, str], ...]
    in_loss: bool
    kind: Kind
    special: bool
    """A token of the chat template: a mark, not a word."""


@dataclass(frozen=True)
class Part:
    """A part of a row and its tokens."""

    name: str
    tokens: int
    in_loss: int


@dataclass(frozen=True)
class Read:
    """A row as it would be trained on; without tokens where it cannot be rendered."""

    tokens: tuple[Token, ...]
    parts: tuple[Part, ...]
    faults: tuple[str, ...]
    """Why the gate refuses the row; empty where it lets it pass."""
    length: int
    """Tokens up to the last that is learned: what a limit is held against."""


def trainings(material: Material, digest: str) -> list[Training]:
    """The trainings of the run that were made with these examples (their SHA-256), in the order of the run."""
    found: list[Training] = []
    for source in material.sources:
        manifest = source.manifest
        if source.stage != "train" or manifest is None or manifest.inputs.get("examples") != digest:
            continue
        settings = Train.model_validate(manifest.settings)
        own = source.folder / "checkpoint"
        place = str(own) if own.is_dir() else _folder(settings.model)
        name = ", ".join(source.entries)
        found.append(
            Training(
                name,
                source.key,
                place,
                settings.thinking,
                settings.loss,
                settings.primer_tokens,
                settings.max_length,
            )
        )
    return found


def thought_of(model: str) -> Training:
    """A training of `model` with nothing else decided."""
    return Training(model, "", _folder(model))


def without_torch() -> None:
    """Have tokenizers loaded without torch, which takes most of the time and is of no use where nothing is computed.

    For a process that does nothing but look: whoever imports torch in it after this is told that there is none.
    """
    sys.modules.setdefault("torch", None)  # type: ignore[arg-type]


def read(example: Example, training: Training) -> Read:
    """The row under a training; raises `ResoluteError` where its tokenizer cannot be loaded."""
    with _ONE_AT_A_TIME:
        return _read(example.model_dump_json(), training)


@lru_cache(maxsize=8)
def _read(row: str, training: Training) -> Read:
    example = Example.model_validate_json(row)
    renderer = _renderer(training.tokenizer)
    thinking, loss, primer = training.thinking, training.loss, training.primer_tokens
    limit = sys.maxsize if training.max_length is None else training.max_length
    report = audit([example], renderer, max_length=limit, thinking=thinking, loss=loss, primer_tokens=primer).report
    faults = list(report.faults)
    if report.overlong:
        faults.append(f"longer than {limit} tokens (it has {report.longest})")
    try:
        (shown,) = show([example], renderer, 1, thinking=thinking, loss=loss, primer_tokens=primer)
    except ResoluteError as error:
        return Read((), (), tuple(faults) or (error.what,), 0)
    marks = {str(token) for token in renderer.tokenizer.added_tokens_decoder.values()}
    tokens = tuple(
        Token(_pieces(token.text), token.in_loss, token.kind, token.text.strip() in marks) for token in shown.tokens
    )
    every, learned = Counter(one.kind for one in tokens), Counter(one.kind for one in tokens if one.in_loss)
    parts = tuple(Part(name, every[kind], learned[kind]) for kind, name in NAMES.items())
    return Read(tokens, parts, tuple(faults), report.longest)


@lru_cache(maxsize=2)
def _renderer(tokenizer: str) -> Renderer:
    return Renderer.load(tokenizer)


def _pieces(text: str) -> tuple[tuple[bool, str], ...]:
    cut = [piece for piece in _WHITE.split(text) if piece]
    return tuple((piece.isspace(), piece.translate(_SHOWN_WHITE) if piece.isspace() else piece) for piece in cut)


def _folder(model: str) -> str:
    found = resolve(model).path if not Path(model).is_dir() else Path(model)
    return str(found or model)
