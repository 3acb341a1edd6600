"""`exact`: whether the final answer of a maths problem is the reference. No model is asked.

Only the answer part is read, never a thought. The final answer is the last balanced `\\boxed{...}`; it is compared as
text, then as a number (integers, decimals and fractions exactly), then by math-verify in processes that are killed when
they take too long (`core.answers.finals`). Where nothing is boxed, the last number counts if it is exactly the
reference, and the label says so.

Known bias: without a box, a last number that is no answer is taken for one. Of several boxes only the last is read.
math-verify reads 50, 50% and 0.5 alike, strips units and the base of a numeral, takes (3,4) for {3,4}, and a decimal
for the number it is the rounding of to six digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from resolute.core.answers.finals import LONGEST, Final, final_answer, plainly, worth
from resolute.core.answers.symbolic import Pair, Settled, shared
from resolute.core.jobs import Progress
from resolute.core.records import Saw, Trace, Verdict

VERSION = "2"
STOPPED: dict[Settled, str] = {
    "stopped": "math-verify took too long over the final answer",
    "not started": "math-verify does not run on this machine",
}


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
                if same is None and final.boxed and worth(pair):
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


def _gradable(trace: Trace) -> bool:
    return bool(trace.prompt.expected.strip() and trace.answer.strip())


EXACT = Exact()
