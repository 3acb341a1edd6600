"""What became of the answers: where they ended, and thought against answer where both were judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from resolute.core.results.matrix import PAIRS, pairs, reads_both
from resolute.stages.pages.arms import Arm
from resolute.stages.pages.columns import Column, bare
from resolute.stages.pages.shares import Share, Sorted, shares
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
class Classes:
    """A label's outputs, each in exactly one class."""

    label: str
    shares: Mapping[str, Share]
    outputs: int
    trainings: int

    @property
    def counted(self) -> str:
        """How many outputs, and of how many trainings where there are several."""
        return f"{self.outputs:,}" + (f" of {self.trainings} trainings" if self.trainings > 1 else "")


class Endings(Classes):
    """How a label's outputs ended."""

    @property
    def warned(self) -> bool:
        return self.shares["stopped in the thought"].value > UNCLOSED_LIMIT


def endings(arms: Iterable[Arm]) -> list[Endings]:
    """One per measured label, over every task, attack and seed."""
    found: list[Endings] = []
    for arm in arms:
        sorts = [Sorted(row, [_ending(one) for one in row.traces], row.traces) for row in arm.rows if row.traces]
        if sorts:
            found.append(Endings(arm.label, shares(ENDINGS, arm, sorts), _outputs(sorts), len(sorts)))
    return found


def _outputs(sorts: Sequence[Sorted]) -> int:
    return sum(len(one.answers) for one in sorts)


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
class Pairing(Classes):
    """Thought against answer under attack, by one instrument that judged both."""

    judge: str


def pairings(arms: Iterable[Arm], columns: Sequence[Column]) -> list[Pairing]:
    """One per measured label whose thoughts and answers were both judged by the headline instrument of attacks."""
    judges = {column.task: column.judge for column in columns if column.event == "unsafe"}
    found: list[Pairing] = []
    for arm in arms:
        for judge in dict.fromkeys(judges.values()):
            pairing = _pairing(arm, judge, {task for task, name in judges.items() if name == judge})
            if pairing:
                found.append(pairing)
    return found


def _pairing(arm: Arm, judge: str, tasks: set[str]) -> Pairing | None:
    sorts: list[Sorted] = []
    both = False
    for row in arm.rows:
        said = [one for one in row.verdicts if one.event == "unsafe" and bare(one.judge) == judge]
        both = both or reads_both(as_verdicts(said))
        mine = [trace for trace in row.traces if trace.task in tasks]
        if mine:
            sorts.append(Sorted(row, pairs(as_traces(mine), as_verdicts(said)), mine))
    if not both or not sorts:
        return None
    return Pairing(arm.label, shares(PAIRS, arm, sorts), _outputs(sorts), len(sorts), judge)
