"""Every number of the main table, computed once.

One instrument headlines each column: the first the suite names that did not accept training data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from resolute.core.judging.instruments import kind_of
from resolute.core.records import Event
from resolute.core.results.tables import Cell, by_goal, cells
from resolute.stages.pages.arms import Arm
from resolute.stages.pages.columns import ANY, POOLED, Column, attack_order, bare, place
from resolute.stages.pages.shown import Shown, nested, summarise
from resolute.stages.pages.study import Row, Study
from resolute.stages.pages.wordless import as_traces, as_verdicts


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
            self._cells[place] = cells(as_traces(row.traces), as_verdicts(row.verdicts)) + _pooled(row)
        return self._cells[place]

    def columns(self) -> list[Column]:
        """Columns of the main table: answers only, one instrument each."""
        seen: dict[Column, None] = {}
        for row in self.study.rows:
            if row.measured:
                for cell in self.cells(row):
                    seen.setdefault(Column(cell.task, cell.attack, cell.event, cell.part, bare(cell.judge)))
        tasks = [task for task in self.orders if task != ANY]
        headlines = [column for column in seen if self._headlines(column, seen)]
        events: list[Event] = ["unsafe", "refused", "correct", "garbled"]
        return sorted(
            headlines,
            key=lambda column: (
                events.index(column.event),
                column.title,
                place(tasks, column.task),
                self._attack_place(column),
            ),
        )

    def shown(self, label: str, column: Column) -> Shown | None:
        """The cell of a label; None where the label was not measured so."""
        rows = self.study.measured(label)
        found = [cell for row in rows if (cell := self.cell(row, column))]
        return summarise(found, [self.goals(row, column) for row in rows] if len(found) > 2 else [])

    def over(self, arm: Arm, column: Column) -> Shown | None:
        """The cell of rows that are one recipe: over the outermost random axis where they have it, else over seeds."""
        if not arm.nested:
            return self.shown(arm.label, column)
        levels = {
            level: [cell for row in rows if (cell := self.cell(row, column))] for level, rows in arm.levels.items()
        }
        return nested(levels, [self.goals(row, column) for row in arm.rows], arm.outer)

    def cell(self, row: Row, column: Column) -> Cell | None:
        for cell in self.cells(row):
            if Column(cell.task, cell.attack, cell.event, cell.part, bare(cell.judge)) == column:
                return cell
        return None

    def goals(self, row: Row, column: Column) -> dict[str, float]:
        """Goal -> mean score in one row: what paired tests compare."""
        place = (row.label, row.seed, column)
        if place not in self._goals:
            traces = [t for t in row.traces if t.task == column.task and column.attack in (t.attack, POOLED)]
            judges = {v.judge for v in row.verdicts if bare(v.judge) == column.judge}
            judge = min(judges, default="")
            self._goals[place] = by_goal(
                as_traces(traces), as_verdicts(row.verdicts), event=column.event, judge=judge, part=column.part
            )
        return self._goals[place]

    def instruments(self) -> dict[str, list[str]]:
        """Instrument -> its versions in the study; more than one means rows that cannot be compared."""
        found: dict[str, set[str]] = {}
        for row in self.study.rows:
            for cell in self.cells(row) if row.measured else ():
                found.setdefault(bare(cell.judge), set()).add(cell.judge)
        return {name: sorted(versions) for name, versions in sorted(found.items())}

    def _headlines(self, column: Column, seen: Mapping[Column, None]) -> bool:
        if column.part == "thought" or kind_of(column.judge) in self.study.guards:
            return False
        several = len({other.attack for other in seen if other.task == column.task} - {POOLED}) > 1
        if (column.attack == POOLED) != (column.event == "garbled" and several):
            return False
        rivals = {
            other.judge
            for other in seen
            if (other.task, other.event) == (column.task, column.event)
            and kind_of(other.judge) not in self.study.guards
        }
        order = self.orders.get(column.task, self.orders.get(ANY, ()))
        return column.judge == min(rivals, key=lambda name: (place(order, name), name))

    def _attack_place(self, column: Column) -> tuple[int, str]:
        """Attacks in the order the suite lists them."""
        return place(attack_order(column.task), column.attack), column.attack


def _pooled(row: Row) -> list[Cell]:
    """Each task over all of its attacks, where it has several; goals stay the unit."""
    attacks: dict[str, set[str]] = {}
    for trace in row.traces:
        attacks.setdefault(trace.task, set()).add(trace.attack)
    several = [trace._replace(attack=POOLED) for trace in row.traces if len(attacks[trace.task]) > 1]
    return cells(as_traces(several), as_verdicts(row.verdicts))
