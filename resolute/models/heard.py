"""What instruments' models have said, kept as it comes: one line a question, so that a kill loses only what was asked.

Judging is many single calls that nothing depends on. An Inspect evaluation around each costs three times the call's own
processor time (measured: 27 ms against 7), so Inspect sends them and this file remembers them.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import TypeAdapter

from resolute.core.files import unwritable
from resolute.core.instruments import Said

NAME = "heard.jsonl"


@dataclass(frozen=True)
class Heard:
    """What came back. Exactly one of `said` and `why` is there."""

    said: Said | None
    why: str = ""
    tokens: int = 0
    """Of the request; 0 where the server does not say."""
    again: bool = False
    """An error that may pass: the same command asks again."""


_FORM = TypeAdapter(Heard)


class Ledger:
    """Everything heard so far, in memory and on disk. What may be asked again is not written down."""

    def __init__(self, known: dict[str, Heard], stream: IO[str]) -> None:
        self.known = known
        self._stream = stream

    def add(self, name: str, heard: Heard) -> None:
        """Note what a question was answered with."""
        self.known[name] = heard
        if not heard.again:
            self._stream.write(json.dumps({"name": name, "heard": _FORM.dump_python(heard, mode="json")}) + "\n")
            self._stream.flush()


@contextmanager
def ledger(folder: Path) -> Generator[Ledger]:
    """The ledger of a folder; a torn last line, left by a kill, is forgotten."""
    path = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.is_file() else []
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        known = {row["name"]: _FORM.validate_python(row["heard"]) for row in map(json.loads, lines)}
        with path.open("a", encoding="utf-8") as stream:
            yield Ledger(known, stream)
    except OSError as error:
        raise unwritable(path, error) from error
