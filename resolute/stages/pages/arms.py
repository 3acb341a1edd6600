"""What the tests compare: rows that differ in nothing but random axes and training seeds are one arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace

from resolute.core.statistics.declared import merged
from resolute.stages.pages.study import Row, Study

ROW = "row"
"""The axis of the grid's own rows."""


@dataclass(frozen=True)
class Arm:
    """One recipe, with every training of it that was measured."""

    label: str
    """As families name it: without the levels of random axes."""
    name: str
    """The row of the grid alone."""
    place: tuple[str, ...]
    """Levels of the axes that are not random: only arms of one place are compared unless somebody declares it."""
    kind: str
    rows: Sequence[Row]
    outer: str
    """The outermost random axis; empty where training seeds are."""

    def level(self, row: Row) -> str:
        """Which outermost level a row is of: all are of one where training seeds are the outermost."""
        return row.at.get(self.outer, "")

    @property
    def nested(self) -> bool:
        """The rows stand on a random axis, and training seeds are nested in its levels."""
        return any(self.outer in row.at for row in self.rows)

    @property
    def levels(self) -> Mapping[str, list[Row]]:
        """Outermost level -> its rows."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(self.level(row), []).append(row)
        return found


def arms(study: Study, random: Sequence[str] = ()) -> dict[str, Arm]:
    """Label -> arm, in the order of the study; arms of which nothing was measured are left out."""
    found: dict[str, list[Row]] = {}
    for row in study.rows:
        if row.measured:
            found.setdefault(merged(row.label, row.at, random), []).append(row)
    return {label: _arm(label, rows, random) for label, rows in found.items()}


def _arm(label: str, rows: Sequence[Row], random: Sequence[str]) -> Arm:
    first = rows[0]
    place = tuple(level for axis, level in first.at.items() if axis not in (ROW, *random))
    ordered = sorted(rows, key=lambda row: (row.label, row.seed))
    return Arm(label, first.at.get(ROW, label), place, first.kind, ordered, next(iter(random), ""))


def folded(study: Study, random: Sequence[str], *, part: str = "") -> Study:
    """The study with each arm's rows under one label; with `part`, only where all of them share that artifact."""
    if not random:
        return study
    held: dict[str, set[str]] = {}
    for row in study.rows:
        key = row.artifacts[part].key if part in row.artifacts else ""
        held.setdefault(merged(row.label, row.at, random), set()).add(key)
    rows: list[Row] = []
    for row in study.rows:
        label = merged(row.label, row.at, random)
        again = copy(row)  # with what was read already: a row's records are read once
        vars(again)["label"] = row.label if part and len(held[label]) > 1 else label
        rows.append(again)
    return replace(study, rows=rows)
