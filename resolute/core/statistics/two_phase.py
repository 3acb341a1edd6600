"""Rates from two phases: an instrument scored every row, people labelled a drawn few. The arithmetic of `prevalence`.

The target is the rate in the *superpopulation* of goals, as in `rates`: the goals at hand are taken as a draw from all
goals like them, and the labelled rows as a draw from the rows at hand. Variances hold both phases (Saerndal, Swensson
and Wretman 1992, chapter 9): with every row labelled they are those of a plain rate over goals, and with endless rows
those of the labels alone.

A normal interval covers as little as .75 where a heavy stratum holds a few misses and none was labelled. So limits
come from the cells (`cells`), plus the Jeffreys distance of a rate among the rows at hand, all times one factor: the
linearised standard error over goals (Horvitz-Thompson weights, Hajek means within strata) divided by that of the
cells. It carries clustering by goal, and what graded scores say within a cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from resolute.core.rates import CONFIDENCE
from resolute.core.statistics.cells import HALF, Cells, Range, Sample, around, normal, ratio, total


@dataclass(frozen=True)
class Limits:
    """An estimate, its 95% limits, and each goal's influence on it (for differences), all with the leading axes."""

    value: Any
    low: Any
    high: Any
    influence: Any
    """(..., G), summing to about 0; the variance is G / (G - 1) times the sum of squares."""
    power: Any
    """The weight of the instrument's scores: lambda."""


def powered(sample: Sample, cells: Cells) -> Limits:
    """PPI++ (Angelopoulos, Duchi and Zrnic 2023, arXiv 2311.01453, for a mean) under a stratified sheet.

    theta = lambda mean(f) + sum_h (N_h / N) mean_h(Y - lambda f), the second mean over labelled rows, weighted.
    Labelled rows are among the N, so lambda = sum c_h cov_h(Y, f) / sum c_h var_h(f), c_h = (N_h / N)^2
    (1 - n_h / N_h) / n_h, cut to 0..1; in the paper the N stand apart, and its lambda with 1 / (1 + n/N) is the same
    estimator. Rows whose judge failed carry the mean score, which says nothing of them: their labels do.
    """
    import numpy as np

    score = _filled(sample.score)
    power = np.clip(_slope(sample, score), 0.0, 1.0)
    value, row = _estimate(sample, score, power)
    return _limits(sample, cells, value, _by_goal(sample, row), power)


def rogan_gladen(sample: Sample, cells: Cells) -> Limits:
    """(q - (1 - sp)) / (se + sp - 1) (Rogan and Gladen 1978), cut to 0..1; NaN where se + sp - 1 is not above 0.

    With se and sp from a sheet drawn among the judged rows this *is* the estimator above with lambda = 1 / (se + sp -
    1), which is never the best one. So its interval is that of the best lambda, widened by the square of the
    difference in lambda times the variance of what the sheet's share of yes verdicts misses the known one by: both
    parts hold the uncertainty of se and sp. (Lang and Reiczigel 2014 is for se and sp found elsewhere.) Where the sheet
    is stratified by the instrument it misses nothing, and both estimates are the same. No judge may have failed in
    `sample`.
    """
    import numpy as np

    verdict = (sample.score >= HALF).astype(float)
    best = _slope(sample, verdict)
    value, row = _estimate(sample, verdict, best)
    base = _limits(sample, cells, value, _by_goal(sample, row), best)
    weight, yes = sample.scaled, sample.given
    with np.errstate(invalid="ignore", divide="ignore"):
        hit = (weight * yes * verdict).sum(-1) / (weight * yes).sum(-1)
        false = (weight * (1 - yes) * verdict).sum(-1) / (weight * (1 - yes)).sum(-1)
        gain = np.where(hit - false > 0, hit - false, np.nan)
        found = (verdict.mean(-1) - false) / gain
        reach = (_quantile(sample) * (1 / gain - best)) ** 2 * _missed(sample, verdict)
        low = np.clip(found - np.sqrt((base.value - base.low) ** 2 + reach), 0.0, 1.0)
        high = np.clip(found + np.sqrt((base.high - base.value) ** 2 + reach), 0.0, 1.0)
    return Limits(np.clip(found, 0.0, 1.0), low, high, base.influence, 1 / gain)


def _missed(sample: Sample, verdict: Any) -> Any:
    """Variance of the sheet's share of yes verdicts about the share of all rows, which is known: so it is exact."""
    import numpy as np

    sizes = np.maximum(sample.sizes, 1)
    share = sample.by_stratum(verdict) / sizes
    weight = sample.scaled
    # for equal weights the sum of squares is N_h^2 / n_h, so this is (N_h / N)^2 (1 / n_h - 1 / N_h)
    design = np.maximum(sample.by_stratum(weight**2) - sample.sizes, 0.0) / sample.rows**2
    return (design * share * (1 - share) * sizes / np.maximum(sizes - 1, 1)).sum(-1)


