"""How far raters agree - instruments with each other, or with people - with intervals that resample goals, not rows.

Raw agreement flatters skewed sets: where one answer in twenty is unsafe, two raters who never look agree on nine of
ten. So Cohen's kappa (1960) stands beside it for pairs, and Krippendorff's alpha (nominal; Krippendorff 2011,
"Computing Krippendorff's alpha-reliability"; any number of raters, missing values) for all.

Intervals are bootstrap intervals over goals, since rows of one goal resemble each other: bias-corrected and accelerated
(BCa: Efron 1987), because kappa and alpha are skewed and bounded at 1, where percentile intervals lie too low. The
figures are functions of sums over goals, so a resample is a multinomial draw over the different goals, never a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from resolute.core.rates import CONFIDENCE, rate

RESAMPLES = 2000
UNDEFINED = 0.05
"""Share of resamples with no defined value above which no interval is given."""

ONE_CLASS = "only one label was used: chance agreement is complete"
UNMOVED = "no resample differs: none shows how sure this is"


@dataclass(frozen=True)
class Figure:
    """A figure with its 95% interval. Where one is None, `why` says the reason."""

    value: float | None
    low: float | None = None
    high: float | None = None
    method: str = ""
    why: str = ""

    def __str__(self) -> str:
        if self.value is None:
            return self.why
        return f"{self.value:.2f} " + (f"({self.why})" if self.low is None else f"[{self.low:.2f}, {self.high:.2f}]")


@dataclass(frozen=True)
class Pair:
    """Two raters on the rows both rated."""

    n: int
    goals: int
    agreement: Figure
    """Share of rows with the same label."""
    kappa: Figure
    """Cohen's: 0 by chance, 1 complete."""


@dataclass(frozen=True)
class Reliability:
    """All raters on the rows at least two of them rated."""

    n: int
    goals: int
    raters: int
    alpha: Figure
    """Krippendorff's, nominal."""


def pair(
    first: Sequence[str | None],
    second: Sequence[str | None],
    goals: Sequence[str],
    *,
    weights: Sequence[float] | None = None,
    seed: int = 0,
) -> Pair:
    """Agreement of two raters; row i is `first[i]`, `second[i]` (None: not rated) of `goals[i]`.

    `weights` are one over the inclusion probability, where the rows were drawn with different ones: the figures are
    then those of the population. Where every row agrees no resample differs: the interval of raw agreement is then
    Wilson's over goals, and kappa has none.
    """
    import numpy as np

    given = [1.0] * len(goals) if weights is None else weights
    both = [
        (a, b, goal, weight)
        for a, b, goal, weight in zip(first, second, goals, given, strict=True)
        if a is not None and b is not None
    ]
    if not both:
        nothing = Figure(None, why="no row was rated by both")
        return Pair(0, 0, nothing, nothing)
    labels = {label: code for code, label in enumerate(sorted({label for a, b, *_ in both for label in (a, b)}))}
    place = {goal: code for code, goal in enumerate(sorted({row[2] for row in both}))}
    size = len(labels)
    cells = np.zeros((len(place), size * size))
    where = [place[goal] for _, _, goal, _ in both], [labels[a] * size + labels[b] for a, b, *_ in both]
    np.add.at(cells, where, [weight for *_, weight in both])
    same = np.eye(size).ravel()
    agreement = _figure(cells, lambda table: (table @ same) / table.sum(-1), seed, "")
    if agreement.low is None:
        found = rate([float(a == b) for a, b, *_ in both], [row[2] for row in both])
        agreement = Figure(found.value, found.low, found.high, found.method)
    return Pair(len(both), len(place), agreement, _figure(cells, lambda table: _kappa(table, size), seed, ONE_CLASS))


