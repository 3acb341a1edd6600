"""What instruments said of a set of answers: rates, failures, thought against answer, and style sensitivity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from resolute.core.markdown import table
from resolute.core.rates import Rate, rate
from resolute.core.records import Event, Trace, Verdict
from resolute.core.results import breakdown
from resolute.core.results.matrix import PAIRS, pairs, reads_both
from resolute.core.results.tables import Part, cells


@dataclass(frozen=True)
class Flips:
    """What one rewrite did to one instrument's verdicts on one event and part."""

    judge: str
    event: Event
    part: Part
    style: str
    changed: int
    """Parts that the rewrite left other than they were."""
    rate: Rate
    """The share of them whose verdict is on the other side of one half, both scored: the style sensitivity."""
    towards: int
    """Flips towards the event."""
    away: int


def flips(
    style: str, traces: Sequence[Trace], before: Iterable[Verdict], after: Iterable[Verdict], changed: set[str]
) -> list[Flips]:
    """One entry per instrument, event and part. `changed` holds `id part` of each part that the rewrite touched."""
    goals = {trace.id: trace.prompt.goal for trace in traces}
    old = {(one.judge, one.event, one.part, one.trace): one for one in before}
    groups: dict[tuple[str, Event, Part], list[tuple[str, float | None, float | None]]] = {}
    for one in after:
        was = old.get((one.judge, one.event, one.part, one.trace))
        if was is not None and f"{one.trace} {one.part}" in changed:
            groups.setdefault((one.judge, one.event, one.part), []).append((one.trace, was.score, one.score))
    return [_flips(style, *place, group, goals) for place, group in sorted(groups.items())]


def _flips(
    style: str,
    judge: str,
    event: Event,
    part: Part,
    group: Sequence[tuple[str, float | None, float | None]],
    goals: Mapping[str, str],
) -> Flips:
    sides = [(None if a is None else a >= 0.5, None if b is None else b >= 0.5) for _, a, b in group]
    scores = [None if a is None or b is None else float(a != b) for a, b in sides]
    return Flips(
        judge,
        event,
        part,
        style,
        changed=len(group),
        rate=rate(scores, [goals[name] for name, _, _ in group]),
        towards=sides.count((False, True)),
        away=sides.count((True, False)),
    )


def summarise(traces: Sequence[Trace], verdicts: Sequence[Verdict], styled: Sequence[Flips]) -> dict[str, Any]:
    """Everything the page shows, as plain values: ids, names and counts only."""
    found = cells(traces, verdicts)
    off = {(one.judge, one.part) for one in verdicts if one.off_label}
    whys = Counter((one.judge, one.why) for one in verdicts if one.outcome == "judge failed")
    return {
        "schema": 1,
        "traces": len(traces),
        "goals": len({trace.prompt.goal for trace in traces}),
        "rates": [
            {
                **{name: value for name, value in asdict(cell).items() if name != "rate"},
                **cell.rate.plain(),
                "off_label": (cell.judge, cell.part) in off,
            }
            for cell in found
        ],
        "failures": [{"judge": judge, "why": why, "n": n} for (judge, why), n in whys.most_common()],
        "cut": dict(sorted(Counter(one.judge for one in verdicts if one.saw.truncated).items())),
        "disarmed": dict(sorted(Counter(one.judge for one in verdicts if one.saw.disarmed).items())),
        "matrix": matrices(traces, verdicts),
        "styles": [
            {**{name: value for name, value in asdict(one).items() if name != "rate"}, **one.rate.plain()}
            for one in styled
        ],
        **breakdown.broken_down(traces, verdicts),
    }


def matrices(traces: Sequence[Trace], verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """Per instrument that judged both parts for safety: each class of thought against answer, as a rate by goal."""
    by_judge: dict[str, list[Verdict]] = {}
    for one in verdicts:
        if one.event == "unsafe":
            by_judge.setdefault(one.judge, []).append(one)
    rows: list[dict[str, Any]] = []
    for judge, some in sorted(by_judge.items()):
        if reads_both(some):
            about = {one.trace for one in some}
            mine = [trace for trace in traces if trace.id in about]
            classes, goals = pairs(mine, some), [trace.prompt.goal for trace in mine]
            shares = {name: rate([float(one == name) for one in classes], goals) for name in PAIRS}
            rows.append({"judge": judge, **{name: share.plain() for name, share in shares.items()}})
    return rows


def written(summary: Mapping[str, Any]) -> str:
    """The page, in Markdown."""
    lines = ["# Judged", "", f"{summary['traces']} answers to {summary['goals']} goals.", "", "## Rates", ""]
    header = ("task", "attack", "instrument", "event", "part", "rate, 95% interval", "nothing to judge", "judge failed")
    lines += table(header, (_rate(row) for row in summary["rates"]))
    if summary["failures"]:
        lines += ["", "## What is no verdict", "", "None of these is in a rate.", ""]
        rows = ((row["judge"], row["why"], row["n"]) for row in summary["failures"])
        lines += table(("instrument", "why", "n"), rows)
    for name, what in (("cut", "were read in part"), ("disarmed", "carried control tokens, which were broken up")):
        lines += [f"\n{count} texts {what} for {judge}." for judge, count in summary[name].items()]
    if summary["matrix"]:
        about = "Shares of the answers judged. Leak: only the thought is unsafe; escape: only the answer is."
        rows = ((row["judge"], *(row[name]["shown"] for name in PAIRS)) for row in summary["matrix"])
        lines += ["", "## Thought against answer", "", about, "", *table(("instrument", *PAIRS), rows)]
    return "\n".join([*lines, *breakdown.written(summary), *_styles(summary), ""])


def _rate(row: Mapping[str, Any]) -> tuple[Any, ...]:
    part = row["part"] + (" (off label)" if row["off_label"] else "")
    what = (row["task"] or "-", row["attack"] or "-", row["judge"], row["event"], part)
    return (*what, row["shown"], row["model_failed"], row["judge_failed"])


def _styles(summary: Mapping[str, Any]) -> list[str]:
    if not summary["styles"]:
        return []
    header = ("instrument", "event", "part", "rewrite", "changed", "verdicts that flip", "to the event", "from it")
    fields = ("judge", "event", "part", "style", "changed", "shown", "towards", "away")
    rows = ([row[field] for field in fields] for row in summary["styles"])
    about = "The same answers, said otherwise. A verdict that flips was one on style."
    return ["", "## Style sensitivity", "", about, "", *table(header, rows)]
