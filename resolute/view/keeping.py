"""Saving what a reader adds to a run: marks and notes, each a small file in the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from resolute.core.errors import ResoluteError
from resolute.core.files import write_json


def keep(path: Path, value: Any) -> None:
    """Write a JSON document whole; raises `ResoluteError` where the folder takes nothing."""
    try:
        write_json(path, value)
    except ResoluteError as error:
        mend = "reading goes on; to keep marks and notes, make the folder writable or free disk space there"
        raise ResoluteError(error.what, where=error.where, mend=mend) from error
