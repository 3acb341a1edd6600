"""The pictures: rates with intervals by attack, cost against gain, patterns, thought against answer, loss curves.

Each picture is at most 400 units wide, so that it is read on a phone unshrunk; wide screens put several side by side.
Every number in a picture stands in a table too.
"""

from __future__ import annotations

import textwrap
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resolute.core.rates import Rate
from resolute.stages.pages import svg
from resolute.stages.pages.shares import Share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 380


@dataclass(frozen=True)
class Point:
    """One estimate to draw; shares, not percent. `seeds` are drawn faintly behind it where there are several."""

    label: str
    value: float
    low: float | None
    high: float | None
    tip: str
    seeds: Sequence[float] = ()
    muted: bool = False


@contextmanager
def canvas(height: float, *, left: float, bottom: float = 38, top: float = 8) -> Generator[tuple[Figure, Axes]]:
    """A figure with one set of axes; margins in the same units as the width."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(svg.SETTINGS):
        figure = Figure(figsize=(WIDTH / 72, height / 72))
        axes = figure.add_axes(
            (left / WIDTH, bottom / height, (WIDTH - left - 14) / WIDTH, 1 - (bottom + top) / height)
        )
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.tick_params(length=0, pad=5)
        yield figure, axes


def forest(name: str, title: str, points: Sequence[Point], *, axis: str) -> svg.Drawing:
    """One dot with its interval per label, over a share from 0 to 100%; the first muted point's value is a guide."""
    height = 32 * len(points) + 46
    with canvas(height, left=140) as (figure, axes):
        _percent(axes, axis)
        guide = next((point.value for point in points if point.muted), None)
        if guide is not None:
            axes.axvline(100 * guide, color=svg.MUTED, lw=0.8, ls=(0, (3, 3)), zorder=1)
        tips: dict[str, str] = {}
        for place, point in enumerate(points):
            _estimate(axes, place, point, svg.MUTED if point.muted else svg.SERIES[0], tips)
        _rows(axes, [point.label for point in points])
        spoken = "; ".join(point.tip for point in points)
        return svg.inline(figure, name=name, title=title, description=spoken, tips=tips)


def _estimate(axes: Axes, place: int, point: Point, colour: str, tips: dict[str, str]) -> None:
    for seed in point.seeds if len(point.seeds) > 1 else ():
        axes.plot([100 * seed], [place], "|", ms=9, mew=1.2, color=colour, alpha=0.6, zorder=2, clip_on=False)
    if point.low is not None and point.high is not None:
        axes.plot(
            [100 * point.low, 100 * point.high],
            [place, place],
            lw=2.2,
            color=colour,
            zorder=3,
            gid=f"b{place}",
            clip_on=False,
        )
        tips[f"b{place}"] = point.tip
    face = svg.PAPER if point.muted else colour
    axes.plot(
        [100 * point.value],
        [place],
        "o",
        ms=7.5,
        mfc=face,
        mec=colour,
        mew=1.6,
        zorder=4,
        gid=f"p{place}",
        clip_on=False,
    )
    tips[f"p{place}"] = point.tip


def bars(name: str, title: str, names: Sequence[str], stages: Sequence[tuple[str, Sequence[Rate]]]) -> svg.Drawing:
    """A bar with its interval per name and stage, from the first stage (grey) down to the last (blue)."""
    height = (20 + 9 * len(stages)) * len(names) + 48
    colours = (svg.MUTED, svg.SERIES[1], svg.SERIES[0]) if len(stages) > 2 else (svg.MUTED, svg.SERIES[0])
    with canvas(height, left=128) as (figure, axes):
        _percent(axes, "share of traces with the pattern")
        tips: dict[str, str] = {}
        for side, ((said, rates), colour) in enumerate(zip(stages, colours, strict=True)):
            for place, found in enumerate(rates):
                if not found.n:
                    continue
                step = 0.76 / len(stages)
                at, gid = place + step * (side - (len(stages) - 1) / 2), f"r{place}{side}"
                alpha = 0.9 if side else 0.45
                axes.barh(at, 100 * found.value, 0.84 * step, color=colour, alpha=alpha, gid=gid, zorder=2)
                axes.plot([100 * found.low, 100 * found.high], [at, at], lw=1.3, color=svg.INK, zorder=3)
                tips[gid] = f"{names[place]}, {said}: {found}"
        _rows(axes, names)
        spoken = "; ".join(
            f"{label}: " + ", ".join(f"{said} {rates[place]}" for said, rates in stages)
            for place, label in enumerate(names)
        )
        return svg.inline(figure, name=name, title=title, description=spoken, tips=tips)


