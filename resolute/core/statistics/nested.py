"""Means over a random factor that others are nested in: training seeds in base models, say.

Seeds of one base are alike, so they are no independent trials of the recipe: bases are. Each base gives one mean, and
the interval is the t interval of these means, however many seeds stand behind each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from resolute.core.statistics.paired import seed_interval

LEAST = 3
"""Outermost levels from which on there is an interval."""


def outer_means(values: Mapping[str, Sequence[float]]) -> list[float]:
    """The mean of each outermost level, in order of its name; a level of which nothing was measured has none."""
    return [math.fsum(some) / len(some) for _, some in sorted(values.items()) if some]


def nested_interval(values: Mapping[str, Sequence[float]]) -> tuple[float, float] | None:
    """95% t interval over the means of outermost levels (level -> what its inner levels gave); None under three."""
    means = outer_means(values)
    return seed_interval(means) if len(means) >= LEAST else None
