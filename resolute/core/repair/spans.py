"""Finding a span of a thought by its first and last words, and taking it out at sentence borders.

A model names places; it never hands a thought back. What changes are `Change`s of places of the old text, so everything
outside them is the old text, byte for byte, and `applied` is all there is to a repair of a thought.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from resolute.core.judging.findings import Complaint

_BORDER = re.compile(
    r"(?<![.!?…])(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)(?<!\b[DM]r)(?<!\bM[rs]s)(?<!\bMs)"
    r"[.!?…]++[\"'”’)\]*_]*+(?=\s|\Z)|[。！？]++[”’」』）]*+|\n"
)
"""Where a sentence ends. Known bias: an abbreviation that is not among a few before a space ends one too."""
_NUMBER = re.compile(r"[(\[*]{0,3}(?:[0-9]{1,3}|[A-Za-z])[.)][*\])]{0,2}")
"""What numbers an item of a list: it is no sentence, it belongs to the one behind it."""
_SPACE = re.compile(r"\s+")


class Span(NamedTuple):
    """Characters `start` .. `end`-1 of a text."""

    start: int
    end: int


@dataclass(frozen=True)
class Change:
    """A span of the old text, and the words that stand in its place."""

    span: Span
    new: str = ""


def applied(text: str, changes: Sequence[Change]) -> str:
    """`text` with its changes, which are in order and do not overlap."""
    pieces: list[str] = []
    place = 0
    for change in changes:
        pieces += [text[place : change.span.start], change.new]
        place = change.span.end
    return "".join([*pieces, text[place:]])


def sentences(text: str) -> list[Span]:
    """The sentences of a text without the white space around them, in order. Total."""
    found: list[Span] = []
    start = 0
    for end in [*(match.end() for match in _BORDER.finditer(text)), len(text)]:
        piece = text[start:end]
        if _NUMBER.fullmatch(piece.strip()) and end < len(text) and text[end] != "\n" and piece[-1] != "\n":
            continue
        if piece.strip():
            lead = len(piece) - len(piece.lstrip())
            found.append(Span(start + lead, start + len(piece.rstrip())))
        start = end
    return found


def whole(text: str, span: Span) -> Span:
    """A span widened to the borders of the sentences it touches; it is not empty and touches one."""
    cut = sentences(text)
    first = bisect_right([one.end for one in cut], span.start)
    last = bisect_left([one.start for one in cut], span.end) - 1
    return Span(cut[first].start, cut[last].end)


def occurrences(words: str, text: str) -> list[Span]:
    """Everywhere `text` says `words`, white space aside; [] for words that are only white space."""
    wanted = _SPACE.sub("", words)
    bare, places = _bare(text)
    found: list[Span] = []
    at = bare.find(wanted) if wanted else -1
    while at >= 0:
        found.append(Span(places[at], places[at + len(wanted) - 1] + 1))
        at = bare.find(wanted, at + 1)
    return found


def located(first: str, last: str, text: str, quotes: Sequence[str] = ()) -> Span | Complaint:
    """The sentences from `first` to `last`. Each must stand in the text once, or once at one of the report's `quotes`;
    of the last words only places that follow the first count. Nothing is guessed."""
    known = [place for quote in quotes for place in occurrences(quote, text)]
    begin = _one(occurrences(first, text), known)
    if isinstance(begin, Complaint):
        return Complaint(f"its first words {begin.why}.")
    after = [place for place in occurrences(last, text) if place.start >= begin.start and place.end >= begin.end]
    end = _one(after, known)
    if isinstance(end, Complaint):
        return Complaint(f"its last words {end.why}, from the first words on.")
    return whole(text, Span(begin.start, end.end))


def removal(text: str, span: Span) -> Span:
    """What has to go with a span of whole sentences so that one separator stays: the weaker of the two around it."""
    before = len(text[: span.start]) - len(text[: span.start].rstrip())
    after = len(text[span.end :]) - len(text[span.end :].lstrip())
    left, right = Span(span.start - before, span.end), Span(span.start, span.end + after)
    if left.start == 0 or right.end == len(text):
        return Span(left.start if right.end == len(text) else span.start, right.end)
    return left if _breaks(text, right) > _breaks(text, left) else right


def merged(text: str, spans: Sequence[Span]) -> list[Span]:
    """Spans in order; those with nothing but white space between them, or that overlap, become one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and not text[found[-1].end : span.start].strip():
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def _one(places: Sequence[Span], known: Sequence[Span]) -> Span | Complaint:
    """The only place, or the only one at a quote."""
    if not places:
        return Complaint("do not stand word for word in the thinking")
    if len(places) > 1:
        at_quotes = [place for place in places if any(place.start < one.end and one.start < place.end for one in known)]
        if len(at_quotes) != 1:
            return Complaint(f"stand in {len(places)} places of the thinking")
        return at_quotes[0]
    return places[0]


def _breaks(text: str, span: Span) -> int:
    """Lines that end in the white space at the edges of a span."""
    piece = text[span.start : span.end]
    return piece[: len(piece) - len(piece.lstrip())].count("\n") + piece[len(piece.rstrip()) :].count("\n")


@lru_cache(maxsize=4)
def _bare(text: str) -> tuple[str, list[int]]:
    """A text without white space, and where each of its characters stands."""
    places = [place for place, letter in enumerate(text) if not letter.isspace()]
    return "".join(text[place] for place in places), places
