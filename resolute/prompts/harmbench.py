"""HarmBench's text behaviours (arXiv 2402.04249; MIT): standard, contextual and copyright.

The study's 200 training goals are the standard ones, so a model trained on them has seen them.
"""

from __future__ import annotations

from resolute.core.records import Prompt
from resolute.core.sources import data_rows

_COLUMNS = ["Behavior", "FunctionalCategory", "SemanticCategory", "ContextString"]
SHA256 = "2745611872be3b2eab141e39bb328b8c1140dc3cd8d0a49da6174260d9ccbfb9"
_GET = "https://github.com/centerforaisafety/HarmBench (data/behavior_datasets)"


def everything() -> list[Prompt]:
    """All 400; `split` is the functional category. A contextual goal follows its context, as HarmBench sends it."""
    rows = data_rows("prompts/harmbench_behaviors_text_all.csv", _COLUMNS, get=_GET, sha256=SHA256)
    return [
        Prompt(
            text=f"{row['ContextString']}\n\n---\n\n{row['Behavior']}" if row["ContextString"] else row["Behavior"],
            goal=row["Behavior"],
            kind="harmful",
            category=row["SemanticCategory"],
            source="harmbench",
            split=row["FunctionalCategory"],
        )
        for row in rows
    ]


def standard() -> list[Prompt]:
    """The 200 goals without context."""
    return _of("standard")


def contextual() -> list[Prompt]:
    """The 100 goals that come with a context."""
    return _of("contextual")


def copyrighted() -> list[Prompt]:
    """The 100 requests for protected texts."""
    return _of("copyright")


def _of(split: str) -> list[Prompt]:
    return [prompt for prompt in everything() if prompt.split == split]
