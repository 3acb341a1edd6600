"""Mathematics with reference answers: MATH-500 (arXiv 2305.20050; MIT) and AIME 2024 (as in QwenLM/QwQ; Apache-2.0)."""

from __future__ import annotations

from resolute.core.records import Prompt
from resolute.core.sources import data_rows

_QWQ = "https://github.com/QwenLM/QwQ at 620a5eadc89f, eval/data/aime24.jsonl"


def math500() -> list[Prompt]:
    """500 problems; `category` is the subject, `split` the level from 1 to 5."""
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


def aime24() -> list[Prompt]:
    """30 problems; each answer is an integer from 0 to 999, written without leading zeros."""
    rows = data_rows("reasoning/aime24.jsonl", ["prompt", "answer"], get=_QWQ)
    return [
        Prompt(text=row["prompt"], goal=row["prompt"], kind="maths", source="aime24", expected=str(int(row["answer"])))
        for row in rows
    ]
