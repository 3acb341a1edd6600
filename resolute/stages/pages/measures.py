"""The columns of the main table and what stands in each cell.

One instrument headlines each column: the first the suite names that did not accept training data. Seeds are never
pooled into n: under three they are shown as points, from three as a t interval on their means, which is never let be
narrower than the interval over goals (three seeds that agree by chance would give a width of zero).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from resolute.core.catalogue import counted, entries, find
from resolute.core.paired import seed_interval
from resolute.core.parts import Event, Suite
from resolute.core.rates import rate
from resolute.core.records import Trace
from resolute.core.tables import Cell, Part, by_goal, cells
from resolute.stages.pages.study import Row, Study

POOLED = "all"
"""Stands for the attack in a column over every attack of a task."""
TITLES: Mapping[Event, str] = {
    "unsafe": "Attack success",
    "garbled": "Garbled",
    "refused": "Over-refusal",
    "correct": "Accuracy",
}


@dataclass(frozen=True)
class Column:
    """One measurement: a task under an attack (or all of its attacks), read by one instrument on one part."""

    task: str
    attack: str
    event: Event
    part: Part
    judge: str
    """The instrument's name without its version."""

    @property
    def title(self) -> str:
        return TITLES[self.event]

    @property
    def detail(self) -> str:
        """What sets the column apart from others of its title; names without the plug-in they come from."""
        if self.event == "unsafe":
            return "no attack" if self.attack == "none" else self.attack.rpartition("/")[2]
        task = self.task.rpartition("/")[2]
        return f"{task}, all attacks" if self.attack == POOLED else task

    @property
    def better(self) -> Literal["low", "high"]:
        return "high" if self.event == "correct" else "low"

    @property
    def name(self) -> str:
        plain = self.detail.casefold() == self.title.casefold()
        return self.title if plain else f"{self.title}: {self.detail}"


@dataclass(frozen=True)
class Shown:
    """What a cell says. `points` has one value per training seed; `low` and `high` are absent for two seeds."""

    value: float
    low: float | None
    high: float | None
    points: tuple[float, ...]
    cells: tuple[Cell, ...]
    how: str
    """What the interval is over."""

    @property
    def main(self) -> str:
        return "not scored" if math.isnan(self.value) else f"{100 * self.value:.1f}%"

    @property
    def band(self) -> str:
        """The interval, or the points where there is none."""
        if len(self.cells) == 1 and self.cells[0].rate.n:
            return str(self.cells[0].rate).split(" ", 1)[1].partition(" (")[0]
        if self.low is not None and self.high is not None:
            return f"[{100 * self.low:.1f}, {100 * self.high:.1f}]"
        return "seeds " + ", ".join(f"{100 * point:.1f}" for point in self.points) if len(self.points) > 1 else ""

    @property
    def counted(self) -> str:
        """How many independent goals (for so many training seeds), and how many answers where that is more."""
        goals = max(cell.rate.goals for cell in self.cells)
        if len(self.cells) > 1:
            return f"{len(self.cells)} x {goals} goals"
        answers = sum(cell.rate.n for cell in self.cells)
        return f"{goals} goals" if answers == goals else f"{goals} goals, {answers} answers"

    @property
    def beside(self) -> str:
        """What was not scored, with the bounds it could mean; empty where all was."""
        unscored = sum(cell.rate.unscored for cell in self.cells)
        if not unscored:
            return ""
        low = sum(cell.rate.bounds[0] for cell in self.cells) / len(self.cells)
        high = sum(cell.rate.bounds[1] for cell in self.cells) / len(self.cells)
        return f"{unscored} not scored: {100 * low:.1f} to {100 * high:.1f}%"

    @property
    def model_failed(self) -> str:
        """The share of trials with nothing to judge by the model's own fault; empty where there is none."""
        failed, n = sum(cell.model_failed for cell in self.cells), sum(cell.rate.n for cell in self.cells)
        return f"{100 * failed / n:.1f}% no answer" if failed and n else ""

    def __str__(self) -> str:
        return f"{self.main} {self.band}".rstrip()


def summarise(found: Sequence[Cell], goals: Sequence[Mapping[str, float]]) -> Shown | None:
    """One cell of the table from the cells of a label's training seeds; None where nothing was measured.

    `goals`: for each seed, goal -> mean score.
    """
    if not found:
        return None
    values = tuple(cell.rate.value for cell in found if cell.rate.n)
    value = math.fsum(values) / len(values) if values else math.nan
    if len(found) == 1:
        only = found[0].rate
        return Shown(value, only.low, only.high, values, tuple(found), only.method)
    if len(values) < 3:
        return Shown(value, None, None, values, tuple(found), f"{len(values)} seeds: points, no interval")
    low, high = seed_interval(values)
    mean = mean_by_goal(goals)
    over_goals = rate(list(mean.values()), list(mean))
    low, high = max(min(low, over_goals.low), 0.0), min(max(high, over_goals.high), 1.0)
    return Shown(value, low, high, values, tuple(found), f"t over {len(values)} seeds, no narrower than over goals")


