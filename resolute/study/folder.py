"""The run folder of a study: one study, one at a time."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from filelock import FileLock, Timeout

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, unwritable

STUDY = "study.json"


@contextmanager
def holding(out: Path, name: str) -> Generator[None]:
    """Hold the folder while the study called `name` runs.

    Raises `ResoluteError` at once where another process runs a study there, or where it holds a study of another name.
    """
    before = _before(out)
    if before not in ("", name):
        mend = "name another folder with --out, or delete this one: what was made lies beside it and is found again"
        raise ResoluteError(f"the folder holds the study {before!r}, and this is {name!r}", where=str(out), mend=mend)
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out / ".lock")
        lock.acquire(timeout=0)
    except Timeout as error:
        mend = "wait for it, or name another folder with --out: two studies share what both need"
        raise ResoluteError("another study is running in this folder", where=str(out), mend=mend) from error
    except OSError as error:
        raise unwritable(out, error) from error
    try:
        yield
    finally:
        lock.release()


def _before(out: Path) -> str:
    if not (out / STUDY).is_file():
        return ""
    content: Any = read_json(out / STUDY)
    if not isinstance(content, dict):
        return ""
    return str(cast("dict[str, Any]", content).get("name", ""))
