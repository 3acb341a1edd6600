"""One trace: what was asked, what was thought and answered, what instruments said of it, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resolute.core.records import Verdict
from resolute.stages.pages.repairs import Piece, pieces
from resolute.view.evidence import evidence
from resolute.view.filters import Filters, parsed
from resolute.view.index.read import Index, Seen
from resolute.view.index.search import plain
from resolute.view.index.words import word
from resolute.view.listing import position
from resolute.view.pages import page


@dataclass(frozen=True)
class Place:
    """Where a trace stands in the list it was opened from: `number` of `total`, 0 where it is not in it."""

    number: int
    total: int
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """A repaired trace beside the one it was made from."""

    before: Seen
    after: Seen
    thought: list[Piece]
    answer: list[Piece]


@dataclass(frozen=True)
class Said:
    """A verdict as it is shown."""

    verdict: Verdict
    word: str
    source: str


def trace(request: Request) -> Response:
    """`GET /trace/KEY`, with the filters of the list it was opened from."""
    opened = request.app.state.opened
    index: Index = opened.index
    seen = index.by_key(request.path_params["key"])
    if seen is None:
        raise HTTPException(404, "There is no such trace.")
    asked = parsed(request.query_params.multi_items())
    marked = opened.marks.keys()
    about = index.about(seen.n)
    repairs = index.made_from(seen.trace.id)
    return page(
        request,
        "trace.html.j2",
        seen=seen,
        asked=asked,
        place=_place(index, seen, asked, marked),
        marked=seen.key in marked,
        evidence=evidence(seen.trace, [report for _, report in about.risks], plain(asked.text)),
        verdicts=[Said(one, word(one.model_dump()), source) for source, one in about.verdicts],
        about=about,
        original=index.by_key(seen.trace.original) if seen.trace.original else None,
        repairs=repairs,
        difference=difference(index, seen),
        examples=index.rows.of_trace(seen.n),
        source=opened.material.named(seen.source),
        logs=opened.material.logs(seen.source),
    )


def _place(index: Index, seen: Seen, asked: Filters, marked: list[str]) -> Place:
    order = index.order(asked, marked)
    at = position(index, order, seen.key)
    if at < 0:
        return Place(0, len(order), "", "")
    around: list[Any] = [at - 1, at + 1]
    keys = ["" if not 0 <= n < len(order) else index.key(int(order[n])) for n in around]
    return Place(at + 1, len(order), *keys)


def difference(index: Index, seen: Seen) -> Difference | None:
    """What a repair changed; None where this is none, or where what it was made from is not here."""
    before = index.by_key(seen.trace.original) if seen.trace.original else None
    if before is None:
        return None
    old, new = before.trace, seen.trace
    return Difference(before, seen, pieces(old.reasoning, new.reasoning), pieces(old.answer, new.answer))


ROUTES = [Route("/trace/{key:path}", trace)]
