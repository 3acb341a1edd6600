"""A measure along an axis of the grid: lines with bands where the levels are numbers, else dots side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resolute.stages.pages import svg
from resolute.stages.pages.charts import canvas
from resolute.stages.pages.plane import MARKERS, legend, short
from resolute.stages.pages.sections.axes import Curve, Series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

STEP = 0.12
"""Between dots of one level, in levels."""


def curve(name: str, title: str, found: Curve) -> svg.Drawing:
    """The curve; a level whose cell has no interval (two seeds) is a dot without a band."""
    height = 220 + 17 * len(found.series)
    with canvas(height, left=48, bottom=58 + 17 * len(found.series)) as (figure, axes):
        axes.grid(axis="y", lw=0.6)
        axes.set_axisbelow(True)
        numbers = found.numbers
        if found.logarithmic:
            axes.set_xscale("log")
        tips: dict[str, str] = {}
        for place, series in enumerate(found.series):
            shift = 0.0 if numbers else STEP * (place - (len(found.series) - 1) / 2)
            at = [numbers[found.levels.index(n)] if numbers else found.levels.index(n) for n, _ in series.points]
            _series(axes, place, series, [x + shift for x in at], found, tips)
        _levels(axes, found.levels, numbers)
        axes.set_ylim(-4, 104)
        axes.set_yticks([0, 25, 50, 75, 100], ["0%", "25%", "50%", "75%", "100%"])
        axes.tick_params(axis="y", labelcolor=svg.MUTED)
        axes.set_xlabel(found.axis)
        legend(figure, axes)
        return svg.inline(figure, name=name, title=title, description="; ".join(tips.values()), tips=tips)


def _series(axes: Axes, place: int, series: Series, at: Sequence[float], found: Curve, tips: dict[str, str]) -> None:
    colour = svg.SERIES[place % len(svg.SERIES)]
    shown = [cell for _, cell in series.points]
    values = [100 * cell.value for cell in shown]
    ranged = [
        (x, 100 * cell.low, 100 * cell.high)
        for x, cell in zip(at, shown, strict=True)
        if cell.low is not None and cell.high is not None
    ]
    if found.numbers and len(ranged) > 1:
        axes.fill_between([x for x, *_ in ranged], [y for _, y, _ in ranged], [y for *_, y in ranged], color=colour,
                          alpha=0.16, lw=0)  # fmt: skip
    else:
        for x, low, high in ranged:
            axes.plot([x, x], [low, high], lw=1.6, color=colour)
    axes.plot(at, values, ls="-" if found.numbers else "none", lw=1.8, marker=MARKERS[place % len(MARKERS)], ms=6.5,
              color=colour, label=short(series.label, 48), gid=f"l{place}")  # fmt: skip
    told = ", ".join(f"{level}: {cell}" for level, cell in series.points)
    tips[f"l{place}"] = f"{series.label}, {found.column.name}, by {found.axis}: {told}"


def _levels(axes: Axes, levels: Sequence[str], numbers: Sequence[float] | None) -> None:
    from matplotlib.ticker import NullLocator

    places = list(numbers) if numbers else list(range(len(levels)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(places, [short(level, 14) for level in levels])
    if not numbers:
        axes.set_xlim(-0.5, len(levels) - 0.5)
