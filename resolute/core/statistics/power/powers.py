"""Power of the tests a report is written from: exact where every goal carries one answer, by noncentral t where more.

`changed` is the share of goals on which the two models differ: 0 to 1 or 1 to 0, one answer each.
"""

from __future__ import annotations

import math
from typing import Any

from resolute.core.statistics.paired import mcnemar_power

TAIL = 1e-10
"""Chance of outcomes that are left out of an exact sum."""


def apart(first: float, second: float) -> float:
    """Share of goals on which two models differ whose events have nothing to do with each other."""
    return first * (1 - second) + second * (1 - first)


def shared(first: float, second: float, changed: float) -> float:
    """Covariance of the two models' chances over goals that makes a share `changed` of goals differ."""
    return (apart(first, second) - changed) / 2


def paired_power(goals: int, difference: float, changed: float, *, alpha: float) -> float:
    """Power of the exact McNemar test, two-sided at `alpha`, to find a true `difference`."""
    return mcnemar_power(goals, abs(difference), changed, alpha=alpha)


def unpaired_power(goals: int, first: float, second: float, *, alpha: float) -> float:
    """Chance that the interval of the difference of two rates leaves out zero: `goals` goals each, not the same ones.

    Wald with one event and one other trial added to each arm (Agresti and Caffo 2000), summed over all outcomes.
    """
    import numpy as np
    from scipy import stats

    one, other = _likely(goals, first)[:, None], _likely(goals, second)[None, :]
    chances = stats.binom.pmf(one, goals, first) * stats.binom.pmf(other, goals, second)
    shares = (one + 1) / (goals + 2), (other + 1) / (goals + 2)
    error = np.sqrt(sum(share * (1 - share) for share in shares) / (goals + 2))
    return float(np.sum(np.where(abs(shares[1] - shares[0]) > stats.norm.ppf(1 - alpha / 2) * error, chances, 0.0)))


def kept_power(goals: int, difference: float, changed: float, *, margin: float, alpha: float) -> float:
    """Chance that a true `difference` (second - first) is found kept within `margin`, one-sided at `alpha`.

    The Wald test of `paired.not_worse`, summed over how many goals rise and fall.
    """
    import numpy as np
    from scipy import stats

    share = min(max(changed, abs(difference)), 1.0)
    counts = _likely(goals, share)
    up = (share + difference) / (2 * share) if share else 0.5
    risen = np.arange(int(_likely(counts[0], up)[0]), int(_likely(counts[-1], up)[-1]) + 1)[None, :]
    fallen = counts[:, None] - risen
    chances = stats.binom.pmf(counts, goals, share)[:, None] * stats.binom.pmf(risen, counts[:, None], up)
    size = goals + 2
    centre = (risen - fallen) / size
    error = np.sqrt(np.maximum((counts[:, None] + 2) / size - centre**2, 0.0) / size)
    kept = (fallen >= 0) & (centre + margin > stats.norm.ppf(1 - alpha) * error)
    return float(np.sum(np.where(kept, chances, 0.0)))


def clustered_spread(first: float, second: float, changed: float, *, samples: int, correlation: float) -> float:
    """Standard deviation over goals of the difference of two means of `samples` answers each.

    `correlation` is that of two answers of one model to one goal; answers of the two models share what `shared` says.
    """
    within = correlation + (1 - correlation) / samples
    own = (first * (1 - first) + second * (1 - second)) * within
    return math.sqrt(max(own - 2 * shared(first, second, changed), 0.0))


def mean_power(goals: int, difference: float, spread: float, *, alpha: float) -> float:
    """Power of a test of the mean of `goals` differences with standard deviation `spread`, two-sided at `alpha`:
    sign flips by goal, or t over training seeds (then `goals` are the seeds)."""
    from scipy import stats

    if goals < 2:
        return 0.0
    if not spread:
        return float(difference != 0)
    away = abs(difference) * math.sqrt(goals) / spread
    cut = stats.t.ppf(1 - alpha / 2, goals - 1)
    return _share(stats.nct.sf(cut, goals - 1, away)) + _share(stats.nct.cdf(-cut, goals - 1, away))


def clustered_kept_power(goals: int, difference: float, spread: float, *, margin: float, alpha: float) -> float:
    """`kept_power` where goals repeat, by the normal approximation of the smoothed mean."""
    from statistics import NormalDist

    size = goals + 2
    centre = difference * goals / size
    error = math.sqrt(((goals * (spread**2 + difference**2) + 2) / size - centre**2) / size)
    real = spread * math.sqrt(goals) / size
    room = centre + margin - NormalDist().inv_cdf(1 - alpha) * error
    return NormalDist().cdf(room / real) if real else float(room > 0)


def _likely(goals: int, share: float) -> Any:
    """The counts of `goals` trials that are not beyond `TAIL`."""
    import numpy as np
    from scipy import stats

    low, high = stats.binom.ppf([TAIL, 1 - TAIL], goals, share)
    return np.arange(max(int(low), 0), min(int(high), goals) + 1)


def _share(value: Any) -> float:
    """The far tail of a noncentral t is not a number in SciPy where it is nothing."""
    return 0.0 if math.isnan(float(value)) else float(value)
