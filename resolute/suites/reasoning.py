"""Reasoning kept: problems with a checkable answer. An unfinished answer is wrong."""

from __future__ import annotations

from resolute.core.parts import Needs, Suite, Task

_LONG = Needs(32_768)
_SAMPLED = Needs(32_768, samples=4)


def _maths(prompts: str, needs: Needs) -> tuple[Task, ...]:
    return (Task("maths", prompts, "correct", ("exact",), better="high", needs=needs),)


MATH500 = Suite("math500", _maths("math500", _LONG), "500 problems of MATH's test set.")
AIME24 = Suite("aime24", _maths("aime24", _SAMPLED), "30 problems of AIME 2024, several samples each.")
AIME25 = Suite("aime25", _maths("aime25", _SAMPLED), "30 problems of AIME 2025, several samples each.")
GSM8K = Suite("gsm8k", _maths("gsm8k-test", Needs(16_384)), "1,319 problems of grade-school arithmetic.")
GPQA = Suite(
    "gpqa-diamond",
    (Task("science", "gpqa-diamond", "correct", ("choice",), better="high", needs=_LONG),),
    "198 questions with four choices each: chance is 25%.",
)
REASONING = Suite(
    "reasoning",
    about="Mathematics from grade school to competitions, and science. Accuracy is the mean over samples.",
    of=("math500", "aime24", "aime25", "gsm8k", "gpqa-diamond"),
)
