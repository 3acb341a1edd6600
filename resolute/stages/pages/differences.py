"""One contrast in one column: by goal, pooled over all trainings, and over the outermost random factor."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from resolute.core.statistics.nested import nested_interval
from resolute.core.statistics.paired import Comparison, compare
from resolute.stages.pages.arms import Arm
from resolute.stages.pages.columns import Column
from resolute.stages.pages.shown import mean_by_goal
from resolute.stages.pages.study import Row
from resolute.stages.pages.styles import Goals

Scores = Mapping[str, float]
"""Goal -> mean score."""


@dataclass(frozen=True)
class Difference:
    """What the tests are made from."""

    comparison: Comparison
    interval: tuple[float, float] | None
    """95% t interval over training seeds, or over the outermost random axis; from three of them."""
    count: int
    """How many of them the second arm has."""
    repeated: str
    """What they are."""


def difference(goals: Goals, first: Arm, second: Arm, column: Column) -> Difference:
    """Goals are pooled over all trainings; trainings are paired by level and seed, then averaged by outermost level."""
    ours = {_place(first, row): goals(row, column) for row in first.rows}
    theirs = {_place(second, row): goals(row, column) for row in second.rows}
    pooled = compare(mean_by_goal(list(ours.values())), mean_by_goal(list(theirs.values())))
    steps: dict[str, list[float]] = {}
    for (level, seed), step in _steps(ours, theirs):
        steps.setdefault(level if second.outer else str(seed), []).append(step)
    count = len(second.levels) if second.outer else len(second.rows)
    return Difference(pooled, nested_interval(steps), count, second.outer or "training seed")


def _place(arm: Arm, row: Row) -> tuple[str, int]:
    return arm.level(row), row.seed


def _steps(
    ours: Mapping[tuple[str, int], Scores], theirs: Mapping[tuple[str, int], Scores]
) -> Iterator[tuple[tuple[str, int], float]]:
    """The difference of each training of the second arm from that of the first at its level: the one of its seed, or
    the only one there is."""
    for (level, seed), scores in theirs.items():
        there = {other: found for (place, other), found in ours.items() if place == level}
        base = next(iter(there.values())) if len(there) == 1 else there.get(seed, {})
        if goals := sorted(base.keys() & scores.keys()):
            yield (level, seed), math.fsum(scores[goal] - base[goal] for goal in goals) / len(goals)
