"""Outputs that each stand in one class, as shares: trainings of one recipe are never pooled into n.

Several trainings give what a cell of the main table gives (`shown.py`): points under three, from three on a t interval
over their means, over the levels of a random axis where they stand on one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resolute.core.rates import rate
from resolute.core.statistics.nested import nested_interval, outer_means
from resolute.stages.pages.arms import Arm
from resolute.stages.pages.shown import spoken, widened
from resolute.stages.pages.study import Row
from resolute.stages.pages.wordless import Answer


@dataclass(frozen=True)
class Share:
    """One class's share of the outputs. `points`: one value a training, or a level of the random axis `over`."""

    value: float
    low: float | None
    high: float | None
    points: tuple[float, ...]
    events: int
    """Outputs of the class, over all trainings."""
    over: str = ""

    def __str__(self) -> str:
        return f"{100 * self.value:.1f}% {spoken(self.low, self.high, self.points, self.over)}".rstrip()


@dataclass(frozen=True)
class Sorted:
    """The outputs of one training, each with its class."""

    row: Row
    classes: Sequence[str]
    answers: Sequence[Answer]


def shares(names: Sequence[str], arm: Arm, trainings: Sequence[Sorted]) -> dict[str, Share]:
    """Each class as a share of the outputs; `trainings` are those of the arm that have outputs."""
    if len(trainings) == 1 and not arm.nested:
        return {name: _alone(name, trainings[0]) for name in names}
    counted = [_counted(one) for one in trainings]
    levels = [arm.level(one.row) if arm.nested else f"{one.row.label} {one.row.seed}" for one in trainings]
    return {name: _over(name, levels, counted, arm.outer if arm.nested else "") for name in names}


def _alone(name: str, one: Sorted) -> Share:
    found = rate([float(item == name) for item in one.classes], [answer.prompt.goal for answer in one.answers])
    return Share(found.value, found.low, found.high, (found.value,), one.classes.count(name))


def _counted(one: Sorted) -> dict[str, Counter[str]]:
    """Goal -> class -> outputs."""
    found: dict[str, Counter[str]] = {}
    for answer, name in zip(one.answers, one.classes, strict=True):
        found.setdefault(answer.prompt.goal, Counter())[name] += 1
    return found


def _over(name: str, levels: Sequence[str], counted: Sequence[Mapping[str, Counter[str]]], axis: str) -> Share:
    values: dict[str, list[float]] = {}
    events = 0
    for level, goals in zip(levels, counted, strict=True):
        there = sum(found[name] for found in goals.values())
        values.setdefault(level, []).append(there / sum(found.total() for found in goals.values()))
        events += there
    means = tuple(outer_means(values))
    value, band = math.fsum(means) / len(means), nested_interval(values)
    if band is None:
        return Share(value, None, None, means, events, axis)
    by_goal = [{goal: found[name] / found.total() for goal, found in goals.items()} for goals in counted]
    low, high = widened(band, by_goal)
    return Share(value, low, high, means, events, axis)
