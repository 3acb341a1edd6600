"""Strategies by name or by file: `strategy("improved")`, `strategy("mine.md")`."""

from __future__ import annotations

from pathlib import Path

from resolute.core.catalogue import find
from resolute.core.errors import ResoluteError
from resolute.core.files import unreadable
from resolute.core.parts import Strategy
from resolute.core.texts import version


def strategy(name: str) -> Strategy:
    """The strategy called `name`, or one made of the instruction in the file `name` (.md or .txt)."""
    if not name.endswith((".md", ".txt")):
        found = find("strategies", name)
        assert isinstance(found, Strategy)
        return found
    path = Path(name)
    try:
        instruction = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise ResoluteError("not UTF-8 text", where=name, mend="save the instruction as UTF-8") from error
    if not instruction:
        raise ResoluteError("the instruction is empty", where=name, mend="write what the teacher is to be told")
    return Strategy(path.stem, instruction, version(instruction))
