"""Rows of a training file as they stand, each with the thought and the answer that training on it should teach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from resolute.core.errors import ResoluteError
from resolute.core.foreign.reading import read_traces
from resolute.core.foreign.rows import Row, read_rows
from resolute.core.records import Message


class PeerRow(NamedTuple):
    """What a trainer would hand its model for one row: `labels` are -100 where nothing is learned."""

    ids: list[int]
    labels: list[int]


@dataclass(frozen=True)
class Source:
    """One row of the file."""

    number: int
    """Its place in the file; the first is 1."""
    row: Row
    """As it stands."""
    messages: Sequence[Message]
    """What is asked."""
    reasoning: str
    answer: str


def read_source(path: Path) -> list[Source]:
    """The rows of a file with messages, or with prompt and completion. Raises `ResoluteError` for any it cannot read.

    A trainer would train on every row, so one that holds no output stops the audit instead of being left out.
    """
    rows = read_rows(path).rows
    read = read_traces(path)
    if read.unread:
        number, why = read.unread[0]
        what = f"{len(read.unread)} of {len(rows)} rows cannot be read; row {number}: {why}"
        raise ResoluteError(what, where=str(path), mend="repair or remove them")
    return [
        Source(number, row, tuple(trace.sent), trace.reasoning, trace.answer)
        for number, (row, trace) in enumerate(zip(rows, read.traces, strict=True), 1)
    ]
