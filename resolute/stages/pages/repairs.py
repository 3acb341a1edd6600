"""What repairs changed, before and after, on pages for the quarantine: they hold risky text and run no script."""

from __future__ import annotations

import base64
import difflib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from markupsafe import Markup

from resolute.core.files import atomic
from resolute.core.records import Trace
from resolute.core.repair.outcomes import RepairAttempt
from resolute.core.repair.spans import sentences
from resolute.stages.pages.write import environment

ROWS = 100
"""Repairs on a page."""
LONGEST = 3_000
"""Sentences that are compared one by one; a longer stretch between what both begin and end with is shown whole."""


@dataclass(frozen=True)
class Shown:
    """A repair: the trace before and after, and what came of it."""

    before: Trace
    after: Trace
    attempt: RepairAttempt


@dataclass(frozen=True)
class Piece:
    """A stretch of a text that stands in both, or in one alone."""

    side: Literal["both", "before", "after"]
    text: str


def pieces(before: str, after: str) -> list[Piece]:
    """What two texts share and where they part, by sentences: the pieces of a side, joined, are its text."""
    old, new = _cut(before), _cut(after)
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    mid_old, mid_new = old[head : len(old) - tail], new[head : len(new) - tail]
    found = [Piece("both", "".join(old[:head]))]
    if max(len(mid_old), len(mid_new)) > LONGEST:
        found += [Piece("before", "".join(mid_old)), Piece("after", "".join(mid_new))]
    else:
        for _, a, b, c, d in difflib.SequenceMatcher(None, mid_old, mid_new, autojunk=False).get_opcodes():
            same = mid_old[a:b] == mid_new[c:d]
            found += [Piece("both", "".join(mid_old[a:b]))] if same else []
            found += [] if same else [Piece("before", "".join(mid_old[a:b])), Piece("after", "".join(mid_new[c:d]))]
    found.append(Piece("both", "".join(old[len(old) - tail :])))
    return [piece for piece in found if piece.text]


def write_pages(shown: Sequence[Shown], folder: Path) -> None:
    """`repairs.html`, `repairs-2.html`, ...: kept ones first, then by trace and attempt."""
    ranked = sorted(shown, key=lambda one: (one.attempt.outcome != "kept", one.attempt.trace, one.attempt.attempt))
    pages = [ranked[start : start + ROWS] for start in range(0, len(ranked), ROWS)] or [[]]
    names = ["repairs.html", *(f"repairs-{number}.html" for number in range(2, len(pages) + 1))]
    for old in folder.glob("repairs*.html"):
        old.unlink()
    css = environment().loader.get_source(environment(), "repairs.css")[0]  # type: ignore[union-attr]
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    for number, (name, rows) in enumerate(zip(names, pages, strict=True)):
        page = environment().get_template("repairs.html.j2")
        text = page.render(
            css=Markup(css),  # noqa: S704 - our own file, and its hash is in the policy
            policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
            rows=[(one, *_parts(one)) for one in rows],
            names=names,
            number=number,
            total=len(ranked),
        )
        with atomic(folder / name, "w") as stream:
            stream.write(text)


def _parts(one: Shown) -> tuple[list[Piece], list[Piece]]:
    return pieces(one.before.reasoning, one.after.reasoning), pieces(one.before.answer, one.after.answer)


def _cut(text: str) -> list[str]:
    """Sentences and the white space between them, in order."""
    borders = sorted({0, len(text), *(border for span in sentences(text) for border in span)})
    return [text[start:end] for start, end in pairwise(borders)]


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many of them both begin with."""
    for number, (first, second) in enumerate(zip(one, other, strict=False)):
        if first != second:
            return number
    return min(len(one), len(other))
