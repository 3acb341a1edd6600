"""The list: filters with counts that follow them, a page of traces, and where each stands among the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from resolute.view.filters import Filters, parsed
from resolute.view.index.facets import Counted
from resolute.view.index.read import Index, Seen
from resolute.view.index.search import plain
from resolute.view.index.words import FACETS
from resolute.view.pages import page

ROWS = 50
"""Traces on a page of the list."""
LABELS = 60
"""Labels of a facet that are shown beside the chosen ones."""
EXCERPT = 200
"""Characters of a goal, or around what was searched for, in the list."""
SHOWN = ("outcome", "pattern", "disagree", "repair", "training")
"""Facets whose labels stand at a trace in the list."""


@dataclass(frozen=True)
class Line:
    """A trace in the list."""

    seen: Seen
    excerpt: str
    found: str
    """Around the first place where what was searched for stands; empty where it is not in thought or answer."""
    labels: dict[str, list[str]]
    marked: bool


@dataclass(frozen=True)
class Choice:
    """The labels of a facet that are shown, and how many are not."""

    labels: list[Counted]
    more: int


@dataclass(frozen=True)
class Window:
    """A page of an order, by places in it: `start` .. `end`-1 of `total`."""

    start: int
    end: int
    total: int


def listing(request: Request) -> Response:
    """`GET /`: filters, and `after` or `before` a trace's key."""
    opened = request.app.state.opened
    index: Index = opened.index
    if not index.size:
        return RedirectResponse("/rows", 303)
    asked = parsed(request.query_params.multi_items())
    marked = opened.marks.keys()
    order = index.order(asked, marked)
    shown = window(index, order, request.query_params.get("after"), request.query_params.get("before"))
    found = index.seen(order[shown.start : shown.end])
    lines = [_line(index, one, asked, marked) for one in found]
    return page(
        request,
        "list.html.j2",
        asked=asked,
        facets={name: choice(labels) for name, labels in index.counts(asked, marked).items()},
        headings=FACETS,
        lines=lines,
        window=shown,
        marks=len(marked),
    )


def window(index: Index, order: Any, after: str | None, before: str | None) -> Window:
    """The page behind or before a trace. A trace that is not in the order any more stands for its beginning."""
    total = len(order)
    if after is not None:
        start = position(index, order, after) + 1
        return Window(min(start, total), min(start + ROWS, total), total)
    if before is not None:
        end = max(position(index, order, before), 0)
        start = max(end - ROWS, 0)
        return Window(start, min(max(end, ROWS), total), total)
    return Window(0, min(ROWS, total), total)


def position(index: Index, order: Any, key: str) -> int:
    """Where a trace stands in an order; -1 where it does not."""
    import numpy as np

    place = index.place(key)
    found = np.flatnonzero(order == place) if place is not None else []
    return int(found[0]) if len(found) else -1


def choice(labels: list[Counted]) -> Choice:
    """The labels to show: those that are chosen, and as many of the others as people read."""
    shown = [one for place, one in enumerate(labels) if place < LABELS or one.chosen]
    return Choice(shown, len(labels) - len(shown))


def _line(index: Index, seen: Seen, asked: Filters, marked: list[str]) -> Line:
    labels = {name: index.facets[name].of(seen.n) for name in SHOWN}
    goal = " ".join(seen.trace.prompt.goal.split())
    short = goal if len(goal) <= EXCERPT else goal[:EXCERPT] + " …"
    return Line(seen, short, _around(seen, plain(asked.text)), labels, seen.key in marked)


def _around(seen: Seen, wanted: list[str]) -> str:
    for text in (seen.trace.reasoning, seen.trace.answer):
        lowered = text.lower()
        for one in wanted:
            at = lowered.find(one.lower())
            if at >= 0:
                start, end = max(at - EXCERPT // 2, 0), at + EXCERPT // 2
                cut = " ".join(text[start:end].split())
                return ("… " if start else "") + cut + (" …" if end < len(text) else "")
    return ""


ROUTES = [Route("/", listing)]
