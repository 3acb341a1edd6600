"""What two judged runs say of a comparison that is planned: rates, goals that change, how alike answers to a goal are.

Only what is no finding is taken from them. The power to find the difference that was found says nothing new: it is the
p value in other words (Hoenig and Heisey 2001).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from resolute.core.results.comparing import Answers, Measure, measures, order
from resolute.core.results.tables import scores
from resolute.core.statistics.power.design import Design

Grouped = Mapping[str, Sequence[float]]
"""Goal -> its scores."""


@dataclass(frozen=True)
class Measured:
    """One measure that both runs have."""

    measure: Measure
    goals: int
    """Goals both were scored on."""
    second: float
    design: Design
    """With the first run's rate, and with samples, correlation and changed goals as measured."""


def measured(first: Answers, second: Answers, like: Design) -> list[Measured]:
    """Every measure both runs have, in order, with level, tests and margin of `like`; only accuracy has a margin."""
    found: list[Measured] = []
    for measure in sorted(measures(first) & measures(second), key=order):
        groups = _groups(first, measure), _groups(second, measure)
        goals = sorted(groups[0].keys() & groups[1].keys())
        if goals:
            plan = like if measure.event == "correct" else replace(like, margin=None)
            found.append(_measured(measure, [[one[goal] for goal in goals] for one in groups], plan))
    return found


def _groups(answers: Answers, measure: Measure) -> dict[str, list[float]]:
    mine = [one for one in answers.traces if (one.task, one.attack) == (measure.task, measure.attack)]
    found: dict[str, list[float]] = {}
    said = scores(mine, answers.verdicts, event=measure.event, judge=measure.judge, part=measure.part)
    for goal, score in said:
        found.setdefault(goal, []).append(score)
    return found


def _measured(measure: Measure, arms: Sequence[Sequence[Sequence[float]]], like: Design) -> Measured:
    means = [[math.fsum(group) / len(group) for group in arm] for arm in arms]
    first, second = (math.fsum(some) / len(some) for some in means)
    goals = len(means[0])
    samples = max(1, round(min(sum(map(len, arm)) for arm in arms) / goals))
    together = math.fsum((a - first) * (b - second) for a, b in zip(*means, strict=True)) / max(goals - 1, 1)
    apart = first * (1 - second) + second * (1 - first)
    least, most = abs(second - first), min(first + second, 2 - first - second)
    changed = min(max(apart - 2 * together, least), most)
    icc = max(correlation(arm) for arm in arms) if samples > 1 else 0.0
    design = replace(like, first=first, samples=samples, correlation=icc, changed=changed)
    return Measured(measure, goals, second, design)


def correlation(groups: Sequence[Sequence[float]]) -> float:
    """Correlation of two answers to one goal, by analysis of variance (Donner 1986), between 0 and 1.

    0 where every goal has one answer or all answers agree: it is then not known.
    """
    total, goals = sum(map(len, groups)), len(groups)
    if goals < 2 or total <= goals:
        return 0.0
    grand = math.fsum(score for group in groups for score in group) / total
    means = [math.fsum(group) / len(group) for group in groups]
    between = math.fsum(len(group) * (mean - grand) ** 2 for group, mean in zip(groups, means, strict=True))
    within = math.fsum((score - mean) ** 2 for group, mean in zip(groups, means, strict=True) for score in group)
    between, within = between / (goals - 1), within / (total - goals)
    size = (total - sum(len(group) ** 2 for group in groups) / total) / (goals - 1)
    whole = between + (size - 1) * within
    return min(max((between - within) / whole, 0.0), 1.0) if whole else 0.0
