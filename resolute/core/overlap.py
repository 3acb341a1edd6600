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
from collections.abc import Iterable, Sequence
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


class Reserve:
    """Goals kept for evaluation, ready to be compared with."""

    def __init__(self, goals: Iterable[str], texts: Iterable[str] = (), *, near: float) -> None:
        """`texts` (framed goals) are only compared whole: frames are shared. `near` is a Jaccard similarity."""
        self.near = near
        cut = sorted({tuple(words(goal)) for goal in goals} - {()})
        self._exact = set(cut) | {tuple(words(text)) for text in texts} - {()}
        self._grams: dict[int, set[tuple[str, ...]]] = {}
        self._inside: dict[int, set[tuple[str, ...]]] = {}
        for goal in cut:
            if len(goal) >= SHORTEST:
                self._grams.setdefault(size := min(GRAM, len(goal)), set()).update(_runs(goal, size))
            for shorter in range(INSIDE, min(GRAM, len(goal))):
                self._inside.setdefault(shorter, set()).update(_runs(goal, shorter))
        self._firsts = {size: {gram[0] for gram in grams} for size, grams in self._grams.items()}
        self._sets = [frozenset(goal) for goal in cut]
        self._seen = Counter(word for each in self._sets for word in each)
        self._prefixes: dict[str, list[int]] = {}
        for number, each in enumerate(self._sets):
            for word in self._prefix(each):
                self._prefixes.setdefault(word, []).append(number)

    def overlap(self, goal: str, text: str = "") -> Overlap | None:
        """How a goal, or the text that carries it, overlaps; None where it does not."""
        asked = tuple(words(goal))
        sent = tuple(words(text)) if text and text != goal else ()
        if asked in self._exact or sent in self._exact:
            return "exact"
        if self._holds(asked) or self._holds(sent) or asked in self._inside.get(len(asked), ()):
            return "n-gram"
        return "near" if self._nears(frozenset(asked)) else None

    def _holds(self, said: tuple[str, ...]) -> bool:
        for size, grams in self._grams.items():
            firsts = self._firsts[size]
            if any(word in firsts and said[at : at + size] in grams for at, word in enumerate(said)):
                return True
        return False

    def _nears(self, asked: frozenset[str]) -> bool:
        """Exact: two sets at least this similar share a word among the rarest of each (prefix filtering)."""
        candidates = {number for word in self._prefix(asked) for number in self._prefixes.get(word, ())}
        return any(jaccard(asked, self._sets[number]) >= self.near for number in candidates)

    def _prefix(self, each: frozenset[str]) -> list[str]:
        ranked = sorted(each, key=lambda word: (self._seen[word], word))
        return ranked[: len(each) - math.ceil(self.near * len(each) - 1e-9) + 1]


def _runs(said: Sequence[str], size: int) -> set[tuple[str, ...]]:
    return {tuple(said[start : start + size]) for start in range(len(said) - size + 1)}


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
    index = MinHashLSH(num_perm=128, params=bands)
    kept: list[tuple[frozenset[str], Any]] = []
    repeated: set[str] = set()
    for row in rows:
        goal = frozenset(words(row.goal))
        hashed = _shingles(row.said)
        if not hashed or len(row.goal.split()) > LONGEST_GOAL:
            continue
        sketch = MinHash.bulk([hashed], num_perm=128, hashfunc=_itself)[0]
        shingles = np.fromiter(sorted(hashed), dtype=np.uint32, count=len(hashed))
        for number in cast("list[int]", index.query(sketch)):
            other_goal, other = kept[number]
            shared = len(np.intersect1d(shingles, other, assume_unique=True))
            alike = shared / (len(shingles) + len(other) - shared)
            if alike >= near and (goal == other_goal or jaccard(goal, other_goal) >= near):
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
