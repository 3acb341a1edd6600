"""Content keys: two things with one key are the same thing, on any machine, in any order, at any concurrency."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

KEY_LENGTH = 16
"""Hex characters of a key: 64 bits, one collision expected in about 5 billion artifacts."""


def digest(value: Any) -> str:
    """SHA-256 (hex) of the canonical JSON of `value`: keys sorted, no white space, UTF-8, NaN refused."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def key(value: Any) -> str:
    """The short form of `digest` that names folders and rows."""
    return digest(value)[:KEY_LENGTH]


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def derive(seed: int, *parts: object) -> int:
    """A request's own seed from the run's `seed` and what was asked: 31 bits, accepted by every sampler and API."""
    return int(digest([seed, *[str(part) for part in parts]])[:8], 16) & 0x7FFF_FFFF


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, set | frozenset):
        return sorted(value)  # pyright: ignore[reportUnknownArgumentType]
    raise TypeError(f"{type(value).__name__} has no canonical JSON form")
