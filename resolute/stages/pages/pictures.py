"""Which pictures a report has, made from its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from resolute.core.records import PATTERNS
from resolute.stages.pages import charts, curve, plane
from resolute.stages.pages.columns import Column
from resolute.stages.pages.shown import Shown
from resolute.stages.pages.svg import Drawing
from resolute.stages.pages.training import PATTERN_NAMES, PatternSet
from resolute.stages.pages.view import GARBLED_LIMIT, Line, Page


@dataclass(frozen=True)
class Picture:
    """An inline SVG, the heading above it and a line below that."""

    title: str
    svg: Drawing
    file: str
    """What its file is called."""
    about: str = ""


@dataclass(frozen=True)
class Pictures:
    """All pictures of a report; what there are no data for is left out."""

    forests: Sequence[Picture]
    clean: Sequence[Picture]
    """Of garbled answers, where they are few in every row."""
    planes: Sequence[Picture]
    patterns: Sequence[Picture]
    """Of training sets in which some pattern was found."""
    pairings: Picture | None
    losses: Sequence[Picture]
    curves: Sequence[Picture]

    @property
    def all(self) -> list[Picture]:
        """Every picture, in the order of the page."""
        pairings = [self.pairings] if self.pairings else []
        return [*self.planes, *self.forests, *self.clean, *self.curves, *self.patterns, *pairings, *self.losses]


def draw(page: Page) -> Pictures:
    """Draw everything; the same page gives the same bytes."""
    clean = [place for place, column in enumerate(page.columns) if column.event == "garbled" and _few(page, place)]
    rest = [place for place in range(len(page.columns)) if place not in clean]
    forests, folded = _forests(page, rest), _forests(page, clean)
    return Pictures(forests, folded, _planes(page), _patterns(page), _pairings(page), _losses(page), _curves(page))


def _few(page: Page, place: int) -> bool:
    return all(_value(line, place) < GARBLED_LIMIT for line in page.lines)


def _forests(page: Page, places: Sequence[int]) -> list[Picture]:
    found: list[Picture] = []
    for place in places:
        column = page.columns[place]
        pairs = [(line, line.shown[place]) for line in page.lines]
        points = [_point(line, shown, column) for line, shown in pairs if shown is not None and shown.points]
        if points:
            direction = "higher is better" if column.better == "high" else "lower is better"
            axis = f"{column.title.lower()} ({direction})"
            svg = charts.forest(f"forest{place}", column.name, points, axis=axis)
            found.append(Picture(column.name, svg, f"rates {column.name}"))
    return found


def _point(line: Line, shown: Shown, column: Column) -> charts.Point:
    tip = f"{line.label}, {column.name}: {shown}"
    return charts.Point(line.label, shown.value, shown.low, shown.high, tip, shown.points, line.kind == "raw")


def _planes(page: Page) -> list[Picture]:
    """The attack that succeeds most on average over all rows, against over-refusal and against each accuracy."""
    attacked = [place for place, column in enumerate(page.columns) if column.event == "unsafe"]
    if not attacked:
        return []
    up = max(attacked, key=lambda place: sum(_value(line, place) for line in page.lines))
    refused = [p for p, column in enumerate(page.columns) if column.event == "refused" and column.better == "low"][:1]
    solved = [place for place, column in enumerate(page.columns) if column.event == "correct"]
    return [found for across in (*refused, *solved) if (found := _plane(page, up, across)) is not None]


def _plane(page: Page, up: int, across: int) -> Picture | None:
    column, right = page.columns[across], page.columns[across].better == "high"
    spots: list[tuple[charts.Point, charts.Point, str]] = []
    for line in page.lines:
        x, y = line.shown[across], line.shown[up]
        if x is not None and y is not None and x.points and y.points:
            spots.append((_point(line, x, column), _point(line, y, page.columns[up]), line.label))
    if len(spots) < 2:
        return None
    drawn = [plane.Spot(label, x, y, front=not beaten(x, y, spots, right=right)) for x, y, label in spots]
    name = f"{column.title.lower()}" if column.event == "refused" else f"{column.title.lower()}, {column.detail}"
    title = f"Attack success ({page.columns[up].detail}) against {name}"
    up_title = f"attack success, {page.columns[up].detail}"
    svg = plane.plane(f"plane{across}", title, drawn, across=name, up=up_title, right=right)
    about = f"Down and {'right' if right else 'left'} is better.{front_sentence(drawn)}{_chosen(page, up)}"
    return Picture(title, svg, f"plane {name}", about)


def front_sentence(drawn: Sequence[plane.Spot]) -> str:
    """What the line says; nothing where there is none to see."""
    if len({(spot.x.value, spot.y.value) for spot in drawn if spot.front}) < 2:
        return ""
    return (
        " The dashed line joins the rows for which no other is at least as good in both and better in one: by the "
        "rates alone, whatever their intervals."
    )


def _chosen(page: Page, up: int) -> str:
    """Why this attack of several."""
    several = sum(column.event == "unsafe" for column in page.columns) > 1
    return f" Of the attacks, {page.columns[up].detail} succeeds most on average over the rows." if several else ""


def _value(line: Line, place: int) -> float:
    shown = line.shown[place]
    return shown.value if shown is not None and shown.points else 0.0


def beaten(
    x: charts.Point, y: charts.Point, spots: Sequence[tuple[charts.Point, charts.Point, str]], *, right: bool
) -> bool:
    """Another row is at least as good in both and better in one; more is better across if `right`."""
    sign = -1 if right else 1
    return any(
        sign * a.value <= sign * x.value and b.value <= y.value and (a.value, b.value) != (x.value, y.value)
        for a, b, _ in spots
    )


def _patterns(page: Page) -> list[Picture]:
    names = [PATTERN_NAMES[pattern] for pattern in PATTERNS]
    found: list[Picture] = []
    for place, item in enumerate(page.patterns):
        if item.free:
            continue
        stages = [(said, [rates[name] for name in PATTERNS]) for said, _, rates in item.stages]
        title, about = f"Patterns of {item.label}", f"Harmful traces: {_counts(item)}"
        svg = charts.bars(f"patterns{place}", title, names, stages)
        found.append(Picture(item.label, svg, f"patterns {item.label}", about))
    return found


def _counts(item: PatternSet) -> str:
    return ", ".join(f"{count:,} {said}" for said, count, _ in item.stages)


def _pairings(page: Page) -> Picture | None:
    if not page.pairings:
        return None
    labels, shares = [item.label for item in page.pairings], [item.shares for item in page.pairings]
    title = "Thought and answer under attack"
    return Picture(title, charts.stacks("pairings", title, labels, shares), "matrix")


def _losses(page: Page) -> list[Picture]:
    top = max((value for run in page.losses for _, value in run.points), default=1.0) * 1.05
    found: list[Picture] = []
    for place, label in enumerate(dict.fromkeys(run.label for run in page.losses)):
        runs = [(f"{label}, {run.run}", run.points) for run in page.losses if run.label == label]
        svg = charts.curves(f"loss{place}", f"Training loss of {label}", runs, top)
        found.append(Picture(label, svg, f"loss {label}"))
    return found


def _curves(page: Page) -> list[Picture]:
    found: list[Picture] = []
    for place, item in enumerate(page.curves):
        title = f"{item.column.name}, by {item.axis}"
        found.append(Picture(title, curve.curve(f"curve{place}", title, item), f"curve {item.axis} {item.column.name}"))
    return found
