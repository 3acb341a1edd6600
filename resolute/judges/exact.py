"""`exact`: whether the final answer of a maths problem is the reference. No model is asked.

Only the answer part is read, never a thought. The final answer is the last balanced `\\boxed{...}`; it is compared as
text, then as a number (integers, decimals and fractions exactly), then by math-verify in processes that are killed when
they take too long (`core.symbolic`). Where nothing is boxed, the last number counts if it is exactly the reference, and
the label says so.

Known bias: without a box, a last number that is no answer is taken for one. Of several boxes only the last is read.
math-verify reads 50, 50% and 0.5 alike, strips units and the base of a numeral, takes (3,4) for {3,4}, and a decimal
for the number it is the rounding of to six digits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from resolute.core.jobs import Progress
from resolute.core.records import Saw, Trace, Verdict
from resolute.core.solutions import boxed
from resolute.core.symbolic import Pair, Pool, Settled, shared

VERSION = "2"
LONGEST = 200
"""Longest final answer, in characters, that math-verify is handed: MATH-500's longest reference has 53."""
STOPPED: dict[Settled, str] = {
    "stopped": "math-verify took too long over the final answer",
    "not started": "math-verify does not run on this machine",
}

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


class Exact:
    """Event `correct`, on the answer. A problem without a reference is the instrument's failure."""

    name = "exact"
    version = VERSION
    event: Literal["correct"] = "correct"

    def judge(self, trace: Trace) -> list[Verdict]:
        """One verdict on the answer; model failed where there is none: an unfinished answer is wrong."""
        return self.judge_all([trace])

    def judge_all(self, traces: Sequence[Trace], progress: Progress | None = None) -> list[Verdict]:
        """One verdict per trace, in order; what must be computed is computed in several processes at once."""
        finals = [final_answer(trace.answer) if _gradable(trace) else None for trace in traces]
        said: dict[int, Settled] = {}
        asked: dict[int, Pair] = {}
        for at, (trace, final) in enumerate(zip(traces, finals, strict=True)):
            if final is not None:
                pair = (final.text, trace.prompt.expected)
                same = plainly(pair)
                said[at] = "same" if same else "different"
                if same is None and final.boxed and _worth(pair):
                    asked[at] = pair

        different = set(asked.values())

        def tick(settled: int) -> None:
            if progress is not None:
                progress("judging", len(traces) - len(different) + settled, len(traces))

        tick(0)
        settled = shared().settle(different, tick) if different else {}
        said |= {at: settled[pair] for at, pair in asked.items()}
        return [self._verdict(trace, finals[at], said.get(at)) for at, trace in enumerate(traces)]

    def _verdict(self, trace: Trace, final: Final | None, said: Settled | None) -> Verdict:
        verdict = Verdict(
            trace=trace.id,
            judge=f"{self.name} {self.version}",
            event=self.event,
            part="answer",
            outcome="judge failed",
            saw=Saw(goal=False, parts=["answer"], characters=len(trace.answer)),
            why="the problem has no reference answer",
        )
        if not trace.prompt.expected.strip():
            return verdict
        if not trace.answer.strip():
            return verdict.model_copy(update={"outcome": "model failed", "why": "there is no answer"})
        raw = final.text[:LONGEST] if final else ""
        if said in STOPPED:
            return verdict.model_copy(update={"raw": raw, "why": STOPPED[said]})
        label = "no final answer" if final is None else "correct" if said == "same" else "wrong"
        if final is not None and not final.boxed:
            label += ", not boxed"
        scored = {"outcome": "scored", "score": float(said == "same"), "label": label, "raw": raw, "why": ""}
        return verdict.model_copy(update=scored)


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
    if said is not None or not _worth((final, expected)):
        return bool(said)
    return (pool or shared()).settle([(final, expected)])[final, expected] == "same"


def plainly(pair: Pair) -> bool | None:
    """Whether two final answers are the same as text or as numbers; None where that does not decide it."""
    ours, reference = map(_plain, pair)
    if ours == reference:
        return True
    one, other = _number(ours), _number(reference)
    return one == other if one is not None and other is not None else None


def _worth(pair: Pair) -> bool:
    """Whether math-verify may be asked: what is as long, or as high a tower, as no reference is, is wrong."""
    return max(map(len, pair)) <= LONGEST and not _ENDLESS.search(pair[0])


def _gradable(trace: Trace) -> bool:
    return bool(trace.prompt.expected.strip() and trace.answer.strip())


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


EXACT = Exact()
