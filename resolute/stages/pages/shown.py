"""What stands in one cell of the main table.

Seeds are never pooled into n: under three they are shown as points, from three as a t interval on their means, which is
never narrower than the interval over goals (three seeds that agree by chance would give a width of zero).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resolute.core.rates import rate
from resolute.core.results.tables import Cell
from resolute.core.statistics.nested import nested_interval, outer_means
from resolute.core.statistics.paired import seed_interval

LEAST_SAID = 0.0005
"""Below this share a percentage with one decimal would say 0.0%."""


@dataclass(frozen=True)
class Shown:
    """What a cell says. `points` has one value per training seed, or per level of a random axis; `low` and `high` are
    absent for two of them."""

    value: float
    low: float | None
    high: float | None
    points: tuple[float, ...]
    cells: tuple[Cell, ...]
    how: str
    """What the interval is over."""
    over: str = ""
    """The random axis whose levels `points` are; empty where they are training seeds."""

    @property
    def main(self) -> str:
        return "not scored" if math.isnan(self.value) else f"{100 * self.value:.1f}%"

    @property
    def band(self) -> str:
        """The interval, or the points where there is none."""
        if len(self.cells) == 1 and self.cells[0].rate.n and not self.over:
            return str(self.cells[0].rate).split(" ", 1)[1].partition(" (")[0]
        return spoken(self.low, self.high, self.points, self.over)

    @property
    def counted(self) -> str:
        """What stands behind the cell: trainings or levels, goals, and the answers where they are more."""
        return self.besides("", "")

    def besides(self, runs: str, goals: str) -> str:
        """`counted` without the trainings and the goals that are said of the cell's row and column already."""
        mine = "" if self.runs == runs else self.runs or "1 training"
        own = " x ".join(filter(None, (mine, "" if self.goals == goals else self.goals)))
        return ", ".join(filter(None, (own, self.answers)))

    @property
    def runs(self) -> str:
        """How many trainings, or levels of a random axis; empty for one that is over no axis."""
        if self.over:
            levels = f"{len(self.points)} {self.over}{'s' if len(self.points) > 1 else ''}"
            return f"{levels}, {len(self.cells)} trainings" if len(self.cells) > len(self.points) else levels
        return f"{len(self.cells)} trainings" if len(self.cells) > 1 else ""

    @property
    def goals(self) -> str:
        """How many independent goals."""
        return f"{max(cell.rate.goals for cell in self.cells)} goals"

    @property
    def answers(self) -> str:
        """How many answers, of one training where they are more than its goals; else empty."""
        alone = [cell.rate for cell in self.cells if not self.over]
        return f"{alone[0].n} answers" if len(alone) == 1 and alone[0].n != alone[0].goals else ""

    @property
    def beside(self) -> str:
        """What was not scored, with the bounds it could mean; empty where all was."""
        unscored = sum(cell.rate.unscored for cell in self.cells)
        if not unscored:
            return ""
        low = sum(cell.rate.bounds[0] for cell in self.cells) / len(self.cells)
        high = sum(cell.rate.bounds[1] for cell in self.cells) / len(self.cells)
        return f"{unscored} not scored: {100 * low:.1f} to {100 * high:.1f}%"

    @property
    def model_failed(self) -> str:
        """The share of trials with nothing to judge by the model's own fault; empty where there is none."""
        failed, n = sum(cell.model_failed for cell in self.cells), sum(cell.rate.n for cell in self.cells)
        if not failed or not n:
            return ""
        return f"{100 * failed / n:.1f}% no answer" if failed / n >= LEAST_SAID else "<0.1% no answer"

    def __str__(self) -> str:
        return f"{self.main} {self.band}".rstrip()


def spoken(low: float | None, high: float | None, points: Sequence[float], over: str) -> str:
    """An interval in percent; without one the points, which are training seeds unless `over` names an axis."""
    if low is not None and high is not None:
        return f"[{100 * low:.1f}, {100 * high:.1f}]"
    if len(points) < 2:
        return f"one {over}: no interval" if over and points else ""
    return f"{over or 'seed'}s " + ", ".join(f"{100 * point:.1f}" for point in points)


def summarise(found: Sequence[Cell], goals: Sequence[Mapping[str, float]]) -> Shown | None:
    """One cell of the table from the cells of a label's training seeds; None where nothing was measured.

    `goals`: for each seed, goal -> mean score.
    """
    if not found:
        return None
    values = tuple(cell.rate.value for cell in found if cell.rate.n)
    value = math.fsum(values) / len(values) if values else math.nan
    if len(found) == 1:
        only = found[0].rate
        return Shown(value, only.low, only.high, values, tuple(found), only.method)
    if len(values) < 3:
        return Shown(value, None, None, values, tuple(found), f"{len(values)} seeds: points, no interval")
    low, high = widened(seed_interval(values), goals)
    return Shown(value, low, high, values, tuple(found), f"t over {len(values)} seeds, no narrower than over goals")


def nested(levels: Mapping[str, Sequence[Cell]], goals: Sequence[Mapping[str, float]], axis: str) -> Shown | None:
    """As `summarise`, where trainings are nested in the levels of a random axis: the mean of the levels' means.

    The interval is over levels, from three on; `goals` has one mapping a training.
    """
    found = tuple(cell for _, cells in sorted(levels.items()) for cell in cells)
    if not found:
        return None
    values = {level: [cell.rate.value for cell in cells if cell.rate.n] for level, cells in levels.items()}
    means = tuple(outer_means(values))
    value = math.fsum(means) / len(means) if means else math.nan
    how = f"{len(means)} {axis}{'' if len(means) == 1 else 's'}"
    band = nested_interval(values)
    if band is None:
        return Shown(value, None, None, means, found, f"{how}: points, no interval", axis)
    low, high = widened(band, goals)
    return Shown(value, low, high, means, found, f"t over {how}, no narrower than over goals", axis)


def widened(band: tuple[float, float], goals: Sequence[Mapping[str, float]]) -> tuple[float, float]:
    """The interval, no narrower than the one over goals, within 0 and 1."""
    mean = mean_by_goal(goals)
    over_goals = rate(list(mean.values()), list(mean))
    return max(min(band[0], over_goals.low), 0.0), min(max(band[1], over_goals.high), 1.0)


def mean_by_goal(seeds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Goal -> mean over the seeds that have a score for it."""
    held: dict[str, list[float]] = {}
    for scores in seeds:
        for goal, score in scores.items():
            held.setdefault(goal, []).append(score)
    return {goal: math.fsum(held[goal]) / len(held[goal]) for goal in sorted(held)}
