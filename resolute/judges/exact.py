"""`exact`: whether the final answer of a maths problem is the reference. No model is asked.

Only the answer part is read, never an unfinished thought. The final answer is the last balanced `\\boxed{...}`, else
the last number; it is compared as text, then as a number (integers and fractions exactly), then by math-verify on short
texts. Known bias: without a box, a last number that is no answer is taken for one; math-verify reads 50 and 50% alike.
"""

from __future__ import annotations

import logging
import re
import threading
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from resolute.core.records import Saw, Trace, Verdict
from resolute.core.solutions import boxed

VERSION = "1"
LONGEST = 200
"""Longest final answer, in characters, that math-verify is handed."""
SECONDS = 5
"""Longest math-verify may take over one comparison, where it can be stopped at all (in the main thread)."""

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:\s*/\s*\d+)?")
_ENDLESS = re.compile(
    r"\^\s*\{[^{}]*[\^{]|\^\s*\\?\w*\s*\^|\*\*|\^\s*\{?\s*-?\d{4,}|[)}\]]\s*\^\s*\{?\s*-?\d{2,}|\d{4,}\s*!|!\s*!|\d{60,}"
)
"""Towers of powers, huge exponents and factorials: to evaluate them takes for ever, and no reference looks so."""
_WRITTEN = re.compile(r"\\(?:left|right|displaystyle|,|!|;|:| )|\\text\{\s*\}|\$|\s+")
_FRACTION = re.compile(r"^(-?)\\[dt]?frac\{(-?\d+)\}\{(\d+)\}$")


class Exact:
    """Event `correct`, on the answer. A problem without a reference is the instrument's failure."""

    name = "exact"
    version = VERSION
    event: Literal["correct"] = "correct"

    def judge(self, trace: Trace) -> list[Verdict]:
        """One verdict on the answer; model failed where there is none: an unfinished answer is wrong."""
        saw = Saw(goal=False, parts=["answer"], characters=len(trace.answer))
        verdict = Verdict(
            trace=trace.id,
            judge=f"{self.name} {self.version}",
            event=self.event,
            part="answer",
            outcome="judge failed",
            saw=saw,
            why="the problem has no reference answer",
        )
        if not trace.prompt.expected.strip():
            return [verdict]
        if not trace.answer.strip():
            return [verdict.model_copy(update={"outcome": "model failed", "why": "there is no answer"})]
        final = final_answer(trace.answer)
        right = final is not None and same(final, trace.prompt.expected)
        label = "correct" if right else "wrong" if final is not None else "no final answer"
        scored = {"outcome": "scored", "score": float(right), "label": label, "raw": (final or "")[:LONGEST], "why": ""}
        return [verdict.model_copy(update=scored)]


def final_answer(answer: str) -> str | None:
    """The content of the last balanced `\\boxed{...}`, else the last number, else None."""
    inside = boxed(answer)
    if inside is not None:
        return inside
    numbers = _NUMBER.findall(answer)
    return numbers[-1].strip() if numbers else None


def same(final: str, expected: str) -> bool:
    """Whether two final answers are the same: as text, as numbers, or (short ones) symbolically."""
    ours, reference = _plain(final), _plain(expected)
    if ours == reference:
        return True
    one, other = _number(ours), _number(reference)
    if one is not None and other is not None:
        return one == other
    if max(len(final), len(expected)) > LONGEST or _ENDLESS.search(final):
        return False
    return _verified(final, expected)


@lru_cache(maxsize=4096)
def _verified(final: str, expected: str) -> bool:
    from math_verify import parse, verify

    # Its time limits are signals, which only the main thread can take.
    limit = SECONDS if threading.current_thread() is threading.main_thread() else None
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    ours, reference = (
        parse(f"\\boxed{{{text}}}", parsing_timeout=limit)  # pyright: ignore[reportArgumentType]  (None is no limit)
        for text in (final, expected)
    )
    return bool(verify(reference, ours, timeout_seconds=limit))


def _plain(text: str) -> str:
    return _WRITTEN.sub("", text).rstrip(".").replace("dfrac", "frac").replace("tfrac", "frac")


def _number(text: str) -> Fraction | None:
    """An integer, decimal or fraction, exactly; None for anything else. Leading zeros do not matter (AIME has them)."""
    found = _FRACTION.match(text)
    plain = f"{found[1]}{found[2]}/{found[3]}" if found else re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    if not re.fullmatch(r"[-+]?\d{1,60}(?:\.\d{1,60})?(?:/\d{1,60})?", plain):
        return None
    try:
        return Fraction(plain)
    except (ValueError, ZeroDivisionError):
        return None


EXACT = Exact()
