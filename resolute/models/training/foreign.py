"""The mask audit of rows that another trainer has prepared: read from their ids and labels alone.

What a row should teach is known from its source; how it is marked, ended and begun is the model's own renderer's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from resolute.core.errors import ResoluteError
from resolute.core.records import Message
from resolute.models.render import IGNORED, Renderer


class Wanted(Protocol):
    """What a row should teach: this thought and this answer to these messages."""

    @property
    def messages(self) -> Sequence[Message]: ...

    @property
    def reasoning(self) -> str: ...

    @property
    def answer(self) -> str: ...


class Prepared(Protocol):
    """A row as a trainer would hand it to the model."""

    @property
    def ids(self) -> Sequence[int]: ...

    @property
    def labels(self) -> Sequence[int]: ...


class ForeignAudit(BaseModel):
    """How many rows teach what. Numbers of rows unless said otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    left_out: int
    """Rows the trainer dropped."""
    with_thought: int
    thought: int
    """Rows that have a thought and teach all of it."""
    close: int
    """Rows that have a thought and teach its closing mark."""
    answer: int
    end: int
    """Rows that teach an end of turn after the answer."""
    prompt: int
    """Rows with loss on the last message."""
    as_sampled: int
    """Rows that begin with exactly what sampling would see."""
    deleted: int
    """Rows whose thought is nowhere in what the model sees."""
    cut: int
    """Rows that end before their answer does."""
    beginnings: dict[int, int]
    """Beginnings of sequence in a row -> rows."""
    tokens: int
    loss_tokens: int

    @property
    def reasoning_kept(self) -> bool:
        """Every row that has a thought teaches it, its closing mark, the answer and an end."""
        whole = self.thought == self.close == self.with_thought
        return whole and self.answer == self.end == self.rows and not self.left_out


def audit_foreign(prepared: Sequence[Prepared | None], wanted: Sequence[Wanted], renderer: Renderer) -> ForeignAudit:
    """Look at every row; None stands for one that was left out."""
    seen: Counter[str] = Counter()
    beginnings: Counter[int] = Counter()
    tokens = loss_tokens = with_thought = 0
    for row, source in zip(prepared, wanted, strict=True):
        thought = renderer.canonical(source.reasoning).strip()
        with_thought += bool(thought)
        if row is None:
            seen["left_out"] += 1
            continue
        labels = [label for label in row.labels if label != IGNORED]
        tokens += len(row.ids)
        loss_tokens += len(labels)
        if renderer.bos_id is not None:
            beginnings[list(row.ids).count(renderer.bos_id)] += 1
        answer = renderer.canonical(source.answer).strip()
        asked = renderer.canonical(source.messages[-1].content).strip()
        seen["as_sampled"] += _as_sampled(renderer, list(row.ids), source.messages)
        seen["prompt"] += _learns_prompt(renderer, list(row.ids), list(row.labels), asked)
        seen.update(_found(renderer, list(row.ids), labels, thought, answer))
    return ForeignAudit(
        rows=len(prepared),
        left_out=seen["left_out"],
        with_thought=with_thought,
        thought=seen["thought"],
        close=seen["close"],
        answer=seen["answer"],
        end=seen["end"],
        prompt=seen["prompt"],
        as_sampled=seen["as_sampled"],
        deleted=seen["deleted"],
        cut=seen["cut"],
        beginnings=dict(sorted(beginnings.items())),
        tokens=tokens,
        loss_tokens=loss_tokens,
    )


def _found(renderer: Renderer, ids: list[int], labels: list[int], thought: str, answer: str) -> dict[str, bool]:
    """What one row teaches; the texts are as the tokenizer keeps them."""
    whole, said = renderer.decode(ids), renderer.decode(labels)
    completion = said.rpartition(thought)[2] if thought and thought in said else said
    last = _last_stop(renderer, labels)
    after = renderer.decode(labels[:last]) if last is not None else ""
    return {
        "thought": bool(thought) and thought in said,
        "close": bool(thought) and renderer.dialect.close in completion,
        "answer": answer in completion,
        "end": last is not None and after.rstrip().endswith(answer),
        "deleted": bool(thought) and thought not in whole and not thought.startswith(_tail(whole, thought)),
        "cut": answer not in whole,
    }


def _learns_prompt(renderer: Renderer, ids: list[int], labels: list[int], asked: str) -> bool:
    """Whether a token up to the end of the last message carries loss."""
    if not asked or asked not in renderer.decode(ids):
        return False
    low, high = 0, len(ids)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if asked in renderer.decode(ids[:middle]) else (middle + 1, high)
    return any(label != IGNORED for label in labels[:low])


def _as_sampled(renderer: Renderer, ids: list[int], messages: Sequence[Message]) -> bool:
    try:
        prompt = renderer.prompt(messages).ids
    except ResoluteError:  # sampling would refuse it
        return False
    return ids[: len(prompt)] == prompt


def _tail(whole: str, thought: str) -> str:
    """The beginning of a thought that a cut row ends with; a mark that is in no text where there is none."""
    start = whole.rfind(thought[:40])
    return whole[start:].strip() if start >= 0 else "\0"


def _last_stop(renderer: Renderer, labels: Sequence[int]) -> int | None:
    """Where the last token that ends a generation stands among the learned ones."""
    return next((place for place in range(len(labels) - 1, -1, -1) if labels[place] in renderer.stop_ids), None)
