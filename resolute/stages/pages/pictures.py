"""Which pictures a report has, made from its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from resolute.core.records import PATTERNS
from resolute.stages.pages import charts, plane
from resolute.stages.pages.columns import Column
from resolute.stages.pages.shown import Shown
from resolute.stages.pages.training import PATTERN_NAMES
from resolute.stages.pages.view import Line, Page


@dataclass(frozen=True)
class Picture:
    """An inline SVG, the heading above it and a line below that."""

    title: str
    svg: Markup
    about: str = ""


@dataclass(frozen=True)
class Pictures:
    """All pictures of a report; what there are no data for is left out."""

    forests: Sequence[Picture]
    plane: Picture | None
    patterns: Sequence[Picture]
    pairings: Picture | None
    losses: Sequence[Picture]


def draw(page: Page) -> Pictures:
    """Draw everything; the same page gives the same bytes."""
    return Pictures(_forests(page), _plane(page), _patterns(page), _pairings(page), _losses(page))


def _forests(page: Page) -> list[Picture]:
    found: list[Picture] = []
    for place, column in enumerate(page.columns):
        pairs = [(line, line.shown[place]) for line in page.lines]
        points = [_point(line, shown, column) for line, shown in pairs if shown is not None and shown.points]
        if points:
            direction = "higher is better" if column.better == "high" else "lower is better"
            axis = f"{column.title.lower()} ({direction})"
            found.append(Picture(column.name, charts.forest(f"forest{place}", column.name, points, axis=axis)))
    return found


def _point(line: Line, shown: Shown, column: Column) -> charts.Point:
    tip = f"{line.label}, {column.name}: {shown}"
    return charts.Point(line.label, shown.value, shown.low, shown.high, tip, shown.points, line.kind == "raw")


def _plane(page: Page) -> Picture | None:
    """The attack that succeeds most on average over all rows, against over-refusal."""
    refused = [
        place for place, column in enumerate(page.columns) if column.event == "refused" and column.better == "low"
    ]
    attacked = [place for place, column in enumerate(page.columns) if column.event == "unsafe"]
    if not refused or not attacked or len(page.lines) < 2:
        return None
    up = max(attacked, key=lambda place: sum(_value(line, place) for line in page.lines))
    across = refused[0]
    lines = [line for line in page.lines if _there(line, up) and _there(line, across)]
    if len(lines) < 2:
        return None
    spots: list[tuple[charts.Point, charts.Point, str]] = []
    for line in lines:
        x, y = line.shown[across], line.shown[up]
        if x is not None and y is not None:
            spots.append((_point(line, x, page.columns[across]), _point(line, y, page.columns[up]), line.label))
    drawn = [plane.Spot(label, x, y, front=not _beaten(x, y, spots)) for x, y, label in spots]
    title = f"Attack success ({page.columns[up].detail}) against over-refusal"
    svg = plane.plane("plane", title, drawn, across="over-refusal", up=f"attack success, {page.columns[up].detail}")
    return Picture(title, svg)


def _value(line: Line, place: int) -> float:
    shown = line.shown[place]
    return shown.value if shown is not None and shown.points else 0.0


def _there(line: Line, place: int) -> bool:
    shown = line.shown[place]
    return shown is not None and bool(shown.points)


def _beaten(x: charts.Point, y: charts.Point, spots: Sequence[tuple[charts.Point, charts.Point, str]]) -> bool:
    """Another row is at least as good in both and better in one."""
    return any(
        a.value <= x.value and b.value <= y.value and (a.value, b.value) != (x.value, y.value) for a, b, _ in spots
    )


def _patterns(page: Page) -> list[Picture]:
    names = [PATTERN_NAMES[pattern] for pattern in PATTERNS]
    found: list[Picture] = []
    for place, item in enumerate(page.patterns):
        before, after = [item.before[name] for name in PATTERNS], [item.after[name] for name in PATTERNS]
        title, about = f"Patterns of {item.label}", f"{item.kept} of {item.asked} traces kept"
        found.append(Picture(item.label, charts.bars(f"patterns{place}", title, names, before, after), about))
    return found


def _pairings(page: Page) -> Picture | None:
    if not page.pairings:
        return None
    labels, shares = [item.label for item in page.pairings], [item.shares for item in page.pairings]
    title = "Thought and answer under attack"
    return Picture(title, charts.stacks("pairings", title, labels, shares))


def _losses(page: Page) -> list[Picture]:
    top = max((value for run in page.losses for _, value in run.points), default=1.0) * 1.05
    found: list[Picture] = []
    for place, label in enumerate(dict.fromkeys(run.label for run in page.losses)):
        runs = [(f"{label}, seed {run.seed}", run.points) for run in page.losses if run.label == label]
        found.append(Picture(label, charts.curves(f"loss{place}", f"Training loss of {label}", runs, top)))
    return found
