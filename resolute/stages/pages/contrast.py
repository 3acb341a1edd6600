"""The forms of what is compared, tested and claimed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from resolute.core.paired import Comparison
from resolute.core.rates import CONFIDENCE
from resolute.stages.pages.columns import Column

ALPHA = 1 - CONFIDENCE
Verdict = Literal["lower", "higher", "undetected", "kept", "lost", "inconclusive"]


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
    """After Holm within the family."""
    smallest: float
    """Difference (a share) that would be found with 80% power at the family's first step; NaN if none."""
    verdict: Verdict
    seeds: tuple[float, float] | None
    """t interval of the difference over training seeds, from three."""
    seed_count: int
    sentence: str


@dataclass(frozen=True)
class Family:
    """Tests that are corrected together."""

    title: str
    about: str
    tested: Sequence[Tested]
