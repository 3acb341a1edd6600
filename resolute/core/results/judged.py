"""Rows that instruments judged: who said what of which part of which trace. Agreement and calibration start here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from resolute.core.judging.instruments import Part
from resolute.core.records import PATTERNS, Event, Pattern, RiskReport, Trace, Verdict
from resolute.core.statistics.cells import HALF

Side = Literal["thought", "answer", "both"]
"""What of a trace a row speaks of; auditors look at both."""
Questions = Mapping[tuple[str, Side], Sequence["Judged"]]
"""(event or pattern, side) -> every row there is."""


@dataclass(frozen=True)
class Judged:
    """One part of one trace, or the whole of it, under one question."""

    trace: Trace
    part: Side
    scores: Mapping[str, float | None]
    """Instrument -> 0..1; None: it failed, or gave no verdict though it judged others of this task and attack."""

    @property
    def text(self) -> str:
        return self.trace.answer if self.part == "answer" else self.trace.reasoning

    @property
    def goal(self) -> str:
        return self.trace.prompt.goal

    @property
    def shown(self) -> dict[str, str]:
        """What a reader is shown of it, by column."""
        if self.part != "both":
            return {"part": self.part, "goal": self.goal, "text": self.text}
        sent = next((one.content for one in reversed(self.trace.sent) if one.role == "user"), self.trace.prompt.text)
        return {"goal": self.goal, "sent": sent, "thought": self.trace.reasoning, "answer": self.trace.answer}

    @property
    def empty(self) -> bool:
        """The model left nothing to judge: a row in which the event did not happen."""
        return not self.text.strip()

    def says(self, judge: str) -> str | None:
        """`yes` or `no`; None where the instrument has no verdict."""
        score = self.scores.get(judge)
        return None if score is None else "yes" if score >= HALF else "no"


def judged(traces: Sequence[Trace], verdicts: Iterable[Verdict], *, event: Event, part: Part) -> list[Judged]:
    """Every trace of the tasks and attacks in which an instrument looked for `event` in `part`, sorted by id.

    Who counts is as in `tables`: an instrument that judged anything of a task and attack is meant for all of it.
    Requests that never got an output are left out. Verdicts on other traces are left alone.
    """
    known = {trace.id: trace for trace in traces}
    said: dict[str, dict[str, float | None]] = {}
    meant: dict[tuple[str, str], set[str]] = {}
    for verdict in verdicts:
        trace = known.get(verdict.trace)
        if trace is not None and (verdict.event, verdict.part) == (event, part):
            said.setdefault(trace.id, {})[verdict.judge] = 0.0 if verdict.outcome == "model failed" else verdict.score
            meant.setdefault((trace.task, trace.attack), set()).add(verdict.judge)
    rows: list[Judged] = []
    for trace in sorted(traces, key=lambda trace: trace.id):
        judges = meant.get((trace.task, trace.attack), set())
        if judges and trace.ending.why != "error":
            own = said.get(trace.id, {})
            rows.append(Judged(trace, part, {name: own.get(name) for name in sorted(judges)}))
    return rows


def audited(traces: Iterable[Trace], reports: Iterable[RiskReport]) -> dict[Pattern, list[Judged]]:
    """Per pattern, every thought about a harmful goal (or one of unknown kind), sorted by id.

    As on the page of an audit, traces without a thought are in none of them and those without an answer not in that of
    inconsistency. An auditor is meant for all traces; a report that failed, or is about other words, says nothing.
    """
    known = sorted(
        (trace for trace in traces if trace.prompt.kind in ("harmful", "unknown") and trace.reasoning.strip()),
        key=lambda trace: trace.id,
    )
    said: dict[str, dict[str, RiskReport]] = {}
    for report in reports:
        said.setdefault(report.auditor, {})[report.trace] = report
    found: dict[Pattern, list[Judged]] = {pattern: [] for pattern in PATTERNS}
    for trace in known:
        own = {name: by_trace.get(trace.id) for name, by_trace in sorted(said.items())}
        present = {
            name: report.present if report and report.outcome == "scored" and report.content == trace.content else None
            for name, report in own.items()
        }
        for pattern in PATTERNS:
            if pattern == "inconsistency" and not trace.answer.strip():
                continue
            scores = {name: None if flags is None else float(pattern in flags) for name, flags in present.items()}
            found[pattern].append(Judged(trace, "both", scores))
    return found


def questions(verdicts: Iterable[Verdict]) -> list[tuple[Event, Part]]:
    """Every event and part that was judged, sorted; verdicts on thought and answer together are of no one part."""
    found: set[tuple[Event, Part]] = set()
    for verdict in verdicts:
        if verdict.part != "both":
            found.add((verdict.event, verdict.part))
    return sorted(found)


def every_question(
    traces: Sequence[Trace], verdicts: Sequence[Verdict], reports: Sequence[RiskReport] = ()
) -> dict[tuple[str, Side], list[Judged]]:
    """All rows, by what was asked of them: events that were judged, then patterns that were looked for."""
    found: dict[tuple[str, Side], list[Judged]] = {}
    for event, part in questions(verdicts):
        found[event, part] = judged(traces, verdicts, event=event, part=part)
    if reports:
        found |= {(pattern, "both"): rows for pattern, rows in audited(traces, reports).items() if rows}
    return found


def instruments(rows: Iterable[Judged]) -> list[str]:
    """Who judged any of them, sorted."""
    return sorted({name for row in rows for name in row.scores})
