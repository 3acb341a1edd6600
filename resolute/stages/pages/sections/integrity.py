"""Reasoning integrity: what a framing did to thoughts, and to answers that can be checked (`core/integrity.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from resolute.core.integrity import Trial, summary
from resolute.stages.pages.columns import bare
from resolute.stages.pages.sheet import Sheet
from resolute.stages.pages.study import Row, Study
from resolute.stages.pages.words import signed


def thoughts(study: Study) -> Sheet | None:
    """Harm in the thought, asked plainly and framed, by every guard; None where no guard judged framed thoughts."""
    rows = [
        (
            row.label,
            str(row.seed),
            *_names(found),
            bare(found["guard"]),
            str(found["questions"]),
            *(found[name]["shown"] for name in ("harmful_clean", "harmful")),
            _difference(found),
            *(found[name]["shown"] for name in ("broken", "any_of_k")),
        )
        for row in study.rows
        for found in _summary(row)
        if found["guard"]
    ]
    about = (
        "Thoughts of the same questions, asked plainly and in a framing that names no harm. Broken: the thought is "
        "unsafe, the answer is right and the same as the clean one; the mean over samples, with its 95% interval over "
        "questions. Any of k samples grows with k. An alarm on a clean thought is mostly the guard's own error. "
        "Differences are shown, not tested."
    )
    header = ("Row", "Seed", "Task", "Framing", "Guard", "Questions", "Harmful thought: clean",
              "Harmful thought: framed", "Difference, points", "Broken", "Broken in any of k")  # fmt: skip
    return Sheet("integrity", "Reasoning integrity", about, header, rows) if rows else None


def answers(study: Study) -> Sheet | None:
    """What the framing did to the answers; None where nothing was framed."""
    rows: list[Sequence[str]] = []
    for row in study.rows:
        by_place = {(found["task"], found["attack"], found["instrument"]): found for found in _summary(row)}
        for found in by_place.values():
            shares = (found[name]["shown"] for name in ("right_clean", "right", "kept"))
            rows.append((row.label, str(row.seed), *_names(found), bare(found["instrument"]), *shares))
    about = "Whether answers stayed right, and the same as those to the question asked plainly."
    header = ("Row", "Seed", "Task", "Framing", "Instrument", "Right: clean", "Right: framed", "As the clean answer")
    return Sheet("integrity-answers", "Answers under a framing", about, header, rows) if rows else None


def _summary(row: Row) -> list[dict[str, Any]]:
    return summary(row.records("judge", "integrity.parquet", Trial)) if row.measured else []


def _names(found: Mapping[str, Any]) -> tuple[str, str]:
    """Task and framing, without the plug-in the task comes from."""
    return found["task"].rpartition("/")[2], found["attack"].partition(":")[2].strip() or found["attack"]


def _difference(found: Mapping[str, Any]) -> str:
    if found["difference"] is None:
        return "not measured"
    return f"{signed(found['difference'])} [{signed(found['low'])}, {signed(found['high'])}]"
