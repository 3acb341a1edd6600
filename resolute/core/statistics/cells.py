"""A labelled sample, cell by cell. A cell is the rows of one stratum with one verdict: their number is known, and of
some of them the label.

Within a cell the labels are a binomial sample, so a cell has exact-like limits of its own (Jeffreys: Brown, Cai and
DasGupta 2001) even where no label of the rarer kind was seen. Sums and ratios over cells get their limits by
recovering variances from those (MOVER: Zou and Donner 2008, Stat. Med. 27:1693; Donner and Zou 2012, Stat. Methods
Med. Res. 21:347).

Every array may carry leading axes (simulated draws); rows are along the last one, sorted by goal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from resolute.core.rates import CONFIDENCE

CLASSES = 3
"""Verdicts of a row: 0 no, 1 yes, 2 judge failed."""
HALF = 0.5
"""A score from here on is a yes."""


@dataclass(frozen=True)
class Places:
    """Which of (..., codes) sums each of (..., N) rows adds to, flat."""

    code: Any
    lead: tuple[int, ...]


@dataclass(frozen=True)
class Sample:
    """Rows along the last axis, sorted by goal."""

    score: Any
    """(..., N) 0..1; NaN: judge failed."""
    label: Any
    """(..., N) 0 or 1; NaN: not labelled."""
    weight: Any
    """(..., N) one over the inclusion probability."""
    stratum: Any
    """(..., N) whole numbers from 0; every stratum has a labelled row."""
    strata: int
    starts: Any
    """(G,) where each goal's rows begin; the same in every draw."""

    @property
    def rows(self) -> int:
        return int(self.label.shape[-1])

    @cached_property
    def labelled(self) -> Any:
        """(..., N) whether a row is."""
        import numpy as np

        return ~np.isnan(self.label)

    @cached_property
    def given(self) -> Any:
        """(..., N) labels, 0 where there is none."""
        import numpy as np

        return np.where(self.labelled, self.label, 0.0)

    @cached_property
    def sizes(self) -> Any:
        """(..., strata) rows of each stratum."""
        return self.by_stratum(None)

    @cached_property
    def scaled(self) -> Any:
        """(..., N) weights of labelled rows that add up to the rows of their stratum; 0 for the others."""
        import numpy as np

        weight = np.where(self.labelled, self.weight, 0.0)
        drawn = self.by_stratum(weight)
        factor = np.divide(self.sizes, drawn, out=np.zeros_like(drawn), where=drawn > 0)
        return weight * self.at_rows(factor)

    def by_stratum(self, value: Any) -> Any:
        """(..., strata) sums of (..., N) values; numbers of rows for None."""
        return sums(self._places, self.strata, value)

    def at_rows(self, value: Any) -> Any:
        """(..., N) the value of each row's stratum."""
        return value.ravel()[self._places.code].reshape(self.stratum.shape)

    def means(self, value: Any) -> Any:
        """(..., N) weighted mean over a stratum's labelled rows, at each of its rows."""
        import numpy as np

        return self.at_rows(self.by_stratum(self.scaled * value) / np.maximum(self.sizes, 1))

    @cached_property
    def _places(self) -> Places:
        return places(self.stratum, self.strata)


@dataclass(frozen=True)
class Cells:
    """Strata x verdicts along the last axis (C = strata * 3)."""

    share: Any
    """(..., C) of all rows: known."""
    seen: Any
    """(..., C) labelled rows, effective where their weights differ (Kish 1965)."""
    rate: Any
    """(..., C) share of yes among the labelled (Hajek); where none is labelled, that of the stratum or of all."""
    left: Any
    """(..., C) share of the cell's rows that is not labelled: 0 where the labels are all there is."""

    @property
    def spread(self) -> Any:
        """Variance of one row's label over all rows like these: theta (1 - theta)."""
        value = (self.share * self.rate).sum(-1)
        return value * (1 - value)


@dataclass(frozen=True)
class Range:
    """A value with its limits."""

    value: Any
    low: Any
    high: Any


@dataclass(frozen=True)
class Span:
    """A value, the centre its limits are set about, and how far they lie below and above that."""

    value: Any
    centre: Any
    down: Any
    up: Any

    def inside(self, most: Any) -> Range:
        """The limits, within 0..`most` and holding the value."""
        import numpy as np

        low = np.clip(self.centre - self.down, 0.0, self.value)
        return Range(self.value, low, np.maximum(np.minimum(self.centre + self.up, most), self.value))


