"""Looking into an index: lists by filters with their counts, and everything that was said of one trace."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from resolute.core.records import RiskReport, Trace, Verdict
from resolute.core.repair.outcomes import RepairAttempt
from resolute.view.filters import Filters
from resolute.view.index.facets import Counted, Facet
from resolute.view.index.schema import connected, unpacked
from resolute.view.index.search import match
from resolute.view.index.training import TrainingRows


@dataclass(frozen=True)
class Seen:
    """A trace in a list; `n` is its place in the index, `key` its name in addresses."""

    n: int
    key: str
    who: str
    """The model, or in a study the label of the row."""
    goal: str
    """Key of its goal."""
    source: str
    """STAGE/KEY of the artifact that holds it."""
    hidden: bool
    """It was rejected and lies in quarantine."""
    trace: Trace

    @property
    def harmful(self) -> bool:
        """Whether its words are blurred until asked for."""
        return self.hidden or self.trace.prompt.kind in ("harmful", "unknown")


class About(NamedTuple):
    """Everything that was said of a trace, with the artifact (STAGE/KEY) that says it."""

    verdicts: list[tuple[str, Verdict]]
    risks: list[tuple[str, RiskReport]]
    attempts: list[tuple[str, RepairAttempt]]


class Index:
    """An index file, open for reading; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        import numpy as np

        self._path = path
        self._local = threading.local()
        self.size = int(self._one("SELECT value FROM about WHERE name = 'traces'"))
        self.astray = int(self._one("SELECT value FROM about WHERE name = 'astray'"))
        rows = self._all("SELECT name, labels, rows, codes FROM facets ORDER BY place")
        self.facets: dict[str, Facet] = {
            name: Facet(name, json.loads(labels), np.frombuffer(rows, np.int32), np.frombuffer(codes, np.int32))
            for name, labels, rows, codes in rows
        }
        arrays = self._all("SELECT name, data FROM arrays WHERE kind = 'number'")
        self._numbers = {name: np.frombuffer(data, np.int32) for name, data in arrays}
        said = self._all("SELECT name, data FROM arrays WHERE kind = 'said'")
        self.said: dict[tuple[str, str, str], Any] = {
            (what, part, judge): np.frombuffer(data, np.int8)
            for name, data in said
            for what, part, judge in [name.split("|", 2)]
        }
        self.rows = TrainingRows(self._all)
        self.searched = lru_cache(maxsize=8)(self._searched)
        self.compared = cache(self._compared)
        self.slots = lru_cache(maxsize=8)(self._slots)

    # -- lists

    @property
    def lengths(self) -> Any:
        """Characters of thought and answer of each trace (int32)."""
        return self._numbers["length"]

    def flags(self, asked: Filters, marked: Collection[str] = ()) -> Any:
        """One flag a trace: whether it is asked for. `marked` are keys."""
        import numpy as np

        flags = np.ones(self.size, dtype=bool)
        for name, labels in asked.chosen.items():
            flags &= self.facets[name].having(labels, self.size)
        if match(asked.text):
            flags &= self.searched(match(asked.text))
        lengths = self._numbers["length"]
        if asked.shortest is not None:
            flags &= lengths >= asked.shortest
        if asked.longest is not None:
            flags &= lengths <= asked.longest
        if asked.marked:
            held = np.zeros(self.size, dtype=bool)
            held[self._places(marked)] = True
            flags &= held if asked.marked == "yes" else ~held
        return flags

    def counts(self, asked: Filters, marked: Collection[str] = ()) -> dict[str, list[Counted]]:
        """Each facet with the numbers of its labels under all *other* filters, but for facets that tell nothing."""
        flags = self.flags(asked, marked)
        found: dict[str, list[Counted]] = {}
        for name, facet in self.facets.items():
            chosen = asked.chosen.get(name, ())
            own = self.flags(asked.without(name), marked) if chosen else flags
            if chosen or len(facet.labels) > 1 or (facet.labels and name in ("outcome", "pattern", "disagree")):
                found[name] = facet.counted(own, chosen)
        return found

    def order(self, asked: Filters, marked: Collection[str] = ()) -> Any:
        """The places of all traces asked for, in the order asked for."""
        import numpy as np

        places = np.flatnonzero(self.flags(asked, marked))
        by = {"goal": self._numbers["goal"], "shortest": self._numbers["length"], "longest": -self._numbers["length"]}
        return places if asked.sort == "stored" else places[np.argsort(by[asked.sort][places], kind="stable")]

    def forget(self) -> None:
        """What was found is looked up anew."""
        self.searched.cache_clear()
        self.slots.cache_clear()

    def _searched(self, expression: str) -> Any:
        import numpy as np

        flags = np.zeros(self.size, dtype=bool)
        rows = self._all("SELECT rowid FROM words WHERE words MATCH ?", expression)
        flags[[row[0] for row in rows]] = True
        return flags

    def _places(self, keys: Collection[str]) -> list[int]:
        found = (self._all("SELECT n FROM traces WHERE key = ?", one) for one in keys)
        return [row[0] for rows in found for row in rows]

    # -- one trace

    def seen(self, places: Sequence[int]) -> list[Seen]:
        """The traces at these places, in this order."""
        marks = ", ".join("?" * len(places))
        rows = self._all(f"{_SEEN} WHERE n IN ({marks})", *map(int, places))
        made = {row[0]: _seen(row) for row in rows}
        return [made[int(place)] for place in places]

    def place(self, key: str) -> int | None:
        """The place of a trace by its key."""
        rows = self._all("SELECT n FROM traces WHERE key = ?", key)
        return rows[0][0] if rows else None

    def key(self, n: int) -> str:
        """The key of the trace at a place."""
        return self._all("SELECT key FROM traces WHERE n = ?", n)[0][0]

    def by_key(self, key: str) -> Seen | None:
        """The trace of an address."""
        rows = self._all(f"{_SEEN} WHERE key = ?", key)
        return _seen(rows[0]) if rows else None

    def by_goal(self, goal: str, most: int) -> tuple[list[Seen], int]:
        """The first `most` traces of one goal, and how many there are."""
        total = self._all("SELECT count(*) FROM traces WHERE goal = ?", goal)[0][0]
        return [_seen(row) for row in self._all(f"{_SEEN} WHERE goal = ? ORDER BY n LIMIT ?", goal, most)], total

    def made_from(self, trace: str) -> list[Seen]:
        """Repairs of a trace (its id): those that were kept, and those that were not."""
        of = "SELECT said.record FROM said JOIN traces USING (n) WHERE said.kind = 'attempts' AND traces.id = ?"
        made = dict.fromkeys(unpacked(row[0])["made"] for row in self._all(of, trace))
        return [one for name in made if name and (one := self.by_key(name))]

    def about(self, n: int) -> About:
        """Everything said of the trace at place `n`."""
        found = About([], [], [])
        for kind, source, data in self._all("SELECT kind, source, record FROM said WHERE n = ? ORDER BY rowid", n):
            if kind == "verdicts":
                found.verdicts.append((source, Verdict.model_validate(unpacked(data))))
            elif kind == "risks":
                found.risks.append((source, RiskReport.model_validate(unpacked(data))))
            else:
                found.attempts.append((source, RepairAttempt.model_validate(unpacked(data))))
        found.verdicts.sort(key=lambda one: (one[1].part, one[1].event, one[1].judge))
        found.risks.sort(key=lambda one: one[1].auditor)
        found.attempts.sort(key=lambda one: one[1].attempt)
        return found

    # -- pairs

    def _slots(self, left: str, right: str) -> list[tuple[int, int]]:
        """Places of the traces of two models on one prompt, task, attack, strategy and sample, in the left's order."""
        joined = "SELECT a.n, b.n FROM firsts a JOIN firsts b USING (slot) WHERE a.who = ? AND b.who = ? ORDER BY a.n"
        return self._all(joined, left, right)

    def _compared(self) -> dict[tuple[str, str], int]:
        """Pairs of models that were asked the same, each way round, with how often."""
        rows = self._all(
            "SELECT a.who, b.who, count(*) FROM firsts a JOIN firsts b USING (slot) WHERE a.who <> b.who "
            "GROUP BY a.who, b.who ORDER BY min(a.n), min(b.n)"
        )
        return {(left, right): times for left, right, times in rows}

    def _all(self, query: str, *values: Any) -> list[Any]:
        held: sqlite3.Connection | None = getattr(self._local, "held", None)
        if held is None:
            held = self._local.held = connected(self._path)
        return held.execute(query, values).fetchall()

    def _one(self, query: str) -> Any:
        return self._all(query)[0][0]


_SEEN = "SELECT n, key, who, goal, source, hidden, record FROM traces"


def _seen(row: Sequence[Any]) -> Seen:
    n, name, who, goal, source, hidden, record = row
    return Seen(n, name, who, goal, source, bool(hidden), Trace.model_validate(unpacked(record)))
