"""The final answer of a problem, and whether two of them are the same.

The final answer is the last balanced `\\boxed{...}`, else the last number. Two are compared as text, then as numbers
(integers, decimals and fractions exactly), then by math-verify in processes that are killed when they take too long
(`core.answers.symbolic`). What math-verify takes for the same is told by the instrument `exact`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from fractions import Fraction
from typing import NamedTuple

from resolute.core.answers.solutions import boxed
from resolute.core.answers.symbolic import Pair, Pool, shared

LONGEST = 200
"""Longest final answer, in characters, that math-verify is handed: MATH-500's longest reference has 53."""

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:\s*/\s*\d+)?")
_ENDLESS = re.compile(r"\^\s*\{?\s*\d+\s*\^|\*\*\s*\d+\s*\*\*|\^\s*\{?\s*-?\d{4,}|\d{4,}\s*!|!\s*!|\d{60,}")
"""Towers of powers, huge exponents and factorials: to evaluate them takes for ever, and no reference looks so. Others
that do are stopped."""
_WRITTEN = re.compile(r"\\(?:left|right|displaystyle|,|!|;|:| )|\\text\{\s*\}|\$|\s+")
_FRACTION = re.compile(r"^(-?)\\frac(?:\{(-?\d+)\}|(\d))(?:\{(\d+)\}|(\d))$")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:(?:,|\{,\})\d{3})+(?:\.\d+)?")


class Final(NamedTuple):
    """What an answer ends with."""

    text: str
    boxed: bool


def final_answer(answer: str) -> Final | None:
    """The content of the last balanced `\\boxed{...}`, else the last number, else None."""
    inside = boxed(answer)
    if inside is not None:
        return Final(inside, boxed=True)
    last = ""
    for found in _NUMBER.finditer(answer):
        last = found[0]
    return Final(last.strip(), boxed=False) if last else None


def same(final: str, expected: str, *, pool: Pool | None = None) -> bool:
    """Whether two final answers are the same; what cannot be settled is not."""
    said = plainly((final, expected))
    if said is not None or not worth((final, expected)):
        return bool(said)
    return (pool or shared()).settle([(final, expected)])[final, expected] == "same"


def settled(pairs: Collection[Pair]) -> dict[Pair, bool | None]:
    """Whether the two of each pair are the same, all at once; None where that could not be settled."""
    found: dict[Pair, bool | None] = {}
    asked: set[Pair] = set()
    for pair in pairs:
        said = plainly(pair)
        if said is None and worth(pair) and worth((pair[1], pair[0])):
            asked.add(pair)
        else:
            found[pair] = bool(said)
    answers = shared().settle(asked) if asked else {}
    return found | {pair: {"same": True, "different": False}.get(said) for pair, said in answers.items()}


def plainly(pair: Pair) -> bool | None:
    """Whether two final answers are the same as text or as numbers; None where that does not decide it."""
    ours, reference = map(_plain, pair)
    if ours == reference:
        return True
    one, other = _number(ours), _number(reference)
    return one == other if one is not None and other is not None else None


def worth(pair: Pair) -> bool:
    """Whether math-verify may be asked: what is as long, or as high a tower, as no reference is, is wrong."""
    return max(map(len, pair)) <= LONGEST and not _ENDLESS.search(pair[0])


def _plain(text: str) -> str:
    bare = _WRITTEN.sub("", text).rstrip(".").replace("dfrac", "frac").replace("tfrac", "frac")
    return re.sub(r"\{?,\}?", "", bare) if _THOUSANDS.fullmatch(bare) else bare


def _number(text: str) -> Fraction | None:
    """An integer, decimal or fraction, exactly; None for anything else. Leading zeros do not matter (AIME has them)."""
    found = _FRACTION.match(text)
    plain = f"{found[1]}{found[2] or found[3]}/{found[4] or found[5]}" if found else text
    if not re.fullmatch(r"[-+]?(?:\d{1,60}(?:\.\d{0,60})?|\.\d{1,60})(?:/\d{1,60})?", plain):
        return None
    try:
        return Fraction(plain)
    except (ValueError, ZeroDivisionError):
        return None
