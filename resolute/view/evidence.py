"""Where the evidence of each pattern stands in a text: quotes are looked up again, and marks may overlap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from resolute.core.records import PATTERNS, Pattern, RiskReport, Trace
from resolute.core.repair.spans import Span, occurrences

MOST = 500
"""Places of one quote, or of one word that was searched for, that are marked."""


@dataclass(frozen=True)
class Note:
    """One quote for one pattern; `number` stands at its places."""

    number: int
    pattern: Pattern
    quote: str
    auditors: tuple[str, ...]
    places: int
    """How often it stands in the text; 0 where it does not, which is said."""

    @property
    def colour(self) -> int:
        return PATTERNS.index(self.pattern) + 1


@dataclass(frozen=True)
class Stretch:
    """A piece of a text under the same marks; the pieces, joined, are the text."""

    text: str
    notes: tuple[Note, ...] = ()
    begins: tuple[Note, ...] = ()
    """Those of `notes` of which this is the first piece."""
    hit: bool = False
    """It was searched for."""

    @property
    def style(self) -> str:
        if not self.notes:
            return "hit" if self.hit else ""
        colours = {note.colour for note in self.notes}
        base = f"p{colours.pop()}" if len(colours) == 1 else "many"
        return f"{base} hit" if self.hit else base


@dataclass(frozen=True)
class Evidence:
    """Thought and answer in stretches, and all notes in order."""

    thought: list[Stretch]
    answer: list[Stretch]
    notes: list[Note]


def evidence(trace: Trace, reports: Sequence[RiskReport], searched: Sequence[str] = ()) -> Evidence:
    """The quotes of all reports that speak of these very words, in the texts where they stand.

    Of an inconsistency one quote is of the thought and one of the answer; all others are of the thought.
    """
    asked: dict[tuple[Pattern, str, bool], list[str]] = {}
    for report in reports:
        if report.outcome != "scored" or report.content != trace.content:
            continue
        for finding in report.findings:
            for at, quote in enumerate(finding.quotes if finding.present else []):
                answer = finding.pattern == "inconsistency" and (at == 1 or not places(quote, trace.reasoning))
                held = asked.setdefault((finding.pattern, quote, answer), [])
                held += [] if report.auditor in held else [report.auditor]
    notes: list[Note] = []
    spans: dict[bool, list[tuple[Span, Note]]] = {False: [], True: []}
    for (pattern, quote, answer), auditors in sorted(asked.items(), key=lambda item: PATTERNS.index(item[0][0])):
        found = places(quote, trace.answer if answer else trace.reasoning)
        notes.append(Note(len(notes) + 1, pattern, quote, tuple(sorted(auditors)), len(found)))
        spans[answer] += [(span, notes[-1]) for span in found]
    thought = stretches(trace.reasoning, spans[False], _hits(trace.reasoning, searched))
    return Evidence(thought, stretches(trace.answer, spans[True], _hits(trace.answer, searched)), notes)


def places(quote: str, text: str) -> list[Span]:
    """Where a quote stands, as it is written or with other white space; at most `MOST`."""
    found: list[Span] = []
    at = text.find(quote) if quote.strip() else -1
    while at >= 0 and len(found) < MOST:
        found.append(Span(at, at + len(quote)))
        at = text.find(quote, at + len(quote))
    return found or occurrences(quote, text)[:MOST]


def stretches(text: str, spans: Sequence[tuple[Span, Note]], hits: Iterable[Span] = ()) -> list[Stretch]:
    """A text cut wherever a mark begins or ends; every mark lies on whole pieces."""
    starts: dict[int, list[tuple[Span, Note]]] = {}
    ends: dict[int, list[tuple[Span, Note]]] = {}
    for one in spans:
        starts.setdefault(one[0].start, []).append(one)
        ends.setdefault(one[0].end, []).append(one)
    turns: dict[int, int] = {}
    for hit in hits:
        turns[hit.start] = turns.get(hit.start, 0) + 1
        turns[hit.end] = turns.get(hit.end, 0) - 1
    borders = sorted({0, len(text), *starts, *ends, *turns})
    found: list[Stretch] = []
    open_notes: list[tuple[Span, Note]] = []
    depth = 0
    for start, end in pairwise(borders):
        open_notes = [one for one in open_notes if one not in ends.get(start, [])] + starts.get(start, [])
        depth += turns.get(start, 0)
        notes = tuple(dict.fromkeys(note for _, note in open_notes))
        begins = tuple(dict.fromkeys(note for _, note in starts.get(start, [])))
        found.append(Stretch(text[start:end], notes, begins, depth > 0))
    return found


def _hits(text: str, searched: Sequence[str]) -> list[Span]:
    lowered = text.lower() if searched else ""
    if len(lowered) != len(text):
        return []  # some capitals have a longer small form, and places would shift
    found: list[Span] = []
    for words in searched:
        wanted = words.lower()
        at = lowered.find(wanted)
        while at >= 0 and len(found) < MOST:
            found.append(Span(at, at + len(wanted)))
            at = lowered.find(wanted, at + len(wanted))
    return found
