"""Content hashes of files that may be large: weights are read once, and not by every process that looks at them.

The hash of a large file is kept (see `core.kept`) under its place, size, inode and both its times. The inode's own time
cannot be set back, so that an edit is seen. A file younger than a clock may resolve is read at every look.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from pathlib import Path

from resolute.core.kept import keep, recall
from resolute.core.keys import digest, file_digest

LARGE = 1 << 20
"""Bytes from which on reading costs more than looking up."""
SETTLED = 2.0
"""Seconds without a change after which a later one has another time on every file system."""
_WHOLE = re.compile(r"[0-9a-f]{64}")


def content_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes; of a large one that was read before, without reading it. Raises `OSError`."""
    state = path.stat()
    if state.st_size < LARGE:
        return file_digest(path)
    times = [state.st_mtime_ns, state.st_ctime_ns]
    about = [str(path.resolve()), state.st_dev, state.st_ino, state.st_size, *times]
    known = recall("digests", about)
    if _WHOLE.fullmatch(known):
        return known
    settled = max(times) < time.time_ns() - SETTLED * 1e9
    found = file_digest(path)
    if settled:
        keep("digests", about, found)
    return found


def files_digest(root: Path, names: Iterable[str]) -> str:
    """One digest over the named files of a folder: their names below it and their contents, never where it lies."""
    return digest({name: content_digest(root / name) for name in sorted(names)})
