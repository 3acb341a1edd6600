"""The report's own tables as sheets, for formats that have no page: one line a row, every cell one text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from resolute.core.rates import Rate
from resolute.core.records import PATTERNS
from resolute.core.results.matrix import PAIRS
from resolute.stages.pages.answers import ENDINGS
from resolute.stages.pages.sheet import Sheet
from resolute.stages.pages.shown import Shown
from resolute.stages.pages.training import PATTERN_NAMES
from resolute.stages.pages.view import Line, Page
from resolute.stages.pages.words import signed

MOST = 4
"""Columns of rates that fit a printed page, with their intervals below them."""
MEASURED = "Rates with 95% intervals and independent goals; not scored: with the bounds it could mean."


def sheets(page: Page) -> list[Sheet]:
    """Every table there is something in, the main one first."""
    whole = [_main(page), _parts(page), _tests(page), _patterns(page), _pairings(page), _endings(page), _funnel(page)]
    return [sheet for sheet in whole if sheet.rows] + list(page.sheets)


def _main(page: Page) -> Sheet:
    """Each cell in lines: the rate, its interval, what stands behind it. Columns under one head print side by side."""
    header = ["Row", *("\n".join(dict.fromkeys((column.title, column.detail))) for column in page.columns)]
    rows = [_row(line) for line in page.lines]
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


def _row(line: Line) -> list[str]:
    """What stands behind the cells is said once, under the row's name, where it is the same for all of them."""
    counts = {shown.counted for shown in line.shown if shown is not None}
    once = len(counts) == 1
    label = [line.label, *(_narrow(*counts) if once else ())]
    return ["\n".join(label), *("\n".join(_cell(shown, counted=not once)) for shown in line.shown)]


def _cell(shown: Shown | None, *, counted: bool) -> list[str]:
    if shown is None:
        return ["not measured"]
    beside = shown.beside.replace(": ", ":\n").split("\n")
    return [text for text in (shown.main, shown.band, *(_narrow(shown.counted) if counted else ()), *beside) if text]


def _narrow(counted: str) -> list[str]:
    return counted.replace(" trainings x ", " trainings\nx ").split("\n")


def _parts(page: Page) -> Sheet:
    """The labels behind lines that are over a random axis."""
    header = ["Row", *(column.name for column in page.columns)]
    rows = [[part.label, *("; ".join(_cell(shown, counted=True)) for shown in part.shown)] for part in page.parts]
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
            str(item.comparison.goals),
            f"{signed(item.comparison.difference)} [{signed(item.comparison.low)}, {signed(item.comparison.high)}]",
            "< 0.001" if item.p < 0.001 else f"{item.p:.3f}",
            item.verdict,
        ]
        for family in page.families
        for item in family.tested
    ]
    header = ("Comparison", "Family", "Measure", "Goals", "Difference, points", "p", "Finding")
    return Sheet("tests", "Every test", "Paired by goal; p after Holm within the family.", header, rows)


def _patterns(page: Page) -> Sheet:
    header = ("Training set", "Traces", *PATTERN_NAMES.values())
    rows: list[Sequence[str]] = []
    for item in page.patterns:
        for what, count, found in item.stages:
            rows.append((item.label, f"{what}: {count}", *(str(found[name]) for name in PATTERNS)))
    return Sheet("patterns", "Risky patterns in the training sets", "Share of traces with it.", header, rows)


def _pairings(page: Page) -> Sheet:
    rows = [[item.label, *_rates(item.shares, PAIRS), str(item.outputs)] for item in page.pairings]
    about = "Leak: unsafe thought, safe answer; escape: the reverse. Share of answers under attack."
    return Sheet("matrix", "Thought against answer", about, ("Row", *PAIRS, "Outputs"), rows)


def _endings(page: Page) -> Sheet:
    rows = [[item.label, *_rates(item.shares, ENDINGS), str(item.outputs)] for item in page.endings]
    header = ("Row", *ENDINGS, "Outputs")
    return Sheet("endings", "Endings", "Each output stands in one class.", header, rows, _groups(len(header)))


def _funnel(page: Page) -> Sheet:
    names = list(dict.fromkeys(name for item in page.funnels for name in item.steps))
    rows = [
        [
            item.label,
            *(str(item.steps.get(name, "–")) for name in names),
            "; ".join(f"{reason}: {count}" for reason, count in item.reasons) or "none",
        ]
        for item in page.funnels
    ]
    return Sheet("funnel", "Funnel", "Traces left after each step.", ("Row", *names, "Left out for"), rows)


def _rates(shares: Mapping[str, Rate], names: Sequence[str]) -> list[str]:
    return [str(shares[name]) if shares[name].events else "none" for name in names]
