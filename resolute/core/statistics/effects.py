"""How large a paired difference is: odds ratio, Cohen's h, and a bootstrap interval that resamples goals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from resolute.core.rates import CONFIDENCE

RESAMPLES = 4_999
"""Bootstrap samples: the ends of a 95% interval rest on 125 of them each."""


@dataclass(frozen=True)
class Effect:
    """Sizes of the difference `second` - `first` on the goals both were scored on. NaN where one is not defined."""

    odds_ratio: float
    """Of a goal to change from 0 to 1 rather than from 1 to 0 (conditional, for pairs); where every goal is 0 or 1."""
    odds_low: float
    odds_high: float
    """95% interval of it, exact (Clopper and Pearson 1934 on the share of changed goals that rose)."""
    h: float
    """Cohen's h: 2 asin sqrt second - 2 asin sqrt first; .2 is called small, .5 medium, .8 large."""
    low: float
    high: float
    """95% percentile interval of the mean difference over resampled goals."""


def effect(first: Mapping[str, float], second: Mapping[str, float], *, seed: int = 0) -> Effect:
    """Effect sizes of two models by goal -> score (0..1). `seed` draws the resamples; order does not matter."""
    goals = sorted(first.keys() & second.keys())
    if not goals:
        return Effect(*[math.nan] * 6)
    low, high = _resampled([second[goal] - first[goal] for goal in goals], seed)
    before = math.fsum(first[goal] for goal in goals) / len(goals)
    after = math.fsum(second[goal] for goal in goals) / len(goals)
    return Effect(*_odds(first, second, goals), _arc(after) - _arc(before), low, high)


def _arc(share: float) -> float:
    return 2 * math.asin(math.sqrt(min(max(share, 0.0), 1.0)))


def _odds(first: Mapping[str, float], second: Mapping[str, float], goals: list[str]) -> tuple[float, float, float]:
    if any(scores[goal] not in (0.0, 1.0) for scores in (first, second) for goal in goals):
        return math.nan, math.nan, math.nan
    risen = sum(second[goal] > first[goal] for goal in goals)
    changed = sum(second[goal] != first[goal] for goal in goals)
    if not changed:
        return math.nan, 0.0, math.inf
    from scipy import stats

    share = stats.binomtest(risen, changed).proportion_ci(CONFIDENCE, method="exact")
    return _to_odds(risen / changed), _to_odds(float(share.low)), _to_odds(float(share.high))


def _to_odds(share: float) -> float:
    return math.inf if share >= 1 else share / (1 - share)


def _resampled(gaps: list[float], seed: int) -> tuple[float, float]:
    import numpy as np

    drawn = np.random.default_rng(seed).integers(0, len(gaps), (RESAMPLES, len(gaps)))
    means = np.asarray(gaps)[drawn].mean(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
