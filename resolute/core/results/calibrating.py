"""What people's labels make of a run's rates: a sheet's key and labels joined with every verdict of its population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, replace
from typing import Any, get_args

from resolute.core.errors import ResoluteError
from resolute.core.markdown import table
from resolute.core.people.labels import Key, Labels
from resolute.core.people.sheets import Entry, fingerprint
from resolute.core.rates import Rate
from resolute.core.results.judged import Judged, Questions, Side, instruments
from resolute.core.statistics.agreement import Figure, pair
from resolute.core.statistics.cells import HALF
from resolute.core.statistics.prevalence import SURE, Calibration, Estimate, Row, calibrate, difference


@dataclass(frozen=True)
class Arm:
    """A run whose rates are corrected, with the sheet that was drawn from it and what people said, by question."""

    questions: Questions
    key: Key
    labels: Mapping[str, Labels]


@dataclass(frozen=True)
class _Place:
    """A row of the population and what the key says of it; None: there is nothing to judge."""

    row: Judged
    entry: Entry | None


def calibrations(arm: Arm) -> list[dict[str, Any]]:
    """Per question and instrument: over all its rows, then by task and attack. Ids and numbers only."""
    found: list[dict[str, Any]] = []
    for what, part in _asked(arm):
        places = _population(arm, what, part)
        for judge in instruments(place.row for place in places):
            mine = [place for place in places if judge in place.row.scores]
            groups = sorted({(place.row.trace.task, place.row.trace.attack) for place in mine})
            about = {"event": what, "part": part, "judge": judge}
            found.append(about | {"task": "", "attack": ""} | _one(arm.labels[what], mine, what, judge))
            for task, attack in groups if len(groups) > 1 else ():
                some = [p for p in mine if (p.row.trace.task, p.row.trace.attack) == (task, attack)]
                found.append(about | {"task": task, "attack": attack} | _one(arm.labels[what], some, what, judge))
    return found


def rows_of(arm: Arm, what: str, part: Side, judge: str) -> list[Row]:
    """Every row one instrument was meant for, with its score, its chance and what people said of it."""
    return _rows(arm.labels[what], _population(arm, what, part), what, judge)


def differences(first: Arm, second: Arm) -> list[dict[str, Any]]:
    """`first` minus `second`, per question and instrument that both have."""
    shared = [asked for asked in _asked(first) if asked in _asked(second)]
    if not shared:
        asks = " and ".join(" ".join(arm.key.form.asks) for arm in (first, second))
        mend = "draw both with the same --event, --part and --pattern"
        raise ResoluteError(f"the sheets ask for different things: {asks}", where=str(second.key.path), mend=mend)
    found: list[dict[str, Any]] = []
    for what, part in shared:
        one, two = _population(first, what, part), _population(second, what, part)
        for judge in sorted(set(instruments(p.row for p in one)) & set(instruments(p.row for p in two))):
            gap = difference(*(rows_of(arm, what, part, judge) for arm in (first, second)))
            found.append({"event": what, "part": part, "judge": judge, "difference": asdict(gap)})
    if not found:
        mend = "judge both runs with the same instrument, and draw both sheets for the same part"
        raise ResoluteError("no instrument judged the same part of both runs", mend=mend)
    return found


def _one(labels: Labels, places: Sequence[_Place], what: str, judge: str) -> dict[str, Any]:
    rows = _rows(labels, places, what, judge)
    result = calibrate(rows)
    more = {"with_people": _with_people(rows), "missing": _missing(labels, places, rows, result)}
    return asdict(result) | more


def _with_people(rows: Sequence[Row]) -> dict[str, Any]:
    """Agreement with people over the population, not over the sheet, which is rich in what is rare."""
    read = [row for row in rows if row.label is not None]
    judge = [None if row.score is None else "yes" if row.score >= HALF else "no" for row in read]
    people = ["yes" if row.label else "no" for row in read]
    return asdict(pair(judge, people, [row.goal for row in read], weights=[1 / row.chance for row in read]))


def _missing(
    labels: Labels, places: Sequence[_Place], rows: Sequence[Row], result: Calibration
) -> dict[str, Any] | None:
    """What PPI++ would be had every row without a label been a no, and a yes."""
    left = set(labels.missing)
    hidden = [(place.row.trace.id, place.row.part) in left for place in places]
    if not any(hidden) or result.ppi.value is None:
        return None
    ends = [
        calibrate([replace(row, label=end) if gone else row for row, gone in zip(rows, hidden, strict=True)]).ppi.value
        for end in (0.0, 1.0)
    ]
    return {"rows": sum(hidden), "if_no": ends[0], "if_yes": ends[1]}


def _rows(labels: Labels, places: Sequence[_Place], what: str, judge: str) -> list[Row]:
    return [
        Row(place.row.goal, 0.0, stratum=SURE)
        if place.entry is None
        else Row(
            place.row.goal,
            place.row.scores[judge],
            labels.given.get((place.entry.trace, place.entry.part)),
            place.entry.chance,
            _stratum(place.entry, what),
        )
        for place in places
        if judge in place.row.scores
    ]


def _stratum(entry: Entry, what: str) -> str:
    """The stratum a row counts in. On a sheet of several patterns all strata but the pattern's own are one, and their
    weights speak for them: by what was said of the other patterns they hold a few labels each, and a score of cells
    with a few labels each covers as little as .85 where a pattern is rare (measured: .94 to .97 when put together)."""
    return entry.stratum if len(entry.asks) == 1 or entry.stratum.endswith(f": {what}") else ""


def _asked(arm: Arm) -> list[tuple[str, Side]]:
    """What people answered, in the order of the sheet's columns."""
    parts = {(what, entry.part) for entry in arm.key.entries for what in entry.asks}
    answered = [what for what in arm.key.form.asks if what in arm.labels]
    return [(what, side) for what in answered for side in get_args(Side) if (what, side) in parts]


