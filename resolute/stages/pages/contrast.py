"""The forms of what is compared, tested and claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from resolute.core.rates import CONFIDENCE
from resolute.core.statistics.paired import Comparison
from resolute.stages.pages.columns import Column

ALPHA = 1 - CONFIDENCE
Verdict = Literal["lower", "higher", "not separable", "undetected", "kept", "lost", "inconclusive", "exploratory"]
"""not separable: the models at hand differ, and their trainings or levels disagree too much to say it of others;
exploratory: nobody declared it, so it is neither tested nor claimed."""


@dataclass(frozen=True)
class Contrast:
    """`second` is compared with `first`."""

    first: str
    second: str


@dataclass(frozen=True)
class Tested:
    """One contrast in one column, corrected within its family."""

    contrast: Contrast
    column: Column
    comparison: Comparison
    p: float
    """After Holm within the family; NaN where nothing is tested."""
    smallest: float
    """Difference (a share) that would be found with 80% power at the family's first step; NaN if none."""
    verdict: Verdict
    seeds: tuple[float, float] | None
    """t interval of the difference over training seeds, or over the outermost random axis, from three."""
    seed_count: int
    sentence: str
    repeated: str = "training seed"
    """What `seeds` is over."""
    margin: float | None = None
    """Of a test whether something is kept."""
    styles: Mapping[str, bool] = field(default_factory=dict[str, bool])
    """Rewrite -> whether the finding stands on answers that were judged again after it."""

    @property
    def how(self) -> str:
        """The test, in words."""
        if self.verdict == "exploratory":
            return "none: not declared"
        if self.verdict in ("lower", "higher", "not separable", "undetected"):
            return self.comparison.method
        return f"Wald, one-sided: {self.verdict}"


@dataclass(frozen=True)
class Family:
    """Tests that are corrected together."""

    title: str
    about: str
    tested: Sequence[Tested]
    exploratory: bool = False
    """Nothing in it was declared."""
