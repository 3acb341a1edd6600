"""Mathematics with reference answers: MATH (arXiv 2103.03874; MIT) and its MATH-500 (arXiv 2305.20050; MIT), GSM8K
(arXiv 2110.14168; MIT) and AIME 2024 (as in QwenLM/QwQ; Apache-2.0).

Only the final answer of a worked solution is kept, as the reference: a solution is not a trace.
"""

from __future__ import annotations

from resolute.core.records import Prompt
from resolute.core.solutions import reference
from resolute.core.sources import data_rows

_QWQ = "https://github.com/QwenLM/QwQ at 620a5eadc89f, eval/data/aime24.jsonl"
_GSM8K = "https://github.com/openai/grade-school-math (grade_school_math/data)"
_MATH = "the hub, EleutherAI/hendrycks_math (the train files of all subjects in one JSONL)"


def math() -> list[Prompt]:
    """MATH's 7,500 training problems; `category` is the subject, `split` the level from 1 to 5."""
    rows = data_rows("reasoning/math_train.jsonl", ["problem", "solution", "level", "type"], get=_MATH)
    return [
        Prompt(
            text=row["problem"],
            goal=row["problem"],
            kind="maths",
            category=row["type"],
            source="math",
            split=str(row["level"]).removeprefix("Level "),
            expected=reference(row["solution"]),
        )
        for row in rows
    ]


def math500() -> list[Prompt]:
    """500 problems of MATH's test set; `category` is the subject, `split` the level from 1 to 5."""
    needed = ["problem", "answer", "subject", "level"]
    rows = data_rows("reasoning/math500.jsonl", needed, get="the hub, HuggingFaceH4/MATH-500")
    return [
        Prompt(
            text=row["problem"],
            goal=row["problem"],
            kind="maths",
            category=row["subject"],
            source="math500",
            split=str(row["level"]),
            expected=row["answer"],
        )
        for row in rows
    ]


def gsm8k() -> list[Prompt]:
    """GSM8K's 7,473 training problems."""
    return _gsm8k("train")


def gsm8k_test() -> list[Prompt]:
    """GSM8K's 1,319 test problems, kept for evaluation."""
    return _gsm8k("test")


def aime24() -> list[Prompt]:
    """30 problems; each answer is an integer from 0 to 999, written without leading zeros."""
    rows = data_rows("reasoning/aime24.jsonl", ["prompt", "answer"], get=_QWQ)
    return [
        Prompt(text=row["prompt"], goal=row["prompt"], kind="maths", source="aime24", expected=str(int(row["answer"])))
        for row in rows
    ]


def _gsm8k(split: str) -> list[Prompt]:
    rows = data_rows(f"reasoning/gsm8k_{split}.jsonl", ["question", "answer"], get=f"{_GSM8K}/{split}.jsonl")
    return [
        Prompt(
            text=row["question"],
            goal=row["question"],
            kind="maths",
            source="gsm8k",
            split=split,
            expected=reference(row["answer"]),
        )
        for row in rows
    ]
