"""The training rows: filters with counts that follow them, and a page of rows."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resolute.view.index.read import Index
from resolute.view.index.training import ROW_FACETS, Row, rows_asked
from resolute.view.listing import EXCERPT, ROWS, Choice, Window, choice
from resolute.view.pages import page


@dataclass(frozen=True)
class RowLine:
    """A training row in the list."""

    row: Row
    excerpt: str
    harmful: bool


def rowlist(request: Request) -> Response:
    """`GET /rows`: filters, and `after` or `before` a row's id."""
    index: Index = request.app.state.opened.index
    if not index.rows.size:
        raise HTTPException(404, "There are no training rows here: `curate` makes them.")
    asked = rows_asked(request.query_params.multi_items())
    before, after = request.query_params.get("before"), request.query_params.get("after", "")
    rows = index.rows.after(asked, after, ROWS) if before is None else index.rows.before(asked, before, ROWS)
    if before is not None and len(rows) < ROWS:
        rows = index.rows.after(asked, "", ROWS)
    end = index.rows.total(asked, until=rows[-1].example.id) if rows else 0
    shown = Window(end - len(rows), end, index.rows.total(asked))
    lines = [_line(index, one) for one in rows]
    facets: dict[str, Choice] = {name: choice(labels) for name, labels in index.rows.counts(asked).items()}
    return page(request, "rowlist.html.j2", asked=asked, facets=facets, headings=ROW_FACETS, lines=lines, window=shown)


def _line(index: Index, row: Row) -> RowLine:
    asked = row.example.goal or next((one.content for one in row.example.messages if one.role == "user"), "")
    goal = " ".join(asked.split())
    excerpt = goal if len(goal) <= EXCERPT else goal[:EXCERPT] + " …"
    hidden = row.n is not None and index.seen([row.n])[0].harmful
    return RowLine(row, excerpt, hidden or row.example.kind in ("harmful", "unknown"))


ROUTES = [Route("/rows", rowlist)]
