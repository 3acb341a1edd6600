"""Cost against gain: one mark per row, with both intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resolute.stages.pages import svg
from resolute.stages.pages.charts import WIDTH, Point, canvas, percent_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "D", "^", "v", "P", "X", "p")


@dataclass(frozen=True)
class Spot:
    """One label in the plane of cost against gain."""

    label: str
    x: Point
    y: Point
    front: bool


def plane(name: str, title: str, spots: Sequence[Spot], *, across: str, up: str, right: bool = False) -> svg.Drawing:
    """Two shares against each other with both intervals; labels that no other beats in both are joined.

    Less is better up; across too, unless `right`.
    """
    height = 300 + 17 * len(spots)
    with canvas(height, left=48, bottom=46 + 17 * len(spots)) as (figure, axes):
        axes.spines["left"].set_visible(True)
        axes.grid(lw=0.6)
        axes.set_axisbelow(True)
        front = sorted((spot.x.value, spot.y.value) for spot in spots if spot.front)
        axes.step(
            [100 * x for x, _ in front],
            [100 * y for _, y in front],
            where="pre" if right else "post",
            color=svg.MUTED,
            lw=1,
            ls=(0, (3, 3)),
        )
        tips: dict[str, str] = {}
        for place, spot in enumerate(spots):
            _spot(axes, place, spot, tips)
        for set_limits, values in (
            (axes.set_xlim, [spot.x for spot in spots]),
            (axes.set_ylim, [spot.y for spot in spots]),
        ):
            least = 100 * min(point.value if point.low is None else point.low for point in values)
            most = 100 * max(point.high or point.value for point in values) + 4
            set_limits(max(-3.0, least - 5) if least > 25 else -3.0, min(103.0, max(12.0, most)))
        axes.set_xlabel(across, fontsize=12)
        axes.set_ylabel(up, fontsize=12)
        percent_ticks(axes, both=True)
        legend(figure, axes)
        spoken = "; ".join(f"{spot.x.tip} and {spot.y.tip}" for spot in spots)
        return svg.inline(figure, name=name, title=title, description=spoken, tips=tips)


def _spot(axes: Axes, place: int, spot: Spot, tips: dict[str, str]) -> None:
    colour = svg.MUTED if spot.x.muted else svg.SERIES[place % len(svg.SERIES)]
    for point, other, across in ((spot.x, spot.y, True), (spot.y, spot.x, False)):
        if point.low is not None and point.high is not None:
            band, fixed = [100 * point.low, 100 * point.high], [100 * other.value] * 2
            axes.plot(band if across else fixed, fixed if across else band, lw=1.1, color=colour, alpha=0.55)
    axes.plot(
        [100 * spot.x.value],
        [100 * spot.y.value],
        MARKERS[place % len(MARKERS)],
        ms=8,
        mfc=svg.PAPER if spot.x.muted else colour,
        mec=colour,
        mew=1.6,
        ls="none",
        label=short(spot.label, 48),
        gid=f"p{place}",
        zorder=5,
    )
    tips[f"p{place}"] = f"{spot.x.tip}; {spot.y.tip}"


def legend(figure: Figure, axes: Axes) -> None:
    """What the marks mean, below the axes."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(40 / WIDTH, 0),
        frameon=False,
        fontsize=12,
        labelspacing=0.42,
        borderpad=0.2,
        handletextpad=0.6,
    )


def short(label: str, limit: int) -> str:
    """A label of at most so many characters."""
    return label if len(label) <= limit else label[: limit - 1] + "…"
