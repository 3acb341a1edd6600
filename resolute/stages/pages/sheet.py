"""A table as plain texts: one meaning, written as HTML, Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sheet:
    """A table of a report. `name` is its file's and its place's; the first column heads each row."""

    name: str
    title: str
    about: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __post_init__(self) -> None:
        if wrong := [row for row in self.rows if len(row) != len(self.header)]:
            raise ValueError(f"{self.name}: {len(wrong)} rows are not as wide as the header")