def stacks(name: str, title: str, labels: Sequence[str], shares: Sequence[Mapping[str, Share]]) -> svg.Drawing:
    """One bar of 100% per label, cut into classes that exclude each other."""
    names = list(shares[0])
    colours = dict(zip(names, (svg.SERIES[2], svg.SERIES[1], svg.SERIES[4], svg.SERIES[3]), strict=False))
    height = 32 * len(labels) + 88
    with canvas(height, left=140, bottom=78) as (figure, axes):
        _percent(axes, "share of outputs under attack")
        tips: dict[str, str] = {}
        for place, found in enumerate(shares):
            left = 0.0
            for part in names:
                width, gid = 100 * found[part].value, f"k{place}-{names.index(part)}"
                if not width:
                    continue
                colour = colours.get(part, svg.MUTED if part == "no answer" else svg.GRID)
                axes.barh(place, width, 0.6, left=left, color=colour, ec=svg.PAPER, lw=0.8, gid=gid, zorder=2)
                tips[gid] = f"{labels[place]}, {part}: {found[part]}"
                left += width
        _rows(axes, labels)
        _classes(figure, names, colours)
        spoken = "; ".join(
            f"{label}: " + ", ".join(f"{part} {rate}" for part, rate in found.items())
            for label, found in zip(labels, shares, strict=True)
        )
        return svg.inline(figure, name=name, title=title, description=spoken, tips=tips)


def _classes(figure: Figure, names: Sequence[str], colours: Mapping[str, str]) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(fc=colours.get(n, svg.MUTED if n == "no answer" else svg.GRID), ec="none", label=n) for n in names]
    columns = min(3, len(names))
    lines = [handles[column::columns] for column in range(columns)]  # a legend fills column by column
    figure.legend(
        handles=[one for line in lines for one in line],
        loc="lower left",
        ncols=columns,
        frameon=False,
        fontsize=11.5,
        handlelength=1,
        borderpad=0,
    )


def curves(name: str, title: str, runs: Sequence[tuple[str, Sequence[tuple[float, float]]]], top: float) -> svg.Drawing:
    """Loss over steps, one line per seed, on the scale all panels share."""
    with canvas(170, left=44) as (figure, axes):
        axes.grid(axis="y", lw=0.6)
        tips: dict[str, str] = {}
        for place, (label, points) in enumerate(runs):
            steps, values = [x for x, _ in points], [y for _, y in points]
            axes.plot(steps, values, lw=1.6, color=svg.SERIES[place % len(svg.SERIES)], gid=f"l{place}")
            tips[f"l{place}"] = f"{label}: {values[0]:.2f} to {values[-1]:.2f} in {steps[-1]:g} steps"
        axes.set_ylim(0, top)
        axes.set_xlabel("step")
        from matplotlib.ticker import MaxNLocator

        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.tick_params(axis="y", labelcolor=svg.MUTED)
        return svg.inline(figure, name=name, title=title, description="; ".join(tips.values()), tips=tips)


def _percent(axes: Axes, label: str) -> None:
    axes.set_xlim(-1, 101)
    axes.grid(axis="x", lw=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(label, fontsize=11.5)
    axes.set_xticks([0, 25, 50, 75, 100])
    percent_ticks(axes)


def percent_ticks(axes: Axes, *, both: bool = False) -> None:
    from matplotlib.ticker import FuncFormatter

    def written(value: float, _: int) -> str:
        return f"{value:g}%" if value >= 0 else ""

    form = FuncFormatter(written)
    axes.xaxis.set_major_formatter(form)
    if both:
        axes.yaxis.set_major_formatter(form)
        axes.tick_params(axis="y", labelcolor=svg.MUTED)


def _rows(axes: Axes, labels: Sequence[str]) -> None:
    """Labels down the left side, the first on top, on at most two lines each."""
    axes.set_yticks(range(len(labels)), [_wrapped(label) for label in labels], fontsize=12)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", pad=10)  # a dot at 0% hangs over the axis


def _wrapped(label: str) -> str:
    lines = textwrap.wrap(label, 19, max_lines=2, placeholder=" …")
    return "\n".join(lines)
