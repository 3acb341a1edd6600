"""The columns of the main table: what is measured, by which instrument, and in which order they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from resolute.core.catalogue import counted, entries
from resolute.core.judging.instruments import kind_of
from resolute.core.parts import Task
from resolute.core.records import Event
from resolute.core.results.tables import Part
from resolute.core.suites import task_of, tasks_of
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
WANTED = "Refusal of harmful goals"
"""Title where a refusal is what should happen."""


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
        return WANTED if self.event == "refused" and self.better == "high" else TITLES[self.event]

    @property
    def detail(self) -> str:
        """What sets the column apart from others of its title: a public set's name, or the task's, without the plug-in
        it comes from; of attacks on a plug-in's goals the attack alone."""
        task, attack = self._set or self.task.rpartition("/")[2], self.attack.rpartition("/")[2]
        if self.event == "unsafe" and not self._set:
            return "no attack" if attack == "none" else attack
        if self.event == "unsafe" or self.title == WANTED:
            return task if attack == "none" else f"{task}, {attack}"
        return f"{task}, all attacks" if self.attack == POOLED else task

    @property
    def better(self) -> Literal["low", "high"]:
        """As the suite says of its own event; of any other, harm is low and right answers are high."""
        known = task_of(self.task)
        if known is not None and known.event == self.event:
            return known.better
        return "high" if self.event == "correct" else "low"

    @property
    def _set(self) -> str:
        """The public set the task asks; "" for a plug-in's."""
        known = task_of(self.task)
        return known.prompts if known is not None and "/" not in known.prompts else ""

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
            for label, task in _tasks(counted(str(item))[0]).items():
                orders.setdefault(label, (*task.judges, *task.guards, *asked))
    return orders


def attack_order(task: str) -> tuple[str, ...]:
    """Attacks of `suite/task` as its suite lists them; empty where the suite is not known here."""
    known = task_of(task)
    return known.attacks if known is not None else ()


def _tasks(name: str) -> dict[str, Task]:
    """The tasks of a suite; one whose plug-in is not installed here has none to order by."""
    return tasks_of(name) if name in entries("suites") or task_of(name) is not None else {}


def bare(judge: str) -> str:
    """An instrument's name without the version that records carry after a space."""
    return judge.partition(" ")[0]


def place(order: Sequence[str], name: str) -> int:
    """Where a name stands in an order; an instrument that asks a model by its own name."""
    kinds = [kind_of(item) for item in order]
    return kinds.index(kind_of(name)) if kind_of(name) in kinds else len(order)
