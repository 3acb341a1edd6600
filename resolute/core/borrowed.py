"""Figures of a task that is not ours: its own scorer's values as rates over its samples, and unfinished thoughts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resolute.core.markdown import table
from resolute.core.rates import Rate, rate


@dataclass(frozen=True)
class Scored:
    """One output and what the task's scorers said of it."""

    sample: str
    """What repeats are clustered by."""
    values: Mapping[str, float | None]
    """Scorer, or scorer and key of its value -> the value; None where it has none."""
    unclosed: bool
    """The output never left the thought."""


@dataclass(frozen=True)
class Figure:
    """One scorer's figure on one task. `rate` is None where its values are no shares (below 0 or above 1)."""

    task: str
    scorer: str
    rate: Rate | None
    mean: float
    """Of its own values; NaN without any."""
    unclosed: int
    """Of all outputs, those that never left the thought: the scorer saw an empty answer."""


def figures(task: str, rows: Sequence[Scored]) -> list[Figure]:
    """One figure a scorer, sorted by name. A row that a scorer has no value for is unscored, never wrong."""
    names = sorted({name for row in rows for name in row.values})
    unclosed = sum(row.unclosed for row in rows)
    found: list[Figure] = []
    for name in names:
        values = [_finite(row.values.get(name)) for row in rows]
        scored = [value for value in values if value is not None]
        share = all(0 <= value <= 1 for value in scored)
        mean = math.fsum(scored) / len(scored) if scored else math.nan
        one = rate(values, [row.sample for row in rows]) if share else None
        found.append(Figure(task, name, one, mean, unclosed))
    return found


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def plain(found: Sequence[Figure]) -> list[dict[str, Any]]:
    """As JSON holds them."""
    rows: list[dict[str, Any]] = []
    for one in found:
        row: dict[str, Any] = {"task": one.task, "scorer": one.scorer, "unclosed": one.unclosed}
        row["mean"] = None if math.isnan(one.mean) else one.mean
        if one.rate is not None:
            row |= {"events": one.rate.events, "n": one.rate.n, "samples": one.rate.goals}
            row |= {"unscored": one.rate.unscored, "low": one.rate.low, "high": one.rate.high}
        rows.append(row)
    return rows


def written(found: Sequence[Figure]) -> str:
    """The page for people."""
    lines = ["# Tasks of Inspect", "", "Each by its own scorer, which saw the answer without the thought.", ""]
    head = ("task", "scorer", "n", "samples", "rate, 95% interval", "never left the thought")
    body: list[tuple[object, ...]] = []
    for one in found:
        if one.rate is None:
            body.append((one.task, one.scorer, "", "", f"mean {one.mean:.3f}: no share, so no interval", one.unclosed))
        else:
            body.append((one.task, one.scorer, one.rate.n, one.rate.goals, str(one.rate), one.unclosed))
    return "\n".join([*lines, *table(head, body)]) + "\n"
