"""A comparison that is planned: what is known of it, its power, and what is still to be chosen."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from resolute.core.errors import ResoluteError
from resolute.core.rates import CONFIDENCE
from resolute.core.statistics.paired import POWER
from resolute.core.statistics.power.powers import (
    apart,
    clustered_kept_power,
    clustered_spread,
    kept_power,
    mean_power,
    paired_power,
    shared,
    unpaired_power,
)

MOST = 100_000
"""Goals beyond which a number is not looked for."""
STEP = 0.0005
"""Differences are found to half a tenth of a point."""
AHEAD = 20
"""An exact test may lose power with a goal more: a number of goals must hold for so many beyond it too."""


@dataclass(frozen=True)
class Design:
    """Two models on the same goals (`paired`), or on as many goals each that are not the same."""

    first: float
    """Rate of the first model: of unsafe answers, of right ones."""
    samples: int = 1
    """Answers to each goal."""
    correlation: float = 0.0
    """Of two answers of one model to one goal: 0 as if each stood alone, 1 as if one were copied."""
    changed: float | None = None
    """Share of goals on which single answers of the two differ; None: as if they had nothing to do with each other,
    which is the most cautious of what models of one family do."""
    paired: bool = True
    margin: float | None = None
    """Largest loss that counts as kept, for a one-sided test; None: a difference is looked for, two-sided."""
    tests: int = 1
    """Tests in the family: the first step of Holm's correction."""
    alpha: float = 1 - CONFIDENCE

    @property
    def level(self) -> float:
        return self.alpha / self.tests

    @property
    def method(self) -> str:
        """What is computed, in words."""
        many = self.samples > 1
        if self.margin is not None:
            how = (
                "by the normal approximation, means by goal" if many else "summed exactly over goals that rise and fall"
            )
            return f"non-inferiority within {100 * self.margin:g} points, one-sided Wald test, {how}"
        if not self.paired:
            return "interval of Agresti and Caffo without zero, each model on goals of its own"
        return "sign flips by goal, by noncentral t" if many else "exact McNemar test"

    def check(self, second: float | None = None) -> None:
        """Raises `ResoluteError` where there is no such comparison."""
        for name, share in (("from", self.first), ("to", second), ("changed", self.changed), ("icc", self.correlation)):
            if share is not None and not 0 <= share <= 1:
                raise ResoluteError(f"not a share: {share:g}", where=f"--{name}", mend="a number from 0 to 1")
        if not self.paired and (self.samples > 1 or self.margin is not None or self.changed is not None):
            mend = "leave --unpaired out: the same goals need fewer of them"
            raise ResoluteError("unpaired rates are planned for one answer a goal, looking for a difference", mend=mend)
        if second is None or self.changed is None:
            return
        least, most = abs(second - self.first), min(self.first + second, 2 - self.first - second)
        if not least - 1e-12 <= self.changed <= most + 1e-12:
            what = f"with these rates between {100 * least:g}% and {100 * most:g}% of goals can change"
            raise ResoluteError(what, where="--changed", mend="give a share between them")
        room = self.correlation * math.sqrt(self.first * (1 - self.first) * second * (1 - second))
        if self.samples > 1 and shared(self.first, second, self.changed) > room + 1e-9:
            what = "two models cannot agree on goals more than each agrees with itself"
            raise ResoluteError(what, where="--changed, --icc", mend="a larger --icc, or more goals that change")

    def spread(self, second: float) -> float:
        """Share of goals that change (one answer a goal), or standard deviation of the differences over goals."""
        least = abs(second - self.first)
        changed = apart(self.first, second) if self.changed is None else max(self.changed, least)
        if self.samples == 1:
            return changed
        return clustered_spread(self.first, second, changed, samples=self.samples, correlation=self.correlation)

    def power(self, goals: int, second: float) -> float:
        """Chance that the true rates `first` and `second` are told apart, or found kept, on so many goals."""
        if not self.paired:
            return unpaired_power(goals, self.first, second, alpha=self.level)
        step, spread = second - self.first, self.spread(second)
        if self.margin is not None:
            test = kept_power if self.samples == 1 else clustered_kept_power
            return test(goals, step, spread, margin=self.margin, alpha=self.level)
        test = paired_power if self.samples == 1 else mean_power
        return test(goals, step, spread, alpha=self.level)

    def goals(self, second: float, *, power: float = POWER) -> int | None:
        """The least number of goals from which on the power is reached; None where no number of goals gives it."""
        if self.margin is None and second == self.first:
            return None
        if self.margin is not None and second <= self.first - self.margin:
            return None
        return _least(lambda goals: self.power(goals, second) >= power)

    def difference(self, goals: int, *, sign: int, power: float = POWER) -> float | None:
        """The smallest difference (a share, signed) that is found with `power`; None where even the largest is not.

        With a margin, which has a side already: the largest true loss that is still found kept, as a negative number.
        """
        if self.margin is not None:
            return _kept_from(lambda step: self.power(goals, self.first + step) >= power, min(self.margin, self.first))
        most = 1 - self.first if sign > 0 else self.first
        enough: Callable[[float], bool] = lambda step: self.power(goals, self.first + sign * step) >= power  # noqa: E731
        if not most or not enough(most):
            return None
        low, high = 0.0, most
        while high - low > STEP:
            middle = (low + high) / 2
            low, high = (low, middle) if enough(middle) else (middle, high)
        return sign * high


def _least(enough: Callable[[int], bool]) -> int | None:
    high = 2
    while not enough(high):
        high *= 2
        if high > MOST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    last = found = high
    while last <= found + AHEAD:
        last += 1
        if not enough(last):
            found = last + 1
    return found


def _kept_from(enough: Callable[[float], bool], margin: float) -> float | None:
    if not enough(0.0):
        return None
    low, high = -margin, 0.0
    while high - low > STEP:
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