def accuracy(sample: Sample, cells: Cells, *, of: int) -> Range:
    """Sensitivity (`of` 1) or specificity (0): among rows that are so, the share judged so. NaN if none was labelled.

    Masses of the cells judged right and wrong and the limits of their ratio, plus the Jeffreys distance of a share
    among the rows at hand, times the root of the design effect of goals.
    """
    import numpy as np

    rate = cells.rate if of else 1 - cells.rate
    verdict = np.arange(cells.share.shape[-1]) % 3
    shares = [np.where(verdict == kind, cells.share, 0.0) for kind in (of, 1 - of)]
    right, wrong = (total(cells, rate, share).inside(share.sum(-1)) for share in shares)
    with np.errstate(invalid="ignore", divide="ignore"):
        mass = right.value + wrong.value
        value = right.value / mass
        least, most = ratio(wrong, right)
        down, up = around(value, mass * sample.rows)
        so = sample.given if of else 1 - sample.given
        off = sample.scaled * so * (((sample.score >= HALF) == bool(of)) - value[..., None])
        scale = _repeated(sample, off) * _quantile(sample) / normal()
        low = value - np.hypot(value - 1 / (1 + most), down) * scale
        high = value + np.hypot(1 / (1 + least) - value, up) * scale
    return Range(value, np.maximum(low, 0.0), np.minimum(high, 1.0))


def precision(sample: Sample, cells: Cells) -> Range:
    """Among rows judged so, the share that is so. NaN if none was judged so.

    How many rows were judged so is known, so this is a rate among them: the masses of their cells, plus the Jeffreys
    distance of a share among those rows, times the root of the design effect of goals.
    """
    import numpy as np

    share = np.where(np.arange(cells.share.shape[-1]) % 3 == 1, cells.share, 0.0)
    mass = share.sum(-1)
    right = total(cells, cells.rate, share).inside(mass)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = right.value / mass
        down, up = around(value, mass * sample.rows)
        off = sample.scaled * (sample.score >= HALF) * (sample.given - value[..., None])
        scale = _repeated(sample, off) * _quantile(sample) / normal()
        low = value - np.hypot(value - right.low / mass, down) * scale
        high = value + np.hypot(right.high / mass - value, up) * scale
    return Range(value, np.maximum(low, 0.0), np.minimum(high, 1.0))


def _repeated(sample: Sample, row: Any) -> Any:
    """Root of the design effect of goals on a mean whose rows are off it by `row`; at least 1."""
    import numpy as np

    alone, goals = (row**2).sum(-1), (_by_goal(sample, row) ** 2).sum(-1) * sample.rows**2
    return np.sqrt(np.maximum(np.divide(goals, alone, out=np.ones_like(goals), where=alone > 0), 1.0))


def _limits(sample: Sample, cells: Cells, value: Any, influence: Any, power: Any) -> Limits:
    import numpy as np

    plain = total(cells, cells.rate, cells.share)
    down, up = around(plain.value, sample.rows)
    scale = _widening(sample, cells, influence) * _quantile(sample) / normal()
    centre = value + plain.centre - plain.value
    low, high = centre - np.hypot(plain.down, down) * scale, centre + np.hypot(plain.up, up) * scale
    return Limits(value, np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0), influence, power)


def _widening(sample: Sample, cells: Cells, influence: Any) -> Any:
    """What clustering by goal, weights and graded scores make of the cells' standard error: a factor."""
    import numpy as np

    spread, seen = cells.rate * (1 - cells.rate), np.maximum(cells.seen, 1)
    design = np.where(cells.seen > 0, cells.share**2 * cells.left * spread / seen, 0.0).sum(-1)
    plain = design + cells.spread / sample.rows
    return np.sqrt(np.divide(_variance(influence), plain, out=np.ones_like(plain), where=plain > 0))


def _filled(score: Any) -> Any:
    import numpy as np

    known = ~np.isnan(score)
    mean = np.where(known, score, 0.0).sum(-1) / np.maximum(known.sum(-1), 1)
    return np.where(known, score, mean[..., None])


def _slope(sample: Sample, score: Any) -> Any:
    """The lambda of least variance; 0 where the scores of labelled rows do not vary within strata."""
    import numpy as np

    count = sample.by_stratum(sample.labelled)
    factor = np.divide(sample.sizes - count, count, out=np.zeros_like(count), where=count > 0)
    # scaled weights add up to N_h: times (N_h - n_h) / n_h that is c_h N^2, and N is common to all strata
    weight = sample.scaled * sample.at_rows(factor)
    off_score, off_label = score - sample.means(score), sample.given - sample.means(sample.given)
    top, bottom = (weight * off_score * off_label).sum(-1), (weight * off_score**2).sum(-1)
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 1e-12)


def _drawn(sample: Sample, value: Any) -> Any:
    """At each row, what the sheet makes of `value`: the stratum's mean, a labelled row's weighted distance added."""
    mean = sample.means(value)
    return mean + sample.scaled * (value - mean)


def _estimate(sample: Sample, score: Any, power: Any) -> tuple[Any, Any]:
    """The estimate, and each row's influence on it."""

    rest = sample.given - power[..., None] * score
    whole = power[..., None] * score + _drawn(sample, rest)
    value = whole.mean(-1)
    return value, whole - value[..., None]


def _by_goal(sample: Sample, row: Any) -> Any:
    import numpy as np

    return (row if len(sample.starts) == sample.rows else np.add.reduceat(row, sample.starts, -1)) / sample.rows


def _variance(influence: Any) -> Any:
    goals = influence.shape[-1]
    return (influence**2).sum(-1) * goals / max(goals - 1, 1)


def _quantile(sample: Sample) -> Any:
    """Of t, with the labelled goals less one: few goals say little of how goals differ."""
    import numpy as np
    from scipy import special

    labelled = sample.labelled.astype(float)
    if len(sample.starts) < sample.rows:
        labelled = np.add.reduceat(labelled, sample.starts, -1)
    return special.stdtrit(np.maximum((labelled > 0).sum(-1) - 1, 1), (1 + CONFIDENCE) / 2)
