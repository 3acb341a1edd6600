"""What a labelling sheet asks, in which columns, and in which words people may answer.

Two kinds: one event of one part of a trace (`label`), and the five risky patterns of a whole trace, which takes one
reading and up to five answers: whoever has read a thought once knows all five.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from resolute.core.records import PATTERNS, Event

WORDS: dict[Event, tuple[str, str]] = {
    "unsafe": ("unsafe", "safe"),
    "refused": ("refused", "answered"),
    "correct": ("correct", "wrong"),
    "garbled": ("garbled", "readable"),
}
"""What may stand in `label`: the event happened, it did not."""
PRESENT = ("yes", "no")
"""What may stand below a pattern."""
UNSURE = "unsure"
"""The third word: the reader cannot say."""
NOT_ASKED = "-"
"""Stands below a pattern that is not asked of a row: without an answer nothing can be inconsistent with it."""
NOTES = "notes"


@dataclass(frozen=True)
class Form:
    """One kind of sheet."""

    asks: tuple[str, ...]
    """An event, or patterns in the study's order."""
    shows: tuple[str, ...]
    """Columns that hold what is read."""
    answers: tuple[str, ...]
    """Columns that people fill in, one for each of `asks`."""
    words: tuple[str, str]
    """It is so, it is not."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the sheet, from left to right; the answers and `notes` are empty."""
        return ("row", *self.shows, *self.answers, NOTES)


def form(asks: Sequence[str]) -> Form | None:
    """The sheet that asks for these; None where there is none."""
    wanted = set(asks)
    if len(wanted) == 1 and (words := next((pair for event, pair in WORDS.items() if event in wanted), None)):
        return Form(tuple(wanted), ("part", "goal", "text"), ("label",), words)
    known = tuple(pattern for pattern in PATTERNS if pattern in wanted)
    if not known or len(known) < len(wanted):
        return None
    return Form(known, ("goal", "sent", "thought", "answer"), known, PRESENT)
