"""Traces and verdicts without their words: what counting needs of them, read from the columns it stands in.

A study of 200,000 samples holds gigabytes of text that no rate looks at. The shapes below have, under the same names,
the fields of `Trace` and `Verdict` that counting asks for; `as_traces` and `as_verdicts` hand them to what counts
records (`core.results.tables`, `core.results.matrix`, `core.statistics.passing`), and a test holds both ways to the
same counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from resolute.core.attacking import ATTACKER_FAILED
from resolute.core.errors import ResoluteError
from resolute.core.files import unreadable
from resolute.core.records import SCHEMA, Ending, Event, Example, Kind, Outcome, Record, Trace, Verdict
from resolute.core.results.tables import Part


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


def as_traces(answers: Sequence[Answer]) -> list[Trace]:
    """The answers for what counts traces and reads none of their words: asking one for a word raises."""
    return cast("list[Trace]", answers)


def as_verdicts(opinions: Sequence[Opinion]) -> list[Verdict]:
    """The opinions for what counts verdicts."""
    return cast("list[Verdict]", opinions)


def read_columns(path: Path, form: type[Record], columns: Sequence[str]) -> list[list[Any]]:
    """Some columns of a Parquet file of our records (`ending.why` for a field's field), in the order of its rows.

    Other columns are not read, and equal texts are one object. Raises `ResoluteError` for what is not such a file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            table = file.read(columns=list(columns)).flatten()
    except OSError as error:
        raise unreadable(path, error) from error
    except pa.ArrowInvalid as error:
        raise ResoluteError("not a Parquet file", where=str(path), mend="it may be damaged: make it again") from error
    said: dict[bytes, bytes] = dict(table.schema.metadata or {})
    kind, schema = said.get(b"record", b"").decode(), said.get(b"schema", b"").decode()
    if kind != form.__name__ or schema not in (str(SCHEMA), str(SCHEMA - 1)):
        what = f"holds {kind or 'foreign'} records of schema {schema or 'none'}, not {form.__name__}"
        raise ResoluteError(what, where=str(path), mend="name the output of the right stage, or make it again")
    if missing := sorted({*columns} - {*table.schema.names}):
        raise ValueError(f"no such columns of {form.__name__}: {missing}")
    return [_values(table.column(name)) for name in columns]


def _values(column: Any) -> list[Any]:
    import pyarrow as pa

    if not pa.types.is_string(column.type):
        return column.to_pylist()
    found: list[Any] = []
    for chunk in column.dictionary_encode().unify_dictionaries().chunks:
        texts = chunk.dictionary.to_pylist()
        found += [texts[code] for code in chunk.indices.to_pylist()]
    return found