def mean_by_goal(seeds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Goal -> mean over the seeds that have a score for it."""
    held: dict[str, list[float]] = {}
    for scores in seeds:
        for goal, score in scores.items():
            held.setdefault(goal, []).append(score)
    return {goal: math.fsum(held[goal]) / len(held[goal]) for goal in sorted(held)}


@dataclass
class Measures:
    """Every number of the main table, computed once."""

    study: Study
    orders: Mapping[str, tuple[str, ...]]
    """Task -> instruments, the headline first (see `instrument_orders`)."""
    _cells: dict[tuple[str, int], list[Cell]] = field(default_factory=dict[tuple[str, int], list[Cell]])
    _goals: dict[tuple[str, int, Column], dict[str, float]] = field(
        default_factory=dict[tuple[str, int, Column], dict[str, float]]
    )

    def cells(self, row: Row) -> list[Cell]:
        """Every rate of a row."""
        place = (row.label, row.seed)
        if place not in self._cells:
            self._cells[place] = cells(row.traces, row.verdicts) + _pooled(row)
        return self._cells[place]

    def columns(self) -> list[Column]:
        """Columns of the main table: answers only, one instrument each."""
        seen: dict[Column, None] = {}
        for row in self.study.rows:
            if row.measured:
                for cell in self.cells(row):
                    seen.setdefault(Column(cell.task, cell.attack, cell.event, cell.part, _name(cell.judge)))
        tasks = list(self.orders)
        headlines = [column for column in seen if self._headlines(column, seen)]
        events: list[Event] = ["unsafe", "refused", "correct", "garbled"]
        return sorted(
            headlines,
            key=lambda column: (events.index(column.event), _place(tasks, column.task), self._attack_place(column)),
        )

    def shown(self, label: str, column: Column) -> Shown | None:
        """The cell of a label; None where the label was not measured so."""
        rows = self.study.measured(label)
        found = [cell for row in rows if (cell := self.cell(row, column))]
        return summarise(found, [self.goals(row, column) for row in rows] if len(found) > 2 else [])

    def cell(self, row: Row, column: Column) -> Cell | None:
        for cell in self.cells(row):
            if Column(cell.task, cell.attack, cell.event, cell.part, _name(cell.judge)) == column:
                return cell
        return None

    def goals(self, row: Row, column: Column) -> dict[str, float]:
        """Goal -> mean score in one row: what paired tests compare."""
        place = (row.label, row.seed, column)
        if place not in self._goals:
            traces = [t for t in row.traces if t.task == column.task and column.attack in (t.attack, POOLED)]
            judges = {v.judge for v in row.verdicts if _name(v.judge) == column.judge}
            judge = min(judges, default="")
            self._goals[place] = by_goal(traces, row.verdicts, event=column.event, judge=judge, part=column.part)
        return self._goals[place]

    def instruments(self) -> dict[str, list[str]]:
        """Instrument -> its versions in the study; more than one means rows that cannot be compared."""
        found: dict[str, set[str]] = {}
        for row in self.study.rows:
            for cell in self.cells(row) if row.measured else ():
                found.setdefault(_name(cell.judge), set()).add(cell.judge)
        return {name: sorted(versions) for name, versions in sorted(found.items())}

    def _headlines(self, column: Column, seen: Mapping[Column, None]) -> bool:
        if column.part == "thought" or column.judge in self.study.guards:
            return False
        several = len({other.attack for other in seen if other.task == column.task} - {POOLED}) > 1
        if (column.attack == POOLED) != (column.event == "garbled" and several):
            return False
        rivals = {
            other.judge
            for other in seen
            if (other.task, other.event) == (column.task, column.event) and other.judge not in self.study.guards
        }
        order = self.orders.get(column.task, ())
        return column.judge == min(rivals, key=lambda name: (_place(order, name), name))

    def _attack_place(self, column: Column) -> tuple[int, str]:
        """Attacks in the order the suite lists them."""
        return _place(attack_order(column.task), column.attack), column.attack


def instrument_orders(study: Study) -> dict[str, tuple[str, ...]]:
    """`suite/task` -> its instruments in the order the suite declares, then those of the judge settings."""
    orders: dict[str, tuple[str, ...]] = {}
    for row in study.rows:
        evaluate, judge = row.manifest("evaluate"), row.manifest("judge")
        if evaluate is None or judge is None:
            continue
        asked = tuple(str(name) for name in judge.settings.get("judges", ()))
        for item in evaluate.settings.get("suites", ()):
            name = counted(str(item))[0]
            for task in _suite(name).tasks:
                orders.setdefault(f"{name}/{task.name}", (*task.judges, *asked))
    return orders


def attack_order(task: str) -> tuple[str, ...]:
    """Attacks of `suite/task` as its suite lists them; empty where the suite is not known here."""
    suite, _, name = task.rpartition("/")
    return next((found.attacks for found in _suite(suite).tasks if found.name == name), ())


def _suite(name: str) -> Suite:
    """A suite by name; one whose plug-in is not installed here has no tasks to order by."""
    return find("suites", name) if name in entries("suites") else Suite(name, ())


def _pooled(row: Row) -> list[Cell]:
    """Each task over all of its attacks, where it has several; goals stay the unit."""
    attacks: dict[str, set[str]] = {}
    for trace in row.traces:
        attacks.setdefault(trace.task, set()).add(trace.attack)
    several = [_renamed(trace) for trace in row.traces if len(attacks[trace.task]) > 1]
    return cells(several, row.verdicts)


def _renamed(trace: Trace) -> Trace:
    return trace.model_copy(update={"attack": POOLED})


def _name(judge: str) -> str:
    """An instrument's name without the version that records carry after a space."""
    return judge.partition(" ")[0]


def _place(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)
