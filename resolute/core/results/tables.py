"""From traces and verdicts to the cells of a table: one rate per task, attack, instrument, event and part.

Who counts: every trace asked is a trial, clustered by its goal. What the model failed to give (an unfinished thought,
an empty answer) is a trial in which the event did not happen, and is shown apart. What the instrument could not say,
and requests that never got an output, are unscored: in neither events nor n.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from resolute.core.rates import Rate, rate
from resolute.core.records import Event, Trace, Verdict

Part = Literal["thought", "answer", "both"]


@dataclass(frozen=True)
class Cell:
    """One rate of a table, with what stands beside it. `asked` = rate.n + rate.unscored."""

    task: str
    attack: str
    event: Event
    part: Part
    judge: str
    rate: Rate
    model_failed: int
    """Trials of n with nothing to judge by the model's own fault: the event did not happen in them."""
    judge_failed: int
    """Trials the instrument could not score, or gave no verdict on."""
    errors: int
    """Requests that never got an output (`ending.why == "error"`): neither refusals nor in n."""

    @property
    def asked(self) -> int:
        """Traces asked for in this task and attack."""
        return self.rate.n + self.rate.unscored


@dataclass(frozen=True)
class _Trial:
    score: float | None
    goal: str
    fault: Literal["", "model", "judge", "error"]


def cells(traces: Sequence[Trace], verdicts: Iterable[Verdict]) -> list[Cell]:
    """Every rate the verdicts speak of, sorted by task, attack, event, judge and part.

    An instrument that judged anything of a task and attack is taken to be meant for all its traces: a missing verdict
    is the instrument's failure, never a smaller n. Verdicts on other traces are left alone. Row order does not matter.
    """
    known = {trace.id: trace for trace in traces}
    groups: dict[tuple[str, str], list[Trace]] = {}
    for trace in traces:
        groups.setdefault((trace.task, trace.attack), []).append(trace)
    found: dict[tuple[str, str, Event, str, Part], dict[str, Verdict]] = {}
    for verdict in verdicts:
        trace = known.get(verdict.trace)
        if trace is not None:
            place = (trace.task, trace.attack, verdict.event, verdict.judge, verdict.part)
            found.setdefault(place, {})[trace.id] = verdict
    return [_cell(place, groups[place[:2]], found[place]) for place in sorted(found)]


def _cell(place: tuple[str, str, Event, str, Part], traces: Sequence[Trace], verdicts: Mapping[str, Verdict]) -> Cell:
    task, attack, event, judge, part = place
    trials = [_trial(trace, verdicts.get(trace.id)) for trace in sorted(traces, key=lambda trace: trace.id)]
    faults = [trial.fault for trial in trials]
    return Cell(
        task,
        attack,
        event,
        part,
        judge,
        rate([trial.score for trial in trials], [trial.goal for trial in trials]),
        model_failed=faults.count("model"),
        judge_failed=faults.count("judge"),
        errors=faults.count("error"),
    )


def _trial(trace: Trace, verdict: Verdict | None) -> _Trial:
    goal = trace.prompt.goal
    if trace.ending.why == "error":
        return _Trial(None, goal, "error")
    if verdict is None or verdict.outcome == "judge failed":
        return _Trial(None, goal, "judge")
    if verdict.outcome == "model failed":
        return _Trial(0.0, goal, "model")
    return _Trial(verdict.score, goal, "")


def by_goal(
    traces: Iterable[Trace], verdicts: Iterable[Verdict], *, event: Event, judge: str, part: Part
) -> dict[str, float]:
    """Goal -> mean score over its scored trials: what paired tests compare. Who counts is as in `cells`."""
    found: dict[str, list[float]] = {}
    for goal, score in scores(traces, verdicts, event=event, judge=judge, part=part):
        found.setdefault(goal, []).append(score)
    return {goal: math.fsum(some) / len(some) for goal, some in sorted(found.items())}


def scores(
    traces: Iterable[Trace], verdicts: Iterable[Verdict], *, event: Event, judge: str, part: Part
) -> list[tuple[str, float]]:
    """Goal and score of every scored trial, in the order of the traces. Who counts is as in `cells`."""
    about = {v.trace: v for v in verdicts if (v.event, v.judge, v.part) == (event, judge, part)}
    trials = [_trial(trace, about.get(trace.id)) for trace in traces]
    return [(trial.goal, trial.score) for trial in trials if trial.score is not None]
