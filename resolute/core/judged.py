"""Rows that instruments judged: who said what of which part of which trace. Agreement and calibration start here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from resolute.core.cells import HALF
from resolute.core.instruments import Part
from resolute.core.records import Event, Trace, Verdict


@dataclass(frozen=True)
class Judged:
    """One part of one trace."""

    trace: Trace
    part: Part
    scores: Mapping[str, float | None]
    """Instrument -> 0..1; None: it failed, or gave no verdict though it judged others of this task and attack."""

    @property
    def text(self) -> str:
        return self.trace.reasoning if self.part == "thought" else self.trace.answer

    @property
    def goal(self) -> str:
        return self.trace.prompt.goal

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


def questions(verdicts: Iterable[Verdict]) -> list[tuple[Event, Part]]:
    """Every event and part that was judged, sorted; verdicts on thought and answer together are of no one part."""
    found: set[tuple[Event, Part]] = set()
    for verdict in verdicts:
        if verdict.part != "both":
            found.add((verdict.event, verdict.part))
    return sorted(found)


def instruments(rows: Iterable[Judged]) -> list[str]:
    """Who judged any of them, sorted."""
    return sorted({name for row in rows for name in row.scores})