def reliability(ratings: Sequence[Sequence[str | None]], goals: Sequence[str], *, seed: int = 0) -> Reliability:
    """Krippendorff's alpha; `ratings[r][i]` is rater r's label of row i, of `goals[i]` (None: not rated).

    Rows with fewer than two ratings pair with nothing and are left out.
    """
    import numpy as np

    names = sorted({label for row in ratings for label in row if label is not None})
    codes = {label: code for code, label in enumerate(names)}
    counts = np.zeros((len(goals), max(len(names), 1)))
    for rater in ratings:
        for row, (label, _) in enumerate(zip(rater, goals, strict=True)):
            if label is not None:
                counts[row, codes[label]] += 1
    kept = counts.sum(1) >= 2
    if not kept.any():
        return Reliability(0, 0, len(ratings), Figure(None, why="no row was rated twice"))
    there, place = np.unique(np.array(goals, dtype=object)[kept].astype(str), return_inverse=True)
    counts = counts[kept]
    size = counts.shape[1]
    given = counts.sum(1)
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(size)
    coincidences = (pairs / (given - 1)[:, None, None]).reshape(len(counts), -1)
    cells = np.zeros((len(there), size * size))
    np.add.at(cells, place, coincidences)
    alpha = _figure(cells, lambda table: _alpha(table, size), seed, ONE_CLASS)
    return Reliability(int(kept.sum()), len(there), len(ratings), alpha)


def _kappa(table: Any, size: int) -> Any:
    """(..., size * size) confusion counts -> (...); NaN where chance agreement is complete."""
    import numpy as np

    square = table.reshape(*table.shape[:-1], size, size)
    n = table.sum(-1)
    seen = np.trace(square, axis1=-2, axis2=-1) / n
    chance = (square.sum(-1) * square.sum(-2)).sum(-1) / n**2
    return _over(seen - chance, 1 - chance)


def _alpha(table: Any, size: int) -> Any:
    """(..., size * size) coincidences -> (...): 1 - observed / expected disagreement; NaN with one label only."""
    import numpy as np

    square = table.reshape(*table.shape[:-1], size, size)
    n, each = table.sum(-1), square.sum(-1)
    observed = n - np.trace(square, axis1=-2, axis2=-1)
    expected = (n**2 - (each**2).sum(-1)) / np.maximum(n - 1, 1e-9)
    return _over(expected - observed, expected)


def _over(top: Any, bottom: Any) -> Any:
    import numpy as np

    return np.divide(top, bottom, out=np.full_like(np.asarray(top, dtype=float), np.nan), where=bottom > 1e-9)


def _figure(cells: Any, of: Callable[[Any], Any], seed: int, undefined: str) -> Figure:
    """The figure of the summed cells (goals, C), with its BCa interval over goals."""
    import numpy as np

    value = float(of(cells.sum(0)))
    if np.isnan(value):
        return Figure(None, why=undefined)
    kinds, times = np.unique(cells, axis=0, return_counts=True)
    goals = int(times.sum())
    if goals < 2:
        return Figure(value, why="one goal says nothing of others")
    drawn = np.random.default_rng(seed).multinomial(goals, times / goals, size=RESAMPLES)
    values = of(drawn @ kinds)
    kept = np.sort(values[~np.isnan(values)])
    if len(kept) < (1 - UNDEFINED) * RESAMPLES:
        return Figure(value, why="one label is too rare: many resamples hold only the other")
    if kept[-1] - kept[0] < 1e-12:
        return Figure(value, why=UNMOVED)
    low, high = _bca(value, kept, of(cells.sum(0) - kinds), times)
    return Figure(value, low, high, f"BCa bootstrap of {goals} goals")


def _bca(value: float, values: Any, without: Any, times: Any) -> tuple[float, float]:
    """Efron (1987): `values` sorted resamples; `without` the figure less one goal of each kind, `times` the goals."""
    import numpy as np
    from scipy import special

    below = (np.mean(values < value - 1e-12) + np.mean(values <= value + 1e-12)) / 2
    bias = special.ndtri(np.clip(below, 1 / len(values), 1 - 1 / len(values)))
    held = ~np.isnan(without)
    gap = np.average(without[held], weights=times[held]) - without[held]
    square = float(times[held] @ gap**2)
    skew = float(times[held] @ gap**3) / (6 * square**1.5) if square > 0 else 0.0
    ends = special.ndtri([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    shares = special.ndtr(bias + (bias + ends) / (1 - skew * (bias + ends)))
    low, high = np.quantile(values, shares)
    return float(low), float(high)
