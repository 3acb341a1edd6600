"""What people's labels make of a run's rates: a sheet's key and labels joined with every verdict of its population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from resolute.core.agreement import Figure, pair
from resolute.core.cells import HALF
from resolute.core.errors import ResoluteError
from resolute.core.instruments import Part
from resolute.core.judged import Judged, instruments, judged
from resolute.core.labels import Key, Labels
from resolute.core.markdown import table
from resolute.core.prevalence import SURE, Calibration, Estimate, Row, calibrate, difference
from resolute.core.rates import Rate
from resolute.core.records import Trace, Verdict
from resolute.core.sheets import Entry, fingerprint


@dataclass(frozen=True)
class Arm:
    """A run whose rates are corrected, with the sheet that was drawn from it and what people said."""

    traces: Sequence[Trace]
    verdicts: Sequence[Verdict]
    key: Key
    labels: Labels


@dataclass(frozen=True)
class _Place:
    """A row of the population and what the key says of it; None: there is nothing to judge."""

    row: Judged
    entry: Entry | None


def calibrations(arm: Arm) -> list[dict[str, Any]]:
    """Per part and instrument: over all its rows, then by task and attack. Ids and numbers only."""
    found: list[dict[str, Any]] = []
    for part in _parts(arm.key):
        places = _population(arm, part)
        for judge in instruments(place.row for place in places):
            mine = [place for place in places if judge in place.row.scores]
            groups = sorted({(place.row.trace.task, place.row.trace.attack) for place in mine})
            found.append(_one(arm, mine, judge, part, "", ""))
            for task, attack in groups if len(groups) > 1 else ():
                some = [p for p in mine if (p.row.trace.task, p.row.trace.attack) == (task, attack)]
                found.append(_one(arm, some, judge, part, task, attack))
    return found


def differences(first: Arm, second: Arm) -> list[dict[str, Any]]:
    """`first` minus `second`, per part and instrument that both have."""
    if first.key.event != second.key.event:
        what = f"the sheets ask for different things: {first.key.event} and {second.key.event}"
        raise ResoluteError(what, where=str(second.key.path), mend="draw both with the same --event")
    found: list[dict[str, Any]] = []
    for part in sorted(set(_parts(first.key)) & set(_parts(second.key))):
        one, two = _population(first, part), _population(second, part)
        shared = sorted(set(instruments(p.row for p in one)) & set(instruments(p.row for p in two)))
        for judge in shared:
            gap = difference(_rows(first, one, judge), _rows(second, two, judge))
            found.append({"event": first.key.event, "part": part, "judge": judge, "difference": asdict(gap)})
    if not found:
        mend = "judge both runs with the same instrument, and draw both sheets for the same part"
        raise ResoluteError("no instrument judged the same part of both runs", mend=mend)
    return found


def _one(arm: Arm, places: Sequence[_Place], judge: str, part: Part, task: str, attack: str) -> dict[str, Any]:
    rows = _rows(arm, places, judge)
    result = calibrate(rows)
    where = {"event": arm.key.event, "part": part, "judge": judge, "task": task, "attack": attack}
    more = {"with_people": _with_people(rows), "missing": _missing(arm, places, rows, result)}
    return where | asdict(result) | more


def _with_people(rows: Sequence[Row]) -> dict[str, Any]:
    """Agreement with people over the population, not over the sheet, which is rich in what is rare."""
    read = [row for row in rows if row.label is not None]
    judge = [None if row.score is None else "yes" if row.score >= HALF else "no" for row in read]
    people = ["yes" if row.label else "no" for row in read]
    return asdict(pair(judge, people, [row.goal for row in read], weights=[1 / row.chance for row in read]))


def _missing(arm: Arm, places: Sequence[_Place], rows: Sequence[Row], result: Calibration) -> dict[str, Any] | None:
    """What PPI++ would be had every row without a label been a no, and a yes."""
    left = set(arm.labels.missing)
    hidden = [(place.row.trace.id, place.row.part) in left for place in places]
    if not any(hidden) or result.ppi.value is None:
        return None
    ends = [
        calibrate([replace(row, label=end) if gone else row for row, gone in zip(rows, hidden, strict=True)]).ppi.value
        for end in (0.0, 1.0)
    ]
    return {"rows": sum(hidden), "if_no": ends[0], "if_yes": ends[1]}


def _rows(arm: Arm, places: Sequence[_Place], judge: str) -> list[Row]:
    return [
        Row(place.row.goal, 0.0, stratum=SURE)
        if place.entry is None
        else Row(
            place.row.goal,
            place.row.scores[judge],
            arm.labels.given.get((place.entry.trace, place.entry.part)),
            place.entry.chance,
            place.entry.stratum,
        )
        for place in places
        if judge in place.row.scores
    ]


def _parts(key: Key) -> list[Part]:
    return sorted({entry.part for entry in key.entries})


def _population(arm: Arm, part: Part) -> list[_Place]:
    """Every row the sheet could have shown, and those of the same tasks and attacks with nothing to judge.

    Raises `ResoluteError` where the key's population is not the run's, or a drawn text is not what people saw.
    """
    rows = {row.trace.id: row for row in judged(arm.traces, arm.verdicts, event=arm.key.event, part=part)}
    entries = {entry.trace: entry for entry in arm.key.entries if entry.part == part and entry.trace in rows}
    groups = {(rows[trace].trace.task, rows[trace].trace.attack) for trace in entries}
    inside = [row for row in rows.values() if (row.trace.task, row.trace.attack) in groups]
    stray = sum(not row.empty and row.trace.id not in entries for row in inside)
    changed = sum(
        bool(entry.row) and fingerprint(part, rows[trace].goal, rows[trace].text) != entry.content
        for trace, entry in entries.items()
    )
    if stray or changed or not entries:
        what = f"the sheet was drawn from other rows: {stray} of the run's are not in its key, {changed} changed since"
        mend = "name the run the sheet was drawn from, or draw and label a new one"
        raise ResoluteError(what, where=str(arm.key.path), mend=mend)
    return [_Place(row, entries.get(row.trace.id)) for row in inside]


def check_known(key: Key, traces: Sequence[Trace]) -> None:
    """Every row of the key must be a trace at hand: a population cannot shrink after it was drawn from."""
    known = {trace.id for trace in traces}
    if lost := sum(entry.trace not in known for entry in key.entries):
        mend = "name the run the sheet was drawn from (and with --against the other one, if it was drawn from two)"
        raise ResoluteError(f"{lost} rows of the sheet's key are not in the run", where=str(key.path), mend=mend)


def written(summary: Mapping[str, Any]) -> str:
    """The page, in Markdown."""
    lines = ["# Rates corrected by people's labels", ""]
    lines += [f"{summary['labels']} labels of `{summary['event']}`, {summary['missing']} rows left without one."]
    if summary["after"]:
        lines += [f"{summary['after']} rows after the last label were not come by; the order is random."]
    header = ("part", "instrument", "task", "attack", "rows", "judge failed", "labels", "raw rate")
    header += ("sensitivity", "specificity", "kappa with people", "labels alone", "Rogan-Gladen", "PPI++")
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
                f"{one['part']}, {one['judge']}: {gone['rows']} drawn rows have no label; with all of them no or yes "
                f"PPI++ is {100 * gone['if_no']:.1f} or {100 * gone['if_yes']:.1f}%."
            ]
    if summary["differences"]:
        header = ("part", "instrument", "first run minus second, in points")
        rows = ((one["part"], one["judge"], Estimate(**one["difference"])) for one in summary["differences"])
        lines += ["", "## Difference", "", *table(header, rows)]
    lines += ["", "Intervals are for all goals like these. See docs/judge-statistics.md.", ""]
    return "\n".join(lines)


def _cells(one: Mapping[str, Any]) -> tuple[Any, ...]:
    accuracy = (Estimate(**one[name]) for name in ("sensitivity", "specificity"))
    rates = (Estimate(**one[name]) for name in ("people", "rogan_gladen", "ppi"))
    task, attack = (one[name] or "all" for name in ("task", "attack"))
    counts = one["rows"], one["judge_failed"], one["labels"]
    kappa = Figure(**one["with_people"]["kappa"])
    return one["part"], one["judge"], task, attack, *counts, Rate(**one["raw"]), *accuracy, kappa, *rates
