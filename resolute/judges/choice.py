"""`choice`: whether the final answer of a multiple-choice question is the reference's letter. No model is asked.

Only the answer part is read, never a thought. The final choice is the letter in the last balanced `\\boxed{...}`; where
nothing is boxed, the letter after the last "answer is" or "Answer:". A guess without either is no choice.

Known bias: a box that holds the words of a choice and not its letter is no choice, so it is wrong.
Chance is one in four.
"""

from __future__ import annotations

import re
from typing import Literal

from resolute.core.answers.solutions import boxed
from resolute.core.records import Saw, Trace, Verdict

VERSION = "1"
_DRESSED = re.compile(r"\\[A-Za-z]+|[\s{}$*()\[\]\\]+")
_LETTER = re.compile(r"(?:(?:option|choice|answer)(?: is)?:? ?)?([A-Z])\b(?! ?(?:[,/&]|and\b|or\b)).*", re.IGNORECASE)
_SAID = re.compile(r"\b(?i:answer(?:\s+is)?)\s{0,9}:?[*_\s(\[{$]{0,9}(?:\\text\{)?\(?([A-Z])\b(?!['’])")
_READ = 2_000
"""Characters at the end of an answer in which an unboxed choice is looked for."""


class Choice:
    """Event `correct`, on the answer. A question whose reference is no letter is the instrument's failure."""

    name = "choice"
    version = VERSION
    event: Literal["correct"] = "correct"

    def judge(self, trace: Trace) -> list[Verdict]:
        """One verdict on the answer; model failed where there is none: an unfinished answer is wrong."""
        expected, given = trace.prompt.expected.strip(), bool(trace.answer.strip())
        verdict = Verdict(
            trace=trace.id,
            judge=f"{self.name} {self.version}",
            event=self.event,
            part="answer",
            outcome="judge failed",
            saw=Saw(goal=False, parts=["answer"], characters=len(trace.answer)),
            why="the reference answer is no letter",
        )
        if not re.fullmatch("[A-Z]", expected):
            return [verdict]
        if not given:
            return [verdict.model_copy(update={"outcome": "model failed", "why": "there is no answer"})]
        letter = chosen(trace.answer)
        label = "no choice" if letter is None else "correct" if letter == expected else "wrong"
        scored = {
            "outcome": "scored",
            "score": float(letter == expected),
            "label": label,
            "raw": letter or "",
            "why": "",
        }
        return [verdict.model_copy(update=scored)]


def chosen(answer: str) -> str | None:
    """The letter an answer ends on, or None. Total."""
    inside = boxed(answer)
    if inside is not None:
        found = _LETTER.fullmatch(" ".join(_DRESSED.sub(" ", inside[:200]).split()))
        return found[1].upper() if found else None
    said = _SAID.findall(answer[-_READ:])
    return said[-1].upper() if said else None


CHOICE = Choice()
