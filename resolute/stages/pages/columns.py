"""The columns of the main table: what is measured, by which instrument, and in which order they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from resolute.core.catalogue import counted, entries, find
from resolute.core.instruments import kind_of
from resolute.core.parts import Suite
from resolute.core.records import Event
from resolute.core.tables import Part
from resolute.stages.pages.study import Study

ANY = ""
"""Stands for every task nobody here knows the suite of."""
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


def instrument_orders(study: Study) -> dict[str, tuple[str, ...]]:
    """`suite/task` -> its instruments in the order the suite declares, then those of the judge settings.

    `ANY` stands for tasks of suites that are not known here.
    """
    orders: dict[str, tuple[str, ...]] = {}
    for row in study.rows:
        evaluate, judge = row.manifest("evaluate"), row.manifest("judge")
        if evaluate is None or judge is None:
            continue
        asked = tuple(str(name) for name in judge.settings.get("judges", ()))
        orders.setdefault(ANY, asked)
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


def bare(judge: str) -> str:
    """An instrument's name without the version that records carry after a space."""
    return judge.partition(" ")[0]


def place(order: Sequence[str], name: str) -> int:
    """Where a name stands in an order; an instrument that asks a model by its own name."""
    kinds = [kind_of(item) for item in order]
    return kinds.index(kind_of(name)) if kind_of(name) in kinds else len(order)
