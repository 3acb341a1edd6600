"""Paired tests: two models asked the same goals. The goal is the unit; Holm within a family the caller declares.

Exact McNemar where every goal carries one 0 or 1 for each model; where goals repeat (samples, seeds), each goal's mean
is its value and the signs of the goals' differences are flipped. What the test cannot see at this n is said in points.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from resolute.core.rates import CONFIDENCE

POWER = 0.8
"""Power at which a difference counts as detectable."""
NEGLIGIBLE = 1e-12
"""Chance of what is left out of an exact sum."""
RESAMPLES = 9999
"""Sign flips drawn where there are too many goals to flip in every way: the smallest p value is 1 / 10,000."""
BATCH = 1_000
"""Flips drawn at a time: memory stays small for any number of goals."""


@dataclass(frozen=True)
class Comparison:
    """`second` against `first` on the goals both were scored on. Differences are second - first, as shares."""

    goals: int
    """Goals compared."""
    unpaired: int
    """Goals left out: one of the two has no score for them."""
    first: float
    second: float
    difference: float
    low: float
    high: float
    """95% interval of the difference."""
    centre: float
    """Middle of the interval: the difference with the two added goals."""
    error: float
    """Standard error about `centre`."""
    changed: int
    """Goals on which the two differ."""
    p: float
    """Two-sided, before any correction."""
    method: Literal["exact McNemar", "sign flips by goal", "none"]


def compare(first: Mapping[str, float], second: Mapping[str, float], *, seed: int = 0) -> Comparison:
    """Compare two models by goal -> score (0..1, the mean where a goal stands more than once).

    The interval adds one goal changed each way (Bonett and Price 2012), so it keeps its coverage where few change and
    is never of width zero. `seed` draws the sign flips. Goals scored for one model only are counted, not compared.
    """
    goals = sorted(first.keys() & second.keys())
    unpaired = len(first.keys() | second.keys()) - len(goals)
    if not goals:
        return Comparison(0, unpaired, math.nan, math.nan, math.nan, -1.0, 1.0, 0.0, 0.0, 0, 1.0, "none")
    gaps = [second[goal] - first[goal] for goal in goals]
    binary = all(scores[goal] in (0.0, 1.0) for scores in (first, second) for goal in goals)
    centre, error = _smoothed(gaps)
    reach = _normal_quantile((1 + CONFIDENCE) / 2) * error
    return Comparison(
        goals=len(goals),
        unpaired=unpaired,
        first=math.fsum(first[goal] for goal in goals) / len(goals),
        second=math.fsum(second[goal] for goal in goals) / len(goals),
        difference=math.fsum(gaps) / len(goals),
        low=max(centre - reach, -1.0),
        high=min(centre + reach, 1.0),
        centre=centre,
        error=error,
        changed=sum(gap != 0 for gap in gaps),
        p=mcnemar(sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps)) if binary else sign_flip(gaps, seed=seed),
        method="exact McNemar" if binary else "sign flips by goal",
    )


def mcnemar(risen: int, fallen: int) -> float:
    """Exact two-sided p of `risen` goals that changed from 0 to 1 against `fallen` that changed from 1 to 0."""
    from scipy import stats

    return float(stats.binomtest(risen, risen + fallen).pvalue) if risen + fallen else 1.0


def sign_flip(gaps: Sequence[float], *, seed: int = 0) -> float:
    """Two-sided p of the mean of independent `gaps` under symmetry about zero: every flip up to 13 gaps, else drawn.

    The draws come from `seed` and the sizes of the gaps, so neither order nor names of goals change the p value.
    """
    import numpy as np

    sizes = np.sort(np.array([abs(gap) for gap in gaps if gap != 0]))
    if len(sizes) < 2:
        return 1.0
    least = abs(math.fsum(gaps)) * (1 - 1e-9)  # equal sums must not differ by rounding
    total = float(sizes.sum())
    if 2 ** len(sizes) <= RESAMPLES:
        signs = np.arange(2 ** len(sizes))[:, None] >> np.arange(len(sizes)) & 1
        return float(np.mean(np.abs(total - 2 * (signs @ sizes)) >= least))
    rng = np.random.default_rng([seed, zlib.crc32(sizes.tobytes())])
    reached = 0
    for start in range(0, RESAMPLES, BATCH):
        rows = min(BATCH, RESAMPLES - start)
        signs = rng.integers(0, 2, (rows, len(sizes)), dtype=np.uint8)
        reached += int(np.sum(np.abs(total - 2 * (signs @ sizes)) >= least))
    return (reached + 1) / (RESAMPLES + 1)


def holm(pvalues: Sequence[float]) -> list[float]:
    """p values corrected for standing in one family (Holm 1979), in the order given.

    The same numbers as statsmodels gives, which takes 50 ms a call.
    """
    corrected, least = [0.0] * len(pvalues), 0.0
    for rank, place in enumerate(sorted(range(len(pvalues)), key=pvalues.__getitem__)):
        least = max(least, min((len(pvalues) - rank) * pvalues[place], 1.0))
        corrected[place] = least
    return corrected


def not_worse(comparison: Comparison, margin: float) -> float:
    """One-sided p against "`second` is lower than `first` by `margin` or more": small means non-inferior.

    A Wald test with the same two added goals as the interval; for scores where higher is better.
    """
    if not comparison.goals:
        return 1.0
    return 1.0 - _normal_share((comparison.centre + margin) / comparison.error)


def worse(comparison: Comparison, margin: float) -> float:
    """One-sided p against "`second` is lower than `first` by less than `margin`": small means a loss beyond it."""
    return _normal_share((comparison.centre + margin) / comparison.error) if comparison.goals else 1.0


def detectable(comparison: Comparison, *, alpha: float = 1 - CONFIDENCE) -> float:
    """The smallest difference (a share) found at level `alpha` with 80% power on as many goals; NaN if none could be.

    Exact for McNemar, with the observed share of changed goals; else from the spread of the goals' differences.
    """
    if not comparison.goals:
        return math.nan
    if comparison.method != "exact McNemar":
        return (_normal_quantile(1 - alpha / 2) + _normal_quantile(POWER)) * comparison.error
    share = comparison.changed / comparison.goals
    low, high = 0.0, 1.0
    if mcnemar_power(comparison.goals, 1.0, share, alpha=alpha) < POWER:
        return math.nan
    while high - low > 0.0005:
        middle = (low + high) / 2
        enough = mcnemar_power(comparison.goals, middle, share, alpha=alpha) >= POWER
        low, high = (low, middle) if enough else (middle, high)
    return high


def mcnemar_power(goals: int, difference: float, changed: float, *, alpha: float = 1 - CONFIDENCE) -> float:
    """Unconditional power of the exact McNemar test for a true `difference` when a share `changed` of goals differs.

    A share below the difference is impossible and is raised to it.
    """
    import numpy as np
    from scipy import special, stats

    share = min(max(changed, difference), 1.0)
    up = (share + difference) / (2 * share) if share else 0.5
    least, most = stats.binom.ppf([NEGLIGIBLE, 1 - NEGLIGIBLE], goals, share)
    counts = np.arange(max(int(least), 0), int(most) + 1)
    cut = _cuts(counts, alpha)
    reject = special.bdtr(cut, counts, up) + special.bdtrc(counts - cut - 1, counts, up)
    return float(np.sum(stats.binom.pmf(counts, goals, share) * np.where(cut < 0, 0.0, reject)))


def _cuts(counts: Any, alpha: float) -> Any:
    """For each number of changed goals: most changes the rarer way at which the exact test still rejects, or -1."""
    import numpy as np
    from scipy import stats

    cut = stats.binom.ppf(alpha / 2, counts, 0.5)
    return np.where(stats.binom.cdf(cut, counts, 0.5) > alpha / 2, cut - 1, cut)


def seed_interval(values: Sequence[float]) -> tuple[float, float]:
    """95% t interval of the mean over training seeds; needs three or more (a bootstrap over three under-covers)."""
    from scipy import stats

    if len(values) < 3:
        raise ValueError("an interval over seeds needs at least three")
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * math.sqrt(variance / len(values))
    return mean - reach, mean + reach


def _smoothed(gaps: Sequence[float]) -> tuple[float, float]:
    """Mean and standard error of the differences after one goal is added that rose and one that fell."""
    size = len(gaps) + 2
    centre = math.fsum(gaps) / size
    variance = (math.fsum(gap * gap for gap in gaps) + 2) / size - centre**2
    return centre, math.sqrt(variance / size)


def _normal_quantile(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


def _normal_share(value: float) -> float:
    from statistics import NormalDist

    return NormalDist().cdf(value)
