"""Whether goals meant for training overlap goals kept for evaluation, and which rows nearly repeat each other.

Leakage is about goals: 13-grams see nothing in prompts of eight words, and a jailbreak's frame hides the goal it
carries. What is compared is words: case, punctuation and spacing do not matter. A goal that was reworded, translated,
spelled out or encoded is not found.
"""

from __future__ import annotations

import math
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, cast

Overlap = Literal["exact", "n-gram", "near"]
"""exact: the same words; n-gram: a run of min(8, its words) words of a reserved goal; near: nearly the same words."""

GRAM = 8
"""Longest run of words that is looked for; shorter goals are looked for whole."""
SHORTEST = 3
"""A reserved goal of fewer words is only compared whole: a word or two stand in too many texts."""
INSIDE = 4
"""A candidate of so many words or more overlaps a reserved goal that contains it whole."""
LONGEST_GOAL = 64
"""Goals of more words are framed texts with the goal somewhere inside: alike frames are no alike goals."""
SHINGLE = 3
_WIDE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[^\W_{_WIDE}]+|[{_WIDE}]|[+*/=<>^%]|-(?=\s*\d)")


def words(text: str) -> list[str]:
    """The words of a text without case and marks. Signs of arithmetic are words, and so is each letter of Chinese."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    """Shared words over all words of two sets; 0 for two empty ones."""
    union = len(left | right)
    return len(left & right) / union if union else 0.0


@dataclass(frozen=True)
class Reserved:
    """One goal kept for evaluation, the text that carries it there, and the source both come from."""

    goal: str
    text: str = ""
    source: str = ""


@dataclass(frozen=True)
class Hit:
    """How a goal overlaps, and the sources with which it overlaps in this way."""

    how: Overlap
    sources: frozenset[str]


_Words = tuple[str, ...]
_Owners = dict[_Words, set[str]]
"""Words -> sources that hold them."""


class Reserve:
    """Goals kept for evaluation, ready to be compared with."""

    def __init__(self, reserved: Iterable[Reserved], *, near: float) -> None:
        """Framed texts are only compared whole: frames are shared. `near` is a Jaccard similarity."""
        self.near = near
        goals: _Owners = {}
        self._exact: _Owners = {}
        for each in reserved:
            goals.setdefault(tuple(words(each.goal)), set()).add(each.source)
            self._exact.setdefault(tuple(words(each.text)), set()).add(each.source)
        for said, sources in goals.items():
            self._exact.setdefault(said, set()).update(sources)
        for nothing in (goals, self._exact):
            nothing.pop((), None)
        self._grams: dict[int, _Owners] = {}
        self._inside: dict[int, _Owners] = {}
        for goal, sources in goals.items():
            if len(goal) >= SHORTEST:
                _hold(self._grams, goal, min(GRAM, len(goal)), sources)
            for shorter in range(INSIDE, min(GRAM, len(goal))):
                _hold(self._inside, goal, shorter, sources)
        self._firsts = {size: {gram[0] for gram in grams} for size, grams in self._grams.items()}
        self._sets = [(frozenset(goal), sources) for goal, sources in sorted(goals.items())]
        self._seen = Counter(word for each, _ in self._sets for word in each)
        self._prefixes: dict[str, list[int]] = {}
        for number, (each, _) in enumerate(self._sets):
            for word in self._prefix(each):
                self._prefixes.setdefault(word, []).append(number)

    def overlap(self, goal: str, text: str = "") -> Hit | None:
        """How a goal, or the text that carries it, overlaps: the first way that does; None where none does."""
        asked = tuple(words(goal))
        sent = tuple(words(text)) if text and text != goal else ()
        if found := self._exact.get(asked, set()) | self._exact.get(sent, set()):
            return Hit("exact", frozenset(found))
        found = self._inside.get(len(asked), {}).get(asked, set()) | self._holds(asked) | self._holds(sent)
        if found:
            return Hit("n-gram", frozenset(found))
        found = self._nears(frozenset(asked))
        return Hit("near", frozenset(found)) if found else None

    def _holds(self, said: _Words) -> set[str]:
        found: set[str] = set()
        for size, grams in self._grams.items():
            firsts = self._firsts[size]
            for at, word in enumerate(said):
                if word in firsts:
                    found |= grams.get(said[at : at + size], set())
        return found

    def _nears(self, asked: frozenset[str]) -> set[str]:
        """Exact: two sets at least this similar share a word among the rarest of each (prefix filtering)."""
        candidates = {number for word in self._prefix(asked) for number in self._prefixes.get(word, ())}
        alike = (self._sets[number] for number in candidates)
        return {source for each, sources in alike if jaccard(asked, each) >= self.near for source in sources}

    def _prefix(self, each: frozenset[str]) -> list[str]:
        ranked = sorted(each, key=lambda word: (self._seen[word], word))
        return ranked[: len(each) - math.ceil(self.near * len(each) - 1e-9) + 1]


def _hold(held: dict[int, _Owners], goal: _Words, size: int, sources: set[str]) -> None:
    for start in range(len(goal) - size + 1):
        held.setdefault(size, {}).setdefault(goal[start : start + size], set()).update(sources)


@dataclass(frozen=True)
class Row:
    """What is compared of one training row."""

    id: str
    goal: str
    said: str
    """Prompt, thought and answer, one after the other."""


def near_duplicates(rows: Iterable[Row], *, near: float) -> set[str]:
    """Ids of rows that nearly repeat an earlier one: goals and whole rows are both at least `near` alike.

    Goals are compared as sets of words, rows as sets of three-word shingles (hashed to 32 bits). Candidates come from
    MinHash with banding, so about one pair in 20,000 at a similarity of 0.8 is missed and none is found wrongly.
    Rows whose goal is longer than `LONGEST_GOAL` words are never near-duplicates.
    """
    import numpy as np
    from datasketch import MinHash, MinHashLSH

    bands = (25, 5) if near >= 0.7 else (42, 3)
    index, nothing = MinHashLSH(num_perm=128, params=bands), MinHash(num_perm=128, hashfunc=_itself)
    kept: list[tuple[frozenset[str], Any]] = []
    repeated: set[str] = set()
    for row in rows:
        goal = frozenset(words(row.goal))
        hashed = _shingles(row.said)
        if not hashed or len(row.goal.split()) > LONGEST_GOAL:
            continue
        sketch = nothing.copy()
        sketch.update_batch(hashed)
        shingles = np.fromiter(sorted(hashed), dtype=np.uint32, count=len(hashed))
        for number in cast("list[int]", index.query(sketch)):
            other_goal, other = kept[number]
            if goal != other_goal and jaccard(goal, other_goal) < near:
                continue  # first what is cheap: one long frame makes candidates of all goals
            shared = len(np.intersect1d(shingles, other, assume_unique=True))
            if shared / (len(shingles) + len(other) - shared) >= near:
                repeated.add(row.id)
                break
        else:
            index.insert(len(kept), sketch, check_duplication=False)
            kept.append((goal, shingles))
    return repeated


def _itself(value: int) -> int:
    return value


def _shingles(said: str) -> set[int]:
    cut = words(said)
    size = min(SHINGLE, len(cut))
    return {zlib.crc32(" ".join(cut[start : start + size]).encode()) for start in range(len(cut) - size + 1) if size}
