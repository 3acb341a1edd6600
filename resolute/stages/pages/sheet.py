"""A table as plain texts: one meaning, written as HTML, Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sheet:
    """A table of a report. `name` is its file's and its place's; the first column heads each row.

    A cell may have several lines. `groups`: places of the columns that print side by side; none named: all.
    """

    name: str
    title: str
    about: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    groups: Sequence[Sequence[int]] = ()

    def __post_init__(self) -> None:
        if wrong := [row for row in self.rows if len(row) != len(self.header)]:
            raise ValueError(f"{self.name}: {len(wrong)} rows are not as wide as the header")
