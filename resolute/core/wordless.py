"""Traces and verdicts without their words: what counting needs of them, read from the columns it stands in.

A study of 200,000 samples holds gigabytes of text that no rate looks at. What counts records (`core.tables`,
`core.matrix`, `core.passing`) asks for the shapes below, which `Trace` and `Verdict` have too.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from resolute.core.attacking import ATTACKER_FAILED
from resolute.core.files import read_columns
from resolute.core.records import Ending, Event, Example, Kind, Outcome, Trace, Verdict
from resolute.core.tables import Part


class Asking(NamedTuple):
    """Of a prompt: what is wanted, and of which kind."""

    goal: str
    kind: Kind
    category: str


class Answer(NamedTuple):
    """A trace without its words."""

    id: str
    content: str
    prompt: Asking
    ending: Ending
    task: str
    attack: str
    sample: int
    queries: int
    tokens_in: int
    tokens_out: int
    unattacked: bool
    """There is no output since the attacker failed: no defence of the model."""


class Opinion(NamedTuple):
    """A verdict without the instrument's words."""

    trace: str
    judge: str
    event: Event
    part: Part
    outcome: Outcome
    score: float | None
    label: str


def read_answers(path: Path) -> list[Answer]:
    """The traces of a Parquet file, in id order; raises `ResoluteError` as `read_records` does."""
    names = ("id", "content", "task", "attack", "sample", "queries", "tokens_in", "tokens_out")
    prompts = ("prompt.goal", "prompt.kind", "prompt.category")
    columns = read_columns(path, Trace, (*names, *prompts, "ending.where", "ending.why", "error"))
    identity, content, task, attack, sample, queries, tokens_in, tokens_out = columns[: len(names)]
    goals, kinds, categories, wheres, whys, errors = columns[len(names) :]
    asked: dict[tuple[str, Kind, str], Asking] = {}
    ended: dict[tuple[str, str], Ending] = {}
    prompt = [asked.setdefault(one, Asking(*one)) for one in zip(goals, kinds, categories, strict=True)]
    for one in set(zip(wheres, whys, strict=True)):
        ended[one] = Ending.model_validate({"where": one[0], "why": one[1]})
    ending = [ended[one] for one in zip(wheres, whys, strict=True)]
    failed = [error.startswith(ATTACKER_FAILED) for error in errors]
    rows = zip(
        identity, content, prompt, ending, task, attack, sample, queries, tokens_in, tokens_out, failed, strict=True
    )
    return [Answer(*row) for row in rows]


def read_opinions(path: Path) -> list[Opinion]:
    """The verdicts of a Parquet file, in id order; raises `ResoluteError` as `read_records` does."""
    columns = read_columns(path, Verdict, Opinion._fields)
    return [Opinion(*row) for row in zip(*columns, strict=True)]


class Trained(NamedTuple):
    """Of a training row: whose trace it is, and the goal it is about."""

    trace: str
    goal: str


def read_trained(path: Path) -> list[Trained]:
    """The training rows of a Parquet file, in id order."""
    columns = read_columns(path, Example, Trained._fields)
    return [Trained(*row) for row in zip(*columns, strict=True)]
