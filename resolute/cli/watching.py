"""Watching a study: one bar for the whole with time left, one line per running job; plain lines off a terminal."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from resolute.cli.console import PlainLines, bars, say
from resolute.core.text import terminal_safe

if TYPE_CHECKING:
    from resolute.study.execute import Event, Watch


@contextmanager
def watching(jobs: int) -> Generator[Watch]:
    """What `run_study` tells its events to; `jobs` is how many there are in all."""
    if not sys.stderr.isatty():
        yield _Lines(jobs)
        return
    with bars() as shown:
        yield _Bars(shown, jobs)


def _title(event: Event) -> str:
    return f"{event.node.stage} · {event.node.label}"


class _Lines:
    def __init__(self, jobs: int) -> None:
        self._jobs, self._ended = jobs, 0
        self._lines = PlainLines()

    def __call__(self, event: Event) -> None:
        if event.what == "progress":
            self._lines(f"{_title(event)}: {event.text}", event.done, event.total)
            return
        if event.what == "note":
            say(f"note: {event.text}", err=True)
            return
        if event.what not in ("started", "waits"):
            self._ended += 1
        if event.what == "stands":
            return
        why = f": {event.text}" if event.text else ""
        say(f"[{self._ended}/{self._jobs}] {_title(event)} {event.what}{why}", err=True)


class _Bars:
    def __init__(self, shown: Any, jobs: int) -> None:
        self._bars = shown
        self._whole = shown.add_task("study", total=jobs)
        self._tasks: dict[str, Any] = {}

    def __call__(self, event: Event) -> None:
        if event.what == "started":
            self._tasks[event.node.id] = self._bars.add_task(terminal_safe(_title(event), limit=60), total=None)
        elif event.what == "progress":
            words = terminal_safe(f"{_title(event)}: {event.text}", limit=60)
            self._bars.update(
                self._tasks[event.node.id], description=words, completed=event.done, total=event.total or None
            )
        elif event.what == "note":
            self._bars.console.print(terminal_safe(f"note: {event.text}"), markup=False)
        elif event.what == "waits":
            self._bars.remove_task(self._tasks.pop(event.node.id))
        else:
            if (task := self._tasks.pop(event.node.id, None)) is not None:
                self._bars.remove_task(task)
            self._bars.advance(self._whole)
            if event.what in ("failed", "skipped"):
                self._bars.console.print(terminal_safe(f"{_title(event)} {event.what}: {event.text}"), markup=False)
