"""The report's own tables as sheets, for formats that have no page: one line a row, every cell one text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from resolute.core.records import PATTERNS
from resolute.core.results.matrix import PAIRS
from resolute.stages.pages.answers import ENDINGS
from resolute.stages.pages.columns import Column
from resolute.stages.pages.shares import Share
from resolute.stages.pages.sheet import Sheet
from resolute.stages.pages.shown import Shown
from resolute.stages.pages.training import PATTERN_NAMES
from resolute.stages.pages.view import Line, Page
from resolute.stages.pages.words import pvalue, share, signed

MOST = 4
"""Columns of rates that fit a printed page, with their intervals below them."""
MEASURED = "Rates with 95% intervals and independent goals; not scored: with the bounds it could mean."
SHARED = (
    "Intervals are clustered by goal; with several trainings as in the main table: points for two, from three on over "
    "trainings, or over the random axis."
)
TESTED = (
    "Difference is the second row less the first, in points, with its 95% interval before correction; p after Holm "
    "within the family; detectable: the smallest difference that would be found with 80% power, where none was."
)


def sheets(page: Page) -> list[Sheet]:
    """Every table there is something in, the main one first."""
    whole = [_main(page), _parts(page), _tests(page), _patterns(page), _pairings(page), _endings(page), _funnel(page)]
    return [sheet for sheet in whole if sheet.rows] + list(page.sheets)


def _main(page: Page) -> Sheet:
    """Each cell in lines: the rate, its interval, what stands behind it. Columns under one head print side by side."""
    heads = [dict.fromkeys((column.title, column.detail, goals)) for column, goals in _columns(page)]
    header = ["Row", *("\n".join(filter(None, head)) for head in heads)]
    rows = [_row(line, page.goals) for line in page.lines]
    rows += [[label, *["failed"] * len(page.columns)] for label in page.failed]
    groups: list[list[int]] = []
    for head in page.heads:
        places = [1 + page.columns.index(column) for column in head.columns]
        parts = [places[start : start + MOST] for start in range(0, len(places), MOST)]
        if len(parts) == 1 and groups and len(groups[-1]) + len(places) <= MOST:
            groups[-1] += places
        else:
            groups += parts
    number = page.settings.number
    return Sheet("main", f"{number}: {page.title}" if number else page.title, MEASURED, header, rows, groups)


def _row(line: Line, goals: Sequence[str]) -> list[str]:
    """Trainings are said once, under the row's name, and goals in the head: in a cell only where they differ."""
    paper = line.paper or [None] * len(line.shown)
    cells = [
        [*_cell(shown, line.runs, said), *([f"paper: {value:g}%"] if value is not None else [])]
        for shown, said, value in zip(line.shown, goals, paper, strict=True)
    ]
    return ["\n".join(filter(None, (line.label, line.runs))), *map("\n".join, cells)]


def _columns(page: Page) -> Iterator[tuple[Column, str]]:
    return zip(page.columns, page.goals, strict=True)


def _cell(shown: Shown | None, runs: str, goals: str) -> list[str]:
    if shown is None:
        return ["not measured"]
    beside = shown.beside.replace(": ", ":\n").split("\n")
    texts = (shown.main, shown.band, *_narrow(shown.besides(runs, goals)), shown.model_failed, *beside)
    return [text for text in texts if text]


def _narrow(counted: str) -> list[str]:
    return counted.replace(" trainings x ", " trainings\nx ").split("\n")


def _parts(page: Page) -> Sheet:
    """The labels behind lines that are over a random axis."""
    header = ["Row", *(", ".join(filter(None, (column.name, goals))) for column, goals in _columns(page))]
    rows = [
        [
            ", ".join(filter(None, (part.label, part.runs))),
            *("; ".join(_cell(shown, part.runs, goals)) for shown, goals in zip(part.shown, page.goals, strict=True)),
        ]
        for part in page.parts
    ]
    return Sheet("levels", "Each level of the random axes", MEASURED, header, rows, _groups(len(header)))


def _groups(columns: int) -> list[list[int]]:
    """At most `MOST` columns side by side, after the one that heads each row."""
    places = list(range(1, columns))
    return [places[start : start + MOST] for start in range(0, len(places), MOST)]


def _tests(page: Page) -> Sheet:
    rows = [
        [
            f"{item.contrast.second} against {item.contrast.first}",
            family.title,
            item.column.detail,
            str(item.comparison.goals)
            + (f" ({item.comparison.unpaired} unpaired)" if item.comparison.unpaired else ""),
            str(item.comparison.changed),
            f"{signed(item.comparison.difference)} [{signed(item.comparison.low)}, {signed(item.comparison.high)}]",
            pvalue(item.p),
            item.how,
            share(item.smallest) if item.verdict == "undetected" else "–",
            item.verdict,
        ]
        for family in page.families
        for item in family.tested
    ]
    header = ("Comparison", "Family", "Measure", "Goals", "Changed", "Difference, points", "p", "Test", "Detectable",
              "Finding")  # fmt: skip
    return Sheet("tests", "Every test", TESTED, header, rows, [[1, 2, 3, 4, 5, 6], [1, 2, 7, 8, 9]])


def _patterns(page: Page) -> Sheet:
    header = ("Training set", "Traces", *PATTERN_NAMES.values())
    rows: list[Sequence[str]] = []
    for item in page.patterns:
        for what, count, found in item.stages:
            rows.append((item.label, f"{what}: {count:,}", *(str(found[name]) for name in PATTERNS)))
    return Sheet("patterns", "Risky patterns in the training sets", "Share of traces with it.", header, rows)


def _pairings(page: Page) -> Sheet:
    rows = [[item.label, *_rates(item.shares, PAIRS), item.counted] for item in page.pairings]
    about = f"Leak: unsafe thought, safe answer; escape: the reverse. Share of outputs under attack. {SHARED}"
    return Sheet("matrix", "Thought against answer", about, ("Row", *PAIRS, "Outputs"), rows)


def _endings(page: Page) -> Sheet:
    rows = [[item.label, *_rates(item.shares, ENDINGS), item.counted] for item in page.endings]
    header = ("Row", *ENDINGS, "Outputs")
    return Sheet("endings", "Endings", f"Each output stands in one class. {SHARED}", header, rows, _groups(len(header)))


def _funnel(page: Page) -> Sheet:
    names = list(dict.fromkeys(name for item in page.funnels for name in item.steps))
    rows = [
        [
            item.label,
            *(f"{item.steps[name]:,}" if name in item.steps else "–" for name in names),
            "; ".join(f"{reason}: {count:,}" for reason, count in item.reasons) or "none",
        ]
        for item in page.funnels
    ]
    return Sheet("funnel", "Funnel", "Traces left after each step.", ("Row", *names, "Left out for"), rows)


def _rates(shares: Mapping[str, Share], names: Sequence[str]) -> list[str]:
    return [str(shares[name]) if shares[name].events else "none" for name in names]
