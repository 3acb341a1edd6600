"""What an audit found, as numbers and as a page for people. Ids, names and counts only: never a word of a trace."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from resolute.core.foreign.reading import ReadTraces
from resolute.core.lengths import Counter, spread
from resolute.core.markdown import table
from resolute.core.rates import Rate, rate
from resolute.core.records import PATTERNS, Kind, Pattern, RiskReport, Trace
from resolute.core.results.auditors import compare, majority
from resolute.core.statistics.agreement import Figure
from resolute.core.statistics.prevalence import Estimate
from resolute.core.text import terminal_safe
from resolute.core.trace import looping

_OVERTHINKING: tuple[Pattern, ...] = ("strong_vacillation", "weak_vacillation", "harmful_additions")
_ROWS: tuple[tuple[str, tuple[Pattern, ...]], ...] = (
    ("lack_of_safety_awareness", ("lack_of_safety_awareness",)),
    ("overthinking", _OVERTHINKING),
    ("strong_vacillation", ("strong_vacillation",)),
    ("weak_vacillation", ("weak_vacillation",)),
    ("harmful_additions", ("harmful_additions",)),
    ("inconsistency", ("inconsistency",)),
    ("any_pattern", PATTERNS),
)
"""Rows of the table of patterns: `overthinking` is any of three (arXiv 2505.15404, section 3)."""
_LISTED = 20
VALIDATED = 200
"""Traces people must have labelled for a pattern before an auditor's page stops saying that none did."""


def summarise(read: ReadTraces, reports: Sequence[RiskReport], count: Counter, *, name: str) -> dict[str, Any]:
    """Everything the page shows, as plain values."""
    traces = read.traces
    thoughts = [trace.reasoning for trace in traces if trace.reasoning]
    answers = [trace.answer for trace in traces if trace.answer]
    endings = Tally((trace.ending.where, trace.ending.why) for trace in traces)
    return {
        "schema": 1,
        "file": name,
        "read": len(traces),
        "unread": len(read.unread),
        "unread_rows": [{"row": number, "why": why} for number, why in read.unread[:_LISTED]],
        "left_out": read.left_out,
        "replaced": read.replaced,
        "columns": read.columns,
        "opened": read.opened,
        "kinds": dict(sorted(Tally(trace.prompt.kind for trace in traces).items())),
        "goals": len({trace.prompt.goal for trace in traces}),
        "endings": [{"where": w, "why": y, "n": n} for (w, y), n in sorted(endings.items(), key=lambda item: -item[1])],
        "no_thought": len(traces) - len(thoughts),
        "looping": sum(looping(trace.answer or trace.reasoning) for trace in traces),
        "extra_closes": sum(trace.extra_closes > 0 for trace in traces),
        "unit": count.unit,
        "lengths": {
            "thought": spread(count.count(thoughts)).plain(),
            "answer": spread(count.count(answers)).plain(),
        },
        "patterns": prevalence(traces, [*reports, *majority(reports)]),
        "auditors": compare(traces, reports),
    }


def prevalence(traces: Iterable[Trace], reports: Iterable[RiskReport]) -> list[dict[str, Any]]:
    """The share of thoughts with each pattern, per auditor and kind of goal, with intervals over goals.

    Traces without a thought are in no rate, those without an answer not in that of inconsistency; reports that failed
    are `unscored`. Does not depend on the order of either.
    """
    by_id = {trace.id: trace for trace in traces}
    groups: dict[tuple[str, Kind], list[tuple[Trace, RiskReport]]] = {}
    for report in reports:
        trace = by_id[report.trace]
        if trace.reasoning:
            groups.setdefault((report.auditor, trace.prompt.kind), []).append((trace, report))
    rows: list[dict[str, Any]] = []
    for (auditor, kind), group in sorted(groups.items(), key=lambda item: item[0]):
        for label, patterns in _ROWS:
            found = _rate(group, patterns, whole=label == "inconsistency")
            if kind in ("harmful", "unknown") or label == "inconsistency" or found.events:
                rows.append({"auditor": auditor, "kind": kind, "pattern": label, **_plain(found)})
    return rows


def _rate(group: Sequence[tuple[Trace, RiskReport]], patterns: Sequence[Pattern], *, whole: bool) -> Rate:
    scores: list[float | None] = []
    goals: list[str] = []
    for trace, report in group:
        if report.outcome == "model failed" or (whole and not trace.answer):
            continue
        scores.append(float(not report.present.isdisjoint(patterns)) if report.outcome == "scored" else None)
        goals.append(trace.prompt.goal)
    return rate(scores, goals)


def _plain(found: Rate) -> dict[str, Any]:
    return {
        "events": found.events,
        "n": found.n,
        "goals": found.goals,
        "unscored": found.unscored,
        "low": found.low,
        "high": found.high,
        "shown": str(found),
    }


