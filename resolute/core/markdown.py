"""Tables in Markdown from untrusted values: nothing in a cell can break the table or the terminal it is shown in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from resolute.core.text import terminal_safe


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """The lines of a table."""
    return [_line(header), "|" + "---|" * len(header), *map(_line, rows)]


def _line(cells: Iterable[Any]) -> str:
    shown = (terminal_safe(str(cell)).replace("\n", " ").replace("|", "\\|").replace("<", "&lt;") for cell in cells)
    return f"| {' | '.join(shown)} |"
