"""Files that lie elsewhere: `hub:OWNER/NAME@COMMIT/path.jsonl` wherever a file of prompts or traces is named.

What a prefix stands for is in the catalogue `remotes`: nothing on this floor talks to a network. What comes back is
a file of this machine, and keys hash its content: where it came from changes no key.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from resolute.core.catalogue import entries, find


def is_remote(spec: str | Path) -> bool:
    """Whether a spec begins with the prefix of a remote."""
    prefix, colon, _ = str(spec).partition(":")
    return bool(colon) and prefix in entries("remotes")


def local(spec: str | Path) -> Path:
    """The file of this machine that a spec names, fetched first where it is remote. Raises `ResoluteError`."""
    if not is_remote(spec):
        return Path(spec)
    prefix, _, rest = str(spec).partition(":")
    return cast("Callable[[str], Path]", find("remotes", prefix))(rest)
