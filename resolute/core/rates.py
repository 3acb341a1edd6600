"""Rates with intervals. The unit is the independent goal; what was not scored stands beside it with its bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Rate:
    """A share of trials with its 95% interval.

    `events` is the sum of scores (0..1 each), `n` the scored trials, `goals` the independent goals they come from,
    `unscored` the trials whose instrument failed: in neither `events` nor `n`.
    """

    events: float
    n: int
    goals: int
    unscored: int
    low: float
    high: float
    method: str

    @property
    def value(self) -> float:
        """The rate, or NaN where nothing was scored."""
        return self.events / self.n if self.n else math.nan

    @property
    def bounds(self) -> tuple[float, float]:
        """The rate had every unscored trial been a 0, and a 1."""
        total = self.n + self.unscored
        return (self.events / total, (self.events + self.unscored) / total) if total else (0.0, 1.0)

    def plain(self) -> dict[str, Any]:
        """As plain values, and as it is shown."""
        names = ("events", "n", "unscored", "low", "high")
        return {**{name: getattr(self, name) for name in names}, "shown": str(self)}

    def __str__(self) -> str:
        if not self.n:
            return f"not scored (0 of {self.unscored})"
        text = f"{100 * self.value:.1f}% [{100 * self.low:.1f}, {100 * self.high:.1f}]"
        if self.unscored:
            low, high = self.bounds
            text += f" ({self.unscored} not scored: {100 * low:.1f} to {100 * high:.1f}%)"
        return text


def rate(scores: Sequence[float | None], goals: Sequence[str]) -> Rate:
    """The rate of `scores` (None = not scored), each of the goal at the same place.

    Wilson where each goal stands once (Brown, Cai, DasGupta 2001). Where goals repeat: Wilson on the effective number
    of trials, with the design effect from the variance between goals and the t quantile's correction for few of them
    (Korn and Graubard 1998). Where every score agrees the design effect is unknown, so each goal counts once.
    """
    by_goal: dict[str, list[float]] = {}
    for score, goal in zip(scores, goals, strict=True):
        if score is not None:
            by_goal.setdefault(goal, []).append(score)
    n = sum(map(len, by_goal.values()))
    unscored = len(scores) - n
    if not n:
        return Rate(0.0, 0, 0, unscored, 0.0, 1.0, "none")
    events = math.fsum(score for group in by_goal.values() for score in group)
    if n == len(by_goal) and all(score in (0.0, 1.0) for group in by_goal.values() for score in group):
        low, high = _wilson(events, n)
        return Rate(events, n, len(by_goal), unscored, low, high, "Wilson")
    low, high = _wilson(events / n * (size := _effective(by_goal, events / n, n)), size)
    return Rate(events, n, len(by_goal), unscored, low, high, "Wilson, clustered by goal")


def _effective(by_goal: Mapping[str, Sequence[float]], value: float, n: int) -> float:
    """Effective number of independent trials."""
    from scipy import stats

    goals = len(by_goal)
    if goals < 2:
        return 1.0
    excess = math.fsum((math.fsum(group) - value * len(group)) ** 2 for group in by_goal.values())
    variance = goals / (goals - 1) * excess / n**2
    spread = value * (1 - value)
    # Scores between 0 and 1 vary less than 0 and 1 do: as many trials of those are worth the more.
    squares = math.fsum((score - value) ** 2 for group in by_goal.values() for score in group) / n
    most = n * spread / squares if squares > 0 else float(goals)
    size = float(goals) if variance <= 0 or spread <= 0 else min(spread / variance, most)
    z, t = stats.norm.ppf((1 + CONFIDENCE) / 2), stats.t.ppf((1 + CONFIDENCE) / 2, goals - 1)
    return max(size * float(z / t) ** 2, 1.0)


def _wilson(events: float, n: float) -> tuple[float, float]:
    from statsmodels.stats.proportion import proportion_confint

    ends: Any = proportion_confint(events, n, alpha=1 - CONFIDENCE, method="wilson")
    return max(float(ends[0]), 0.0), min(float(ends[1]), 1.0)
