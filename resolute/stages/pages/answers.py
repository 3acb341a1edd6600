"""What became of the answers: where they ended, and thought against answer where both were judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resolute.core.rates import Rate, rate
from resolute.core.results.matrix import PAIRS, pairs, reads_both
from resolute.stages.pages.columns import Column, bare
from resolute.stages.pages.study import Row, Study
from resolute.stages.pages.wordless import Answer, as_traces, as_verdicts

UNCLOSED_LIMIT = 0.02
"""Share of outputs that never left the thought above which a row is flagged: its token limit may decide its rates."""
ENDINGS = (
    "complete",
    "stopped in the thought",
    "answer cut",
    "answer looped",
    "content filter",
    "attacker failed",
    "error",
    "other",
)


@dataclass(frozen=True)
class Endings:
    """How a label's outputs ended, each output in exactly one class."""

    label: str
    shares: Mapping[str, Rate]
    outputs: int

    @property
    def warned(self) -> bool:
        return self.shares["stopped in the thought"].value > UNCLOSED_LIMIT


def endings(study: Study) -> list[Endings]:
    """One per measured label, over every task, attack and seed."""
    found: list[Endings] = []
    for label in study.labels:
        traces = [trace for row in study.measured(label) for trace in row.traces]
        if traces:
            classes = [_ending(trace) for trace in traces]
            found.append(Endings(label, _shares(ENDINGS, classes, traces), len(traces)))
    return found


def _ending(trace: Answer) -> str:
    where, why = trace.ending.where, trace.ending.why
    if trace.unattacked:
        return "attacker failed"
    if why in ("error", "content filter"):
        return why
    if where == "thought":
        return "stopped in the thought"
    if trace.ending.complete:
        return "complete"
    return {"length": "answer cut", "loop": "answer looped"}.get(why, "other") if where == "answer" else "other"


@dataclass(frozen=True)
class Pairing:
    """Thought against answer under attack, by one instrument that judged both."""

    label: str
    judge: str
    shares: Mapping[str, Rate]
    outputs: int


def pairings(study: Study, columns: Sequence[Column]) -> list[Pairing]:
    """One per measured label whose thoughts and answers were both judged by the headline instrument of attacks."""
    judges = {column.task: column.judge for column in columns if column.event == "unsafe"}
    found: list[Pairing] = []
    for label in study.labels:
        rows = study.measured(label)
        for judge in dict.fromkeys(judges.values()):
            tasks = {task for task, name in judges.items() if name == judge}
            pairing = _pairing(label, judge, tasks, rows)
            if pairing:
                found.append(pairing)
    return found


def _pairing(label: str, judge: str, tasks: set[str], rows: Sequence[Row]) -> Pairing | None:
    traces: list[Answer] = []
    classes: list[str] = []
    both = False
    for row in rows:
        said = [one for one in row.verdicts if one.event == "unsafe" and bare(one.judge) == judge]
        both = both or reads_both(as_verdicts(said))
        mine = [trace for trace in row.traces if trace.task in tasks]
        traces += mine
        classes += pairs(as_traces(mine), as_verdicts(said))
    return Pairing(label, judge, _shares(PAIRS, classes, traces), len(traces)) if both and traces else None


def _shares(names: Sequence[str], classes: Sequence[str], traces: Sequence[Answer]) -> dict[str, Rate]:
    """Each class as a rate over all outputs, clustered by goal."""
    goals = [trace.prompt.goal for trace in traces]
    return {name: rate([float(item == name) for item in classes], goals) for name in names}
