"""What one process found out and the next need not: small texts in the user's cache folder.

Nothing in it is needed. What is damaged or gone is found out again, and a folder that cannot be written is left alone.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from resolute.core.errors import ResoluteError
from resolute.core.files import atomic
from resolute.core.keys import key


def home() -> Path:
    """The user's cache folder (XDG base directories)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()


def recall(what: str, about: object) -> str:
    """What was kept of `about` under `what`; empty where there is nothing that can be read."""
    try:
        return _place(what, about).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def keep(what: str, about: object, text: str) -> None:
    """Keep a text for `recall`. `about` is anything `core.keys.key` takes."""
    with suppress(ResoluteError, OSError), atomic(_place(what, about), "w") as stream:
        stream.write(text)


def _place(what: str, about: object) -> Path:
    return home() / "resolute" / what / key(about)
