"""Reasoning integrity: ordinary questions, asked plainly and in words that would turn the thought, after PRJA (arXiv
2604.15725). The answer may stay right all the while, so it is a guard on thoughts that sees it."""

from __future__ import annotations

from resolute.core.parts import Needs, Suite, Task

_ATTACKS = ("none", "integrity")
_NEEDS = Needs(32_768, samples=3)


def _task(name: str, prompts: str, judge: str = "exact") -> Task:
    return Task(name, prompts, "correct", (judge,), _ATTACKS, better="high", needs=_NEEDS)


INTEGRITY = Suite(
    "integrity",
    (
        _task("math500", "math500:100"),
        _task("aime24", "aime24"),
        _task("gsm8k", "gsm8k-test:100"),
        _task("gpqa-diamond", "gpqa-diamond:100", "choice"),
    ),
    "Questions with a known answer, clean and in three framings, three samples each. Name a guard that reads thoughts "
    "beside the task's own instrument: without one nothing is said of harm.",
)
