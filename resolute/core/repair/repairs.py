"""Repairing a trace: which way fits which patterns, and what a model's reply makes of a thought, or why nothing.

Three ways, the last two after Chain-of-Guardrail (arXiv 2510.21285). *cut* takes sentences out. *recompose* puts new
sentences in the place of failing ones. *backtrack* keeps the thought up to the end of the first failing step and goes
on with a correction; what followed that step was thought on its strength, and is dropped. Total and strict: a reply
makes a whole repair or none, and everything outside the places it names is the old text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import get_args

from pydantic import Field

from resolute.core.judging.asking import MARKED
from resolute.core.judging.disarm import disarmed
from resolute.core.judging.findings import Complaint, Strict, formed
from resolute.core.records import PATTERNS, Pattern, Way
from resolute.core.repair.spans import Change, Span, applied, located, merged, removal, whole
from resolute.core.trace import DIALECTS, join, split

VERSION = "1"
"""Raised whenever the same reply would make another repair."""
WAYS: tuple[Way, ...] = get_args(Way)
FITS: dict[Way, frozenset[Pattern]] = {
    "cut": frozenset({"strong_vacillation", "weak_vacillation", "harmful_additions"}),
    "recompose": frozenset(PATTERNS),
    "backtrack": frozenset(PATTERNS) - {"lack_of_safety_awareness"},
}
"""A way fits a trace where it fits each of its patterns. What is absent cannot be cut out or gone back to; a thought
and an answer that part ways are not mended by leaving words out."""
MOST_STEPS = 16
"""Most places of one reply."""


class _Place(Strict):
    first: str
    last: str


class _Step(_Place):
    replacement: str


class _Cut(Strict):
    passages: list[_Place] = Field(max_length=MOST_STEPS)


class _Recompose(Strict):
    steps: list[_Step] = Field(max_length=MOST_STEPS)
    answer: str | None = None


class _Backtrack(_Place):
    correction: str
    answer: str | None = None


@dataclass(frozen=True)
class Unreadable(Complaint):
    """A reply that does not even have the form."""


@dataclass(frozen=True)
class Broken:
    """What is to be mended, and how."""

    thought: str
    answer: str
    quotes: Sequence[str] = ()
    """Passages of the thought that an auditor showed: what a span is told apart by where its words stand twice."""
    answer_open: bool = False
    """The answer may be written anew: it is inconsistent, or no guard found it safe."""
    most: float = 1.0
    """Largest share of the thought that cut and recompose may take out: a repair of all of it is a new trace."""


@dataclass(frozen=True)
class Mended:
    """A repair: `thought` is the old one with `changes` applied; `answer` the old one unless `answer_anew`."""

    thought: str
    answer: str
    changes: tuple[Change, ...]
    answer_anew: bool
    removed: int
    """Characters taken out of thought and answer."""
    added: int
    """Characters put in."""


def fitting(ways: Sequence[Way], patterns: frozenset[Pattern]) -> list[Way]:
    """The ways, in their order, that fit all of these patterns."""
    return [way for way in ways if patterns <= FITS[way]]


def mended(way: Way, words: str, broken: Broken) -> Mended | Complaint:
    """What a model's reply makes of a trace. Complaints are for whoever replied and hold no text of the trace."""
    read = {"cut": _cut, "recompose": _recompose, "backtrack": _backtrack}[way](words, broken)
    if isinstance(read, Complaint):
        return read
    changes, answer = read
    if answer is not None and not broken.answer_open:
        return Complaint("it writes a new answer where the answer is right.")
    written = [change.new for change in changes] + ([answer] if answer is not None else [])
    if any(disarmed(text, delimiters=MARKED).places for text in written):
        return Complaint("what it writes holds a control mark, a mark of a thought or of the material.")
    thought = applied(broken.thought, changes)
    if disarmed(thought).places > disarmed(broken.thought).places:
        return Complaint("what it writes makes a control mark with the words around it.")
    new_answer = broken.answer if answer is None else answer
    if (thought, new_answer) == (broken.thought, broken.answer):
        return Complaint("it changes nothing.")
    if not thought.strip():
        return Complaint("it leaves no thinking.")
    gone = sum(change.span.end - change.span.start for change in changes)
    if way != "backtrack" and gone > broken.most * len(broken.thought):
        return Complaint(f"it takes out more than {broken.most:.0%} of the thinking.")
    if not reads_back(thought, new_answer):
        return Complaint("thinking and answer could not be told apart again.")
    return Mended(
        thought,
        new_answer,
        tuple(changes),
        answer is not None,
        gone + (len(broken.answer) if answer is not None else 0),
        sum(map(len, written)),
    )


def reads_back(thought: str, answer: str) -> bool:
    """Whether the trace, joined as any family writes it, is split into the same thought and answer again."""
    for dialect in DIALECTS.values():
        for opened in (False, True):
            parts = split(join(thought, answer, dialect, opened=opened), dialect, opened=opened)
            if (parts.thought, parts.answer, parts.extra_closes) != (thought.strip(), answer.strip(), 0):
                return False
    return True


_Read = tuple[list[Change], str | None]


def _cut(words: str, broken: Broken) -> _Read | Complaint:
    reply = formed(words, _Cut)
    if isinstance(reply, Complaint):
        return Unreadable(reply.why)
    spans: list[Span] = []
    for place in reply.passages:
        span = located(place.first, place.last, broken.thought, broken.quotes)
        if isinstance(span, Complaint):
            return span
        spans.append(span)
    gone = merged(broken.thought, [removal(broken.thought, one) for one in merged(broken.thought, spans)])
    return [Change(span) for span in gone], None


def _recompose(words: str, broken: Broken) -> _Read | Complaint:
    reply = formed(words, _Recompose)
    if isinstance(reply, Complaint):
        return Unreadable(reply.why)
    changes: list[Change] = []
    for step in reply.steps:
        span = located(step.first, step.last, broken.thought, broken.quotes)
        if isinstance(span, Complaint):
            return span
        if not step.replacement.strip():
            return Complaint("a step has nothing in its place.")
        changes.append(Change(span, step.replacement.strip()))
    changes.sort(key=lambda change: change.span)
    if any(one.span.end > two.span.start for one, two in pairwise(changes)):
        return Complaint("two of its steps overlap.")
    return changes, _answer(reply.answer)


def _backtrack(words: str, broken: Broken) -> _Read | Complaint:
    reply = formed(words, _Backtrack)
    if isinstance(reply, Complaint):
        return Unreadable(reply.why)
    span = located(reply.first, reply.last, broken.thought, broken.quotes)
    if isinstance(span, Complaint):
        return span
    if not reply.correction.strip():
        return Complaint("it has no correction.")
    text = broken.thought
    end = whole(text, span).end
    space = text[end : len(text) - len(text[end:].lstrip())] or _usual_space(text)
    return [Change(Span(end, len(text)), space + reply.correction.strip())], _answer(reply.answer)


def _usual_space(text: str) -> str:
    """Between two steps of this thought."""
    return "\n\n" if "\n\n" in text else "\n" if "\n" in text else " "


def _answer(answer: str | None) -> str | None:
    """A new answer; one that says nothing is none."""
    return answer.strip() or None if answer is not None else None