def written(summary: Mapping[str, Any], *, people: Sequence[Mapping[str, Any]] = ()) -> str:
    """The page, in Markdown; `people` are the calibrations of this audit's auditors by people's labels."""
    lines = [f"# Audit of {terminal_safe(str(summary['file']))}", ""]
    lines += [f"{summary['read']} traces read, {summary['unread']} rows unread."]
    if summary["left_out"]:
        lines += [f"{summary['left_out']} rows were left out as asked."]
    if summary["replaced"]:
        lines += [f"{summary['replaced']} characters could not be stored and became U+FFFD."]
    lines += ["", "## How it was read", "", *table(("role", "column"), summary["columns"].items())]
    lines += [
        "",
        "Outputs start inside the thought." if summary["opened"] else "Outputs mark their thoughts themselves.",
    ]
    if summary["unread_rows"]:
        lines += ["", *table(("unread row", "why"), ((item["row"], item["why"]) for item in summary["unread_rows"]))]
    lines += ["", "## Goals", "", *table(("kind", "traces"), summary["kinds"].items())]
    lines += ["", f"{summary['goals']} different goals.", "", "## Endings", ""]
    lines += table(("stopped in", "why", "traces"), ((e["where"], e["why"], e["n"]) for e in summary["endings"]))
    lines += ["", f"{summary['no_thought']} without a thought, {summary['looping']} end in a loop,"]
    lines[-1] += f" {summary['extra_closes']} close their thought more than once."
    lines += ["", f"## Lengths in {terminal_safe(str(summary['unit']))}", ""]
    header = ("part", "texts", "mean", "median", "p90", "p99", "longest")
    lines += table(header, ((part, *values.values()) for part, values in summary["lengths"].items()))
    return "\n".join([*lines, "", *_patterns(summary, people), *_people(people), *_auditors(summary), ""])


def _auditors(summary: Mapping[str, Any]) -> list[str]:
    if not summary["auditors"]:
        return []
    fields = ("first", "second", "pattern", "n", "agreement", "kappa", "precision", "recall")
    about = "Precision and recall are the first one's against the second; which of the two is right is not known."
    lines = ["", "## Auditors beside each other", "", about, ""]
    return [*lines, *table(fields, ([row[field] for field in fields] for row in summary["auditors"]))]


def _patterns(summary: Mapping[str, Any], people: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = ["## Risky patterns", ""]
    if not summary["patterns"]:
        return [*lines, "No thought to look at."]
    header = ("auditor", "kind of goal", "pattern", "share of thoughts, 95% interval", "thoughts", "goals")
    shown = (
        (row["auditor"], row["kind"], row["pattern"].replace("_", " "), row["shown"], row["n"], row["goals"])
        for row in summary["patterns"]
    )
    lines += [*table(header, shown), ""]
    for auditor in sorted({row["auditor"] for row in summary["patterns"]}):
        lines += [_believed(auditor, people)]
    if any(row["kind"] == "unknown" for row in summary["patterns"]):
        lines += ["Goals of unknown kind are read as if they were harmful: say `--set audit.kind=...` to change that."]
    return lines


def _believed(auditor: str, people: Sequence[Mapping[str, Any]]) -> str:
    """How far an auditor may be believed: what it reads, and how many traces people labelled for each pattern."""
    name = auditor.partition(" ")[0].partition("@")[0]
    reads = {"screen": "reads surface words to say where to look first", "risks": "asks a model"}.get(name)
    told = f"`{name}` {reads} and" if reads else f"`{terminal_safe(name)}`"
    labels = {one["event"]: one["labels"] for one in people if one["judge"] == auditor and not one["task"]}
    enough = [pattern for pattern in PATTERNS if labels.get(pattern, 0) >= VALIDATED]
    if not enough:
        most = f" ({max(labels.values())} labelled traces, {VALIDATED} would do)" if labels else ""
        return f"{told} is not validated against people{most}."
    rest = [pattern.replace("_", " ") for pattern in PATTERNS if pattern not in enough]
    least = min(labels[pattern] for pattern in enough)
    return f"{told} was compared with people on {least} traces or more, see below" + (
        f"; not validated against people for {', '.join(rest)}." if rest else "."
    )


def _people(people: Sequence[Mapping[str, Any]]) -> list[str]:
    some = [one for one in people if not one["task"] + one["attack"]]
    if not some:
        return []
    header = ("auditor", "pattern", "labels", "precision", "recall", "kappa", "share of thoughts, corrected")
    rows = (
        (
            one["judge"],
            one["event"].replace("_", " "),
            one["labels"],
            Estimate(**one["precision"]),
            Estimate(**one["sensitivity"]),
            Figure(**one["with_people"]["kappa"]),
            Estimate(**one["ppi"]),
        )
        for one in some
    )
    about = (
        "By people's labels on a drawn sheet, weighted to all thoughts about goals that are harmful or of unknown kind."
    )
    return ["", "## Against people", "", about, "", *table(header, rows)]
