"""The training view: any training row, or any trace as if it were one, token by token, inside and outside the loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resolute.core.candidates import Candidate, example
from resolute.core.records import Example
from resolute.view.index.read import Index, Seen
from resolute.view.pages import page
from resolute.view.tokens import NAMES, Token, read, thought_of, trainings

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
    opened = request.app.state.opened
    index: Index = opened.index
    name = request.path_params["name"]
    found = index.example(name)
    if found is not None:
        maker, shown, place = found
        source = opened.material.named(maker)
        there = trainings(opened.material, source.digests["examples"])
        seen = None if place is None else index.seen([place])[0]
    else:
        seen = index.by_key(name)
        if seen is None:
            raise HTTPException(404, "There is no such row.")
        maker, shown, there = "", as_row(seen), []
    there += [thought_of(opened.model)] if opened.model else []
    if not there:
        what = (
            "No training of this run used this row. `resolute view RUN --model M` shows it as M would be trained on it."
        )
        raise HTTPException(404, what)
    chosen = next((one for one in there if one.key == request.query_params.get("training")), there[0])
    taken = read(shown, chosen)
    pages = max(1, -(-len(taken.tokens) // TOKENS))
    number = min(max(_whole(request.query_params.get("page", "")), 1), pages)
    before, after = index.rows_beside(name) if maker else ("", "")
    return page(
        request,
        "row.html.j2",
        row=shown,
        seen=seen,
        maker=maker,
        harmful=shown.kind in ("harmful", "unknown") or (seen is not None and seen.harmful),
        chosen=chosen,
        trainings=there,
        read=taken,
        stretches=stretches(taken.tokens[(number - 1) * TOKENS : number * TOKENS]),
        number=number,
        pages=pages,
        first=(number - 1) * TOKENS,
        before=before,
        after=after,
    )


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