def tally(sample: Sample) -> Cells:
    """Count the cells."""
    import numpy as np

    verdict = np.where(np.isnan(sample.score), 2, sample.score >= HALF)
    count = sample.strata * CLASSES
    cell = places(sample.stratum * CLASSES + verdict, count)
    weight = np.where(sample.labelled, sample.weight, 0.0)
    size, seen = sums(cell, count, None), sums(cell, count, sample.labelled)
    mass, square, yes = (sums(cell, count, value) for value in (weight, weight**2, weight * sample.given))
    with np.errstate(invalid="ignore", divide="ignore"):
        shape = (*mass.shape[:-1], sample.strata, CLASSES)
        above = (yes.reshape(shape).sum(-1) / mass.reshape(shape).sum(-1))[..., None]
        fallback = np.broadcast_to(above, shape).reshape(mass.shape)
        return Cells(
            share=size / sample.rows,
            seen=np.where(mass > 0, mass**2 / square, 0.0),
            rate=np.where(mass > 0, yes / mass, fallback),
            left=np.where(size > 0, 1 - seen / size, 0.0),
        )


def total(cells: Cells, rate: Any, share: Any) -> Span:
    """The sum of share x rate over cells, for the rows at hand: certain where all of them are labelled."""
    import numpy as np

    own = jeffreys(rate * cells.seen, (1 - rate) * cells.seen)
    part = share**2 * cells.left
    value = (share * rate).sum(-1)
    centre = value + (share * cells.left * (own.value - rate)).sum(-1)
    down, up = (np.sqrt((part * (end - own.value) ** 2).sum(-1)) for end in (own.low, own.high))
    return Span(value, centre, down, up)


def jeffreys(yes: Any, no: Any) -> Range:
    """A share with its Jeffreys limits, which are 0 and 1 at the end where all agree.

    The value is the mean under the neutral prior Beta(1/3, 1/3) (Kerman 2011, Electron. J. Stat. 5:1450), and limits of
    a sum are set about it, not about the share seen: a cell in which nothing was seen then moves the centre too. About
    the share seen, .975 of simulated draws of a rare event were covered; about the Jeffreys mean, as few as .903.
    """
    import numpy as np
    from scipy import special

    tail = (1 - CONFIDENCE) / 2
    low = np.where(yes > 1e-9, special.betaincinv(yes + 0.5, no + 0.5, tail), 0.0)
    high = np.where(no > 1e-9, special.betaincinv(yes + 0.5, no + 0.5, 1 - tail), 1.0)
    return Range((yes + 1 / 3) / (yes + no + 2 / 3), low, high)


def around(share: Any, size: Any) -> tuple[Any, Any]:
    """How far the limits of a share seen among `size` rows lie below and above it."""
    own = jeffreys(share * size, (1 - share) * size)
    return share - own.low, own.high - share


def ratio(top: Range, bottom: Range) -> tuple[Any, Any]:
    """Limits of top / bottom (Donner and Zou 2012, equation 10); the upper is endless where the bottom may be 0.

    The lower is written with its conjugate, which holds too where the bottom's upper limit is above twice its value.
    """
    import numpy as np

    product = top.value * bottom.value
    reach, under = top.low * (2 * top.value - top.low), bottom.high * (2 * bottom.value - bottom.high)
    down = product + np.sqrt(np.maximum(product**2 - reach * under, 0.0))
    low = np.divide(reach, down, out=np.where(reach > 0, np.inf, 0.0), where=down > 0)
    reach, under = top.high * (2 * top.value - top.high), bottom.low * (2 * bottom.value - bottom.low)
    up = product + np.sqrt(np.maximum(product**2 - reach * under, 0.0))
    return low, np.divide(up, under, out=np.full_like(up, np.inf), where=under > 1e-12)


def normal() -> float:
    """The quantile of the interval's ends."""
    from statistics import NormalDist

    return NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


def places(code: Any, codes: int) -> Places:
    """For (..., N) codes below `codes`."""
    import numpy as np

    lead = code.shape[:-1]
    draws = int(np.prod(lead, dtype=int))
    return Places((code.reshape(draws, -1) + codes * np.arange(draws)[:, None]).ravel(), lead)


def sums(at: Places, codes: int, weight: Any) -> Any:
    """(..., codes) sums of (..., N) weights, 1 each for None."""
    import numpy as np

    size = codes * int(np.prod(at.lead, dtype=int))
    found = np.bincount(at.code, None if weight is None else weight.ravel(), minlength=size)
    return found.astype(float).reshape(*at.lead, codes)
