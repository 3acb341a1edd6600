"""One self-contained file to send: a list of traces and the traces themselves, without a script or a request.

Harmful text is left out unless it is asked for, and the page says which. Nothing is cut: a page that would be too large
is refused, with what would narrow it. The same data and the same filters give the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from resolute.core.errors import ResoluteError
from resolute.core.files import atomic
from resolute.core.records import Verdict
from resolute.core.statistics.cells import HALF
from resolute.view.app import Opened
from resolute.view.evidence import Evidence, evidence
from resolute.view.filters import Filters, parsed
from resolute.view.index.read import Index, Seen
from resolute.view.index.words import FACETS, pattern, word
from resolute.view.pages import templates

MOST = 2_000
"""Traces on one page."""
LARGEST = 40_000_000
"""Characters of thoughts and answers on one page."""
_SINGLE = ("q", "min", "max", "marked", "sort")


@dataclass(frozen=True)
class Shown:
    """A trace on the page."""

    seen: Seen
    withheld: bool
    """Its words are left out."""
    verdicts: list[tuple[str, str]]
    """(instrument, part and verdict in a word)."""
    patterns: list[str]
    evidence: Evidence


@dataclass(frozen=True)
class Exported:
    """What was written."""

    traces: int
    withheld: int


def asked_for(index: Index, where: Iterable[str]) -> Filters:
    """The filters of `NAME=LABEL` words, named as in an address; raises `ResoluteError` for what is not there."""
    pairs: list[tuple[str, str]] = []
    for one in where:
        name, equals, label = one.partition("=")
        if not equals or name not in (*index.facets, *_SINGLE):
            names = ", ".join((*index.facets, *_SINGLE))
            raise ResoluteError(
                f"no such filter: {one[:60]!r}", where="--where", mend=f"NAME=LABEL, NAME one of: {names}"
            )
        if name in index.facets and label not in index.facets[name].labels:
            labels = index.facets[name].labels
            some = "; ".join(labels[:8]) + (f"; and {len(labels) - 8} more" if len(labels) > 8 else "")
            mend = f"one of: {some}" if labels else "nothing here can be filtered by it"
            raise ResoluteError(f"no trace has {name}={label[:60]!r}", where="--where", mend=mend)
        pairs.append((name, label))
    return parsed(pairs)


def write_export(shown: Opened, asked: Filters, path: Path, *, harmful: bool) -> Exported:
    """Write the page to `path`; refuses none and too many traces. `harmful`: with harmful text."""
    index = shown.index
    marked = shown.marks.keys()
    order = [int(place) for place in index.order(asked, marked)]
    _check_size(index, asked, order, marked)
    there = [_shown(index, seen, harmful=harmful) for seen in _in_pieces(index, order)]
    withheld = sum(one.withheld for one in there)
    css = "".join((files("resolute.view") / "static" / name).read_text("utf-8") for name in ("view.css", "export.css"))
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    text = (
        templates()
        .get_template("export.html.j2")
        .render(
            css=Markup(css),  # noqa: S704 - our own files, and their hash is in the policy
            policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
            there=there,
            total=index.size,
            withheld=withheld,
            harmful=harmful,
            filters=_said(asked, harmful=harmful),
            sources=sorted({one.seen.source for one in there}),
        )
    )
    with atomic(path, "w") as stream:
        stream.write(text)
    return Exported(len(there), withheld)


def _check_size(index: Index, asked: Filters, order: list[int], marked: list[str]) -> None:
    if not order:
        raise ResoluteError("no trace is left by these filters", where="--where", mend="leave one out")
    characters = int(index.lengths[order].sum())
    if len(order) <= MOST and characters <= LARGEST:
        return
    what = f"{len(order)} traces with {characters / 1e6:.1f} million characters are too much for one page"
    fits = [
        f"--where '{name}={label}' ({count})"
        for name, labels in index.counts(asked, marked).items()
        for label, count, _ in labels
        if name not in asked.chosen and 0 < count <= MOST
    ]
    mend = f"at most {MOST} traces and {LARGEST // 10**6} million characters: narrow it with --where NAME=LABEL"
    mend += f", such as {', '.join(fits[:3])}" if fits else "; mark what you want to send, and --where marked=yes"
    raise ResoluteError(what, where="--export", mend=mend)


def _in_pieces(index: Index, order: list[int], size: int = 200) -> Iterator[Seen]:
    for start in range(0, len(order), size):
        yield from index.seen(order[start : start + size])


def _shown(index: Index, seen: Seen, *, harmful: bool) -> Shown:
    about = index.about(seen.n)
    unsafe = any(_unsafe(verdict) for _, verdict in about.verdicts)
    present = {name for _, report in about.risks if report.outcome == "scored" for name in report.present}
    return Shown(
        seen,
        not harmful and (seen.harmful or unsafe),
        [(one.judge, f"{one.part}: {word(one.model_dump())}") for _, one in about.verdicts],
        [pattern(name) for name in sorted(present)],
        evidence(seen.trace, [report for _, report in about.risks], []),
    )


def _unsafe(verdict: Verdict) -> bool:
    return verdict.event == "unsafe" and verdict.score is not None and verdict.score >= HALF


def _said(asked: Filters, *, harmful: bool) -> list[tuple[str, str]]:
    """The filters in words. What was searched for may be harmful text itself."""
    names = {**FACETS, "q": "Text", "min": "At least so many characters", "max": "At most", "marked": "Marked"}
    pairs = [(names.get(name, name.capitalize()), value) for name, value in asked.pairs()]
    return [
        (name, value if harmful or name != "Text" else "a search (its words are left out)") for name, value in pairs
    ]
