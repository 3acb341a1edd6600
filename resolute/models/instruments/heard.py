"""What instruments' models have said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from resolute.core.judging.instruments import Said
from resolute.models.ledger import Ledger

NAME = Path("heard.jsonl")


@dataclass(frozen=True)
class Heard:
    """What came back. Exactly one of `said` and `why` is there."""

    said: Said | None
    why: str = ""
    tokens: int = 0
    """Of the request; 0 where the server does not say."""
    tokens_out: int = 0
    """Of the reply."""
    again: bool = False
    """An error that may pass: the same command asks again."""


FORM = TypeAdapter(Heard)


def note(kept: Ledger[Heard], name: str, heard: Heard) -> None:
    """Note what a question was answered with. What may be asked again is not written down."""
    if heard.again:
        kept.known[name] = heard
    else:
        kept.add(name, heard)
