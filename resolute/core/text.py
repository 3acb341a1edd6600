"""Hostile text made harmless: for records on entry, and for the terminal on the way out."""

from __future__ import annotations

import re
from typing import NamedTuple

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


class Cleaned(NamedTuple):
    """Text that can be stored as UTF-8, and how many characters had to become U+FFFD."""

    text: str
    replaced: int


def clean(text: str) -> Cleaned:
    """Replace lone surrogates and NUL by U+FFFD, counting them: neither survives UTF-8, Parquet or a tokenizer."""
    found, replaced = _UNSTORABLE.subn("\ufffd", text)
    return Cleaned(found, replaced)


def terminal_safe(text: str, *, limit: int | None = None) -> str:
    """`text` without characters that move the cursor, recolour the terminal or reorder what is read.

    `limit` cuts to that many characters and says how many were left out.
    """
    cut = "" if limit is None or len(text) <= limit else f" [+{len(text) - limit} characters]"
    shown = text if limit is None else text[:limit]
    return _CONTROL.sub("\ufffd", shown.replace("\r\n", "\n")) + cut