def _population(arm: Arm, what: str, part: Side) -> list[_Place]:
    """Every row the sheet could have shown, and those of the same tasks and attacks with nothing to judge.

    Raises `ResoluteError` where the key's population is not the run's, or a drawn text is not what people saw.
    """
    rows = {row.trace.id: row for row in arm.questions.get((what, part), ())}
    entries = {
        entry.trace: entry
        for entry in arm.key.entries
        if entry.part == part and what in entry.asks and entry.trace in rows
    }
    groups = {(rows[trace].trace.task, rows[trace].trace.attack) for trace in entries}
    inside = [row for row in rows.values() if (row.trace.task, row.trace.attack) in groups]
    stray = sum(not row.empty and row.trace.id not in entries for row in inside)
    changed = sum(bool(entry.row) and fingerprint(rows[trace]) != entry.content for trace, entry in entries.items())
    if stray or changed or not entries:
        found = f"the sheet was drawn from other rows: {stray} of the run's are not in its key, {changed} changed since"
        mend = "name the run the sheet was drawn from, or draw and label a new one"
        raise ResoluteError(found, where=str(arm.key.path), mend=mend)
    return [_Place(row, entries.get(row.trace.id)) for row in inside]


def check_known(key: Key, known: AbstractSet[str]) -> None:
    """Every row of the key must be a trace at hand: a population cannot shrink after it was drawn from."""
    if lost := sum(entry.trace not in known for entry in key.entries):
        mend = "name the run the sheet was drawn from (and with --against the other one, if it was drawn from two)"
        raise ResoluteError(f"{lost} rows of the sheet's key are not in the run", where=str(key.path), mend=mend)


def written(summary: Mapping[str, Any]) -> str:
    """The page, in Markdown."""
    lines = ["# Rates corrected by people's labels", ""]
    alike: dict[tuple[int, int, int], list[str]] = {}
    for one in summary["labels"]:
        alike.setdefault((one["labels"], one["missing"], one["after"]), []).append(f"`{one['event']}`")
    for (labels, missing, after), asked in alike.items():
        told = f"{labels} labels of {', '.join(asked)}; {missing} rows left without one."
        lines += [f"{told} {after} rows after the last label were not come by." if after else told]
    header = ("what", "part", "instrument", "task", "attack", "rows", "judge failed", "labels", "raw rate")
    header += ("sensitivity", "specificity", "precision", "kappa with people", "labels alone", "Rogan-Gladen", "PPI++")
    shown = [
        one for one in summary["calibrations"] if not one["task"] + one["attack"] or one["ppi"]["value"] is not None
    ]
    lines += ["", *table(header, map(_cells, shown)), ""]
    for one in summary["calibrations"]:
        if one not in shown:
            lines += [f"No rate of its own: {one['judge']}, {one['task']} {one['attack']}: {one['ppi']['why']}."]
    for one in summary["calibrations"]:
        if gone := one["missing"]:
            lines += [
                f"{one['event']}, {one['part']}, {one['judge']}: {gone['rows']} drawn rows have no label; with all of "
                f"them no or yes PPI++ is {100 * gone['if_no']:.1f} or {100 * gone['if_yes']:.1f}%."
            ]
    if summary["differences"]:
        header = ("what", "part", "instrument", "first run minus second, in points")
        rows = (
            (one["event"], one["part"], one["judge"], Estimate(**one["difference"])) for one in summary["differences"]
        )
        lines += ["", "## Difference", "", *table(header, rows)]
    lines += ["", "Intervals are for all goals like these. See docs/judge-statistics.md.", ""]
    return "\n".join(lines)


def _cells(one: Mapping[str, Any]) -> tuple[Any, ...]:
    accuracy = (Estimate(**one[name]) for name in ("sensitivity", "specificity", "precision"))
    rates = (Estimate(**one[name]) for name in ("people", "rogan_gladen", "ppi"))
    task, attack = (one[name] or "all" for name in ("task", "attack"))
    counts = one["rows"], one["judge_failed"], one["labels"]
    kappa = Figure(**one["with_people"]["kappa"])
    about = one["event"], one["part"], one["judge"], task, attack
    return *about, *counts, Rate(**one["raw"]), *accuracy, kappa, *rates
