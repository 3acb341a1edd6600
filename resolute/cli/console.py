"""What people see while a job runs and after it: a bar on a terminal, plain lines elsewhere, counts and paths."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from resolute.core.text import terminal_safe

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.table import Table

    from resolute.core.jobs import Progress

WIDE = 160
"""Columns of a table that goes to no terminal."""
EVERY = 10.0
"""Seconds between two plain lines of one activity."""


def say(text: str = "", *, err: bool = False) -> None:
    """One line, with nothing in it that could steer the terminal."""
    typer.echo(terminal_safe(text), err=err)


def page(path: Path) -> None:
    """A Markdown file of ours: laid out on a terminal, as it is elsewhere."""
    text = terminal_safe(path.read_text(encoding="utf-8"))
    if not sys.stdout.isatty():
        typer.echo(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console(highlight=False).print(Markdown(text, hyperlinks=False))


def table(run: Path) -> None:
    """The main table of a report, from the run folder that holds it."""
    from resolute.stages.report import terminal_table

    draw(terminal_table(run))


def draw(made: Table) -> None:
    """A table of Rich: as wide as the terminal, or `WIDE` where there is none."""
    from rich.console import Console

    Console(highlight=False, width=None if sys.stdout.isatty() else WIDE).print(made)


@contextmanager
def progress() -> Generator[Progress]:
    """`progress(what, done, total)` for a stage: bars with percentage and time left on stderr."""
    if not sys.stderr.isatty():
        yield PlainLines()
        return
    with bars() as shown:
        yield _Drawn(shown)


def bars() -> Bars:
    """Rich's progress display with our columns, on stderr; texts are shown as they are, never as markup."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


class _Drawn:
    """Draws each activity as a bar of its own."""

    def __init__(self, shown: Bars) -> None:
        self._bars = shown
        self._tasks: dict[str, object] = {}

    def __call__(self, what: str, done: int, total: int, /, note: str = "") -> None:
        words = terminal_safe(f"{what}, {note}" if note else what, limit=60)
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(words, total=None)
        self._bars.update(self._tasks[what], description=words, completed=done, total=total or None)  # pyright: ignore[reportArgumentType]


class PlainLines:
    """Says an activity's beginning, its end, and how far it is every `EVERY` seconds."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}
        self._began: dict[str, float] = {}

    def __call__(self, what: str, done: int, total: int, /, note: str = "") -> None:
        now = time.monotonic()
        began = self._began.setdefault(what, now)
        last = total > 0 and done >= total
        if not last and now - self._said.get(what, -EVERY) < EVERY:
            return
        if last and self._said.get(what) == float("inf"):
            return
        self._said[what] = float("inf") if last else now
        share = f" {100 * done // total}%" if total else ""
        left = f", {(now - began) / done * (total - done):.0f} s left" if total and 0 < done < total else ""
        far = f": {done}{f' of {total}' if total else ''}{share}{left}" if done or total else ""
        say(what + far + (f", {note}" if note else ""), err=True)
