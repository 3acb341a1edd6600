"""The training view: any training row, or any trace as if it were one, token by token, inside and outside the loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resolute.core.curation.candidates import Candidate, example
from resolute.core.records import Example
from resolute.view.index.read import Index, Seen
from resolute.view.index.training import Row, rows_asked
from resolute.view.pages import page
from resolute.view.tokens import NAMES, Token, Training, read, thought_of, trainings

if TYPE_CHECKING:
    from resolute.view.app import Opened

TOKENS = 3_000
"""Tokens on a page of a row."""


@dataclass(frozen=True)
class Stretch:
    """Tokens that follow each other in one part and on one side of the loss."""

    name: str
    in_loss: bool
    tokens: list[Token]


def row(request: Request) -> Response:
    """`GET /row/ID`: a training row, or a trace by its key; `training` is the key of one, `page` counts from 1."""
    opened: Opened = request.app.state.opened
    index: Index = opened.index
    name = request.path_params["name"]
    asked = rows_asked(request.query_params.multi_items())
    shown, seen, makers = _found(index, name)
    there = _trainings(opened, makers)
    values: dict[str, Any] = {
        "row": shown,
        "seen": seen,
        "makers": makers,
        "asked": asked,
        "harmful": shown.kind in ("harmful", "unknown") or (seen is not None and seen.harmful),
        "before": _id(index.rows.before(asked, name, 1)) if makers else "",
        "after": _id(index.rows.after(asked, name, 1)) if makers else "",
    }
    if not there and not makers:
        what = "This trace is no training row. `resolute view RUN --model M` shows it as M would be trained on it."
        raise HTTPException(404, what)
    if not there:
        return page(request, "row-words.html.j2", **values, chosen=None)
    chosen = next((one for one in there if one.key == request.query_params.get("training")), there[0])
    taken = read(shown, chosen)
    pages = max(1, -(-len(taken.tokens) // TOKENS))
    number = min(max(_whole(request.query_params.get("page", "")), 1), pages)
    return page(
        request,
        "row.html.j2",
        **values,
        chosen=chosen,
        trainings=there,
        read=taken,
        stretches=stretches(taken.tokens[(number - 1) * TOKENS : number * TOKENS]),
        number=number,
        pages=pages,
        first=(number - 1) * TOKENS,
    )


def _found(index: Index, name: str) -> tuple[Example, Seen | None, list[str]]:
    """A row by its id, or a trace by its key as the row it would become: the row, its trace, who made it (nobody)."""
    found = index.rows.by_id(name)
    if found is not None:
        return found.example, None if found.n is None else index.seen([found.n])[0], found.makers
    seen = index.by_key(name)
    if seen is None:
        raise HTTPException(404, "There is no such row.")
    return as_row(seen), seen, []


def _trainings(opened: Opened, makers: Sequence[str]) -> list[Training]:
    """Trainings that used a row, and the one that is thought of."""
    digests = [opened.material.named(maker).digests.get("examples", "") for maker in makers]
    used = [one for digest in dict.fromkeys(digests) if digest for one in trainings(opened.material, digest)]
    return used + ([thought_of(opened.model)] if opened.model else [])


def _id(rows: Sequence[Row]) -> str:
    return rows[0].example.id if rows else ""


def as_row(seen: Seen) -> Example:
    """The row a trace would become if it were curated."""
    return example(Candidate(seen.source, seen.trace))


def stretches(tokens: Sequence[Token]) -> list[Stretch]:
    """Tokens by part and side of the loss, in their order."""
    return [
        Stretch(NAMES[kind], in_loss, list(some))
        for (kind, in_loss), some in groupby(tokens, key=lambda token: (token.kind, token.in_loss))
    ]


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1


ROUTES = [Route("/row/{name:path}", row)]
