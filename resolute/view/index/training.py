"""The training rows of an index: one by its id, those of a trace, and lists of them by what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlencode

from resolute.core.records import Example
from resolute.view.index.facets import Counted
from resolute.view.index.schema import unpacked

ROW_FACETS: dict[str, str] = {"kind": "Kind of goal", "strategy": "Strategy", "source": "Source", "set": "Training set"}
"""Name in addresses -> heading, in the order they are shown."""
NONE = "(none)"
"""How a label is called that a row leaves empty."""


class Row(NamedTuple):
    """A training row."""

    example: Example
    n: int | None
    """The place of its trace; None where that is not here."""
    makers: list[str]
    """STAGE/KEY of every artifact that has this row."""


@dataclass(frozen=True)
class RowFilters:
    """Labels of one facet are alternatives; facets narrow each other."""

    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def query(self, **more: str) -> str:
        """The part of an address behind the question mark, with it; empty where nothing is asked."""
        pairs = [(name, label) for name in ROW_FACETS for label in self.chosen.get(name, ())]
        asked = urlencode([*pairs, *more.items()])
        return f"?{asked}" if asked else ""


def rows_asked(pairs: Iterable[tuple[str, str]]) -> RowFilters:
    """The filters of an address. Total: what is not understood is left out."""
    chosen: dict[str, list[str]] = {}
    for name, value in pairs:
        if name in ROW_FACETS:
            chosen.setdefault(name, []).append(value)
    return RowFilters({name: tuple(dict.fromkeys(labels)) for name, labels in chosen.items()})


class TrainingRows:
    """Looks into the index by `ask`, which takes a query and its values. Rows stand in the order of their ids."""

    def __init__(self, ask: Callable[..., list[Any]]) -> None:
        self._ask = ask
        self.size = int(ask("SELECT count(*) FROM examples")[0][0])

    def by_id(self, name: str) -> Row | None:
        """A row by its id."""
        rows = self._ask("SELECT record, n FROM examples WHERE id = ?", name)
        return self._row(rows[0]) if rows else None

    def of_trace(self, n: int) -> list[str]:
        """Ids of the rows made of the trace at place `n`."""
        return [row[0] for row in self._ask("SELECT id FROM examples WHERE n = ? ORDER BY id", n)]

    def total(self, asked: RowFilters, *, until: str | None = None) -> int:
        """How many rows are asked for, or of them those up to an id, with it."""
        where, values = _where(asked, *([("id <= ?", until)] if until is not None else []))
        return self._ask(f"{_TOTAL} {where}", *values)[0][0]

    def after(self, asked: RowFilters, name: str, most: int) -> list[Row]:
        """The first `most` rows behind an id; the empty id stands before all."""
        where, values = _where(asked, ("id > ?", name))
        query = f"{_ROWS} {where} ORDER BY id LIMIT ?"
        return [self._row(row) for row in self._ask(query, *values, most)]

    def before(self, asked: RowFilters, name: str, most: int) -> list[Row]:
        """The last `most` rows before an id, in the order of ids."""
        where, values = _where(asked, ("id < ?", name))
        query = f"{_ROWS} {where} ORDER BY id DESC LIMIT ?"
        return [self._row(row) for row in reversed(self._ask(query, *values, most))]

    def counts(self, asked: RowFilters) -> dict[str, list[Counted]]:
        """Each facet with the numbers of its labels under all *other* filters, but for facets that tell nothing."""
        found: dict[str, list[Counted]] = {}
        for name in ROW_FACETS:
            chosen = asked.chosen.get(name, ())
            where, values = _where(
                RowFilters({other: labels for other, labels in asked.chosen.items() if other != name})
            )
            query = f"{_COUNTED[name]} {where} GROUP BY 1 ORDER BY 2 DESC, 1"
            counted = [Counted(label, times, label in chosen) for label, times in self._ask(query, *values)]
            counted += [Counted(label, 0, True) for label in chosen if label not in {one.label for one in counted}]
            if chosen or len(counted) > 1:
                found[name] = counted
        return found

    def _row(self, row: tuple[bytes, int | None]) -> Row:
        example = Example.model_validate(unpacked(row[0]))
        makers = self._ask("SELECT DISTINCT maker FROM sets WHERE id = ? ORDER BY rowid", example.id)
        return Row(example, row[1], [one[0] for one in makers])


_ROWS = "SELECT record, n FROM examples WHERE"
_TOTAL = "SELECT count(*) FROM examples WHERE"
_COUNTED = {
    "kind": "SELECT kind, count(*) FROM examples WHERE",
    "strategy": "SELECT strategy, count(*) FROM examples WHERE",
    "source": "SELECT origin, count(*) FROM examples WHERE",
    "set": "SELECT sets.name, count(DISTINCT id) FROM examples JOIN sets USING (id) WHERE",
}
_HELD = {
    "kind": "kind IN",
    "strategy": "strategy IN",
    "source": "origin IN",
    "set": "id IN (SELECT id FROM sets WHERE name IN",
}
"""Facet -> the beginning of a condition, up to its labels."""


def _where(asked: RowFilters, *more: tuple[str, str]) -> tuple[str, list[str]]:
    """A condition on `examples`, made of our own words and question marks, and the values that stand for them."""
    parts, values = ["1"], list[str]()
    for name, labels in asked.chosen.items():
        marks = ", ".join("?" * len(labels))
        parts.append(f"{_HELD[name]} ({marks})" + (")" if name == "set" else ""))
        values += labels
    for condition, value in more:
        parts.append(condition)
        values.append(value)
    return " AND ".join(parts), values
