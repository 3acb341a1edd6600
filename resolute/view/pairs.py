"""Two models side by side on the same prompt, and one goal under every attack, strategy and framing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resolute.core.people.forms import WORDS
from resolute.view.evidence import Evidence, evidence
from resolute.view.index.opinions import NO, YES
from resolute.view.index.read import Index, Seen
from resolute.view.index.words import word
from resolute.view.pages import page
from resolute.view.trace import Said

MOST = 400
"""Traces of one goal that are laid out on one page."""


@dataclass(frozen=True)
class Column:
    """One side of a pair."""

    seen: Seen
    evidence: Evidence
    verdicts: list[Said]


def beside(request: Request) -> Response:
    """`GET /beside`: `left` and `right` models, `show` which pairs, and `at` a trace of either."""
    index: Index = request.app.state.opened.index
    asked = request.query_params
    models = index.compared()
    left, right = _models(models, asked.get("left", ""), asked.get("right", ""))
    shows = {"": "all pairs", "differ": "verdicts differ", **_directions(index)}
    show = asked.get("show", "") if asked.get("show", "") in shows else ""
    pairs = _kept(index, index.slots(left, right) if left and right else [], show)
    at = index.place(asked.get("at", ""))
    here = next((number for number, pair in enumerate(pairs) if at in pair), 0)
    shown = [_column(index, seen) for seen in index.seen(pairs[here])] if pairs else []

    def address(number: int) -> str:
        """Of another pair; empty beyond the ends."""
        if not 0 <= number < len(pairs):
            return ""
        return "/beside?" + urlencode({"left": left, "right": right, "show": show, "at": index.key(pairs[number][0])})

    return page(
        request,
        "beside.html.j2",
        models=sorted({name for pair in models for name in pair}),
        left=left,
        right=right,
        shows=shows,
        show=show,
        columns=shown,
        number=here + 1,
        total=len(pairs),
        before=address(here - 1),
        after=address(here + 1),
    )


def _models(models: dict[tuple[str, str], int], left: str, right: str) -> tuple[str, str]:
    """What was asked for, else the two with the most prompts in common (the first to be asked to the left)."""
    if not models:
        return "", ""
    fitting = [pair for pair in models if left in ("", pair[0]) and right in ("", pair[1])] or list(models)
    best = max(fitting, key=lambda pair: models[pair])
    return left or best[0], right or best[1]


def _directions(index: Index) -> dict[str, str]:
    """Ways in which a verdict can turn from left to right, in words."""
    found: dict[str, str] = {}
    for what, part, _ in sorted(index.said):
        if part and what in WORDS:
            yes, no = next(words for event, words in WORDS.items() if event == what)
            found[f"fell|{what}|{part}"] = f"{part}: left {yes}, right {no}"
            found[f"rose|{what}|{part}"] = f"{part}: left {no}, right {yes}"
    return found


def _kept(index: Index, pairs: list[tuple[int, int]], show: str) -> list[tuple[int, int]]:
    """The pairs in which some instrument's verdict turns as asked for."""
    import numpy as np

    if not show or not pairs:
        return pairs
    left, right = np.array(pairs).T
    kept = np.zeros(len(pairs), dtype=bool)
    way, _, rest = show.partition("|")
    for (what, part, _), said in index.said.items():
        if rest and rest != f"{what}|{part}":
            continue
        if way in ("fell", "differ"):
            kept |= (said[left] == YES) & (said[right] == NO)
        if way in ("rose", "differ"):
            kept |= (said[left] == NO) & (said[right] == YES)
    return [pair for pair, keep in zip(pairs, kept, strict=True) if keep]


def _column(index: Index, seen: Seen) -> Column:
    about = index.about(seen.n)
    verdicts = [Said(one, word(one.model_dump()), source) for source, one in about.verdicts]
    return Column(seen, evidence(seen.trace, [report for _, report in about.risks]), verdicts)


@dataclass(frozen=True)
class Way:
    """A row of the page of a goal: how it was asked."""

    task: str
    attack: str
    strategy: str
    framing: str
    sample: int
    repaired: str


@dataclass(frozen=True)
class Cell:
    """What one model made of one way."""

    seen: Seen
    outcomes: list[str]
    patterns: list[str]


def goal(request: Request) -> Response:
    """`GET /goal/KEY`: one goal in every way it was asked (rows), by model (columns)."""
    index: Index = request.app.state.opened.index
    found, total = index.by_goal(request.path_params["goal"], MOST)
    if not found:
        raise HTTPException(404, "There is no such goal.")
    table: dict[Way, dict[str, list[Cell]]] = {}
    for seen in found:
        one = seen.trace
        way = Way(one.task, one.attack, one.strategy, one.prompt.framing, one.sample, one.repaired)
        labels: dict[str, Any] = {name: index.facets[name].of(seen.n) for name in ("outcome", "pattern")}
        cell = Cell(seen, labels["outcome"], [label for label in labels["pattern"] if label != "none found"])
        table.setdefault(way, {}).setdefault(seen.who, []).append(cell)
    models = list(dict.fromkeys(seen.who for seen in found))
    ordered = sorted(table.items(), key=lambda item: (item[0].task, item[0].attack, item[0].strategy, item[0].framing))
    return page(request, "goal.html.j2", first=found[0], table=ordered, models=models, total=total, most=MOST)


ROUTES = [Route("/beside", beside), Route("/goal/{goal}", goal)]
