"""What of a rendered row is learned, and the lean form in which rows go to the trainer and to its other processes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from resolute.core.errors import ResoluteError
from resolute.core.keys import derive
from resolute.models.render import IGNORED, Kind, Rendered, Renderer

Loss = Literal["completion", "sequence", "primer"]
"""See `settings.Train.loss`."""


class Row(NamedTuple):
    """One row to train on: labels are `IGNORED` where nothing is learned; `kinds` says what each token is part of."""

    id: str
    ids: list[int]
    labels: list[int]
    kinds: list[Kind]


def scoped(row: Rendered, renderer: Renderer, *, loss: Loss, primer: int | None) -> Rendered:
    """The row with the labels of `loss`; `primer` is its number of tokens in rows that teach one, else None."""
    if loss == "sequence":
        return replace(row, labels=list(row.ids))
    if primer is None:
        return row
    stop = len(row.prompt.ids) + len(opening(row, renderer)) + primer
    return replace(row, labels=row.labels[:stop] + [IGNORED] * len(row.labels[stop:]))


def reach(labels: Sequence[int]) -> int:
    """Tokens of a row up to the last that is learned; no token behind it can change the loss."""
    return next((place for place in range(len(labels), 0, -1) if labels[place - 1] != IGNORED), 0)


def opening(row: Rendered, renderer: Renderer) -> list[int]:
    """The opening mark and its white space, where the model itself must write them: none where the prompt has."""
    if row.prompt.lead:
        return []
    ids: list[int] = []
    for number in row.ids[len(row.prompt.ids) :]:
        ids.append(number)
        if renderer.dialect.open + renderer.dialect.after_open in renderer.decode(ids):
            return ids
    return ids


def split(rows: Sequence[Row], hold_out: int, *, seed: int) -> tuple[list[Row], list[Row]]:
    """Rows to train on and rows held out, in their order. Raises `ResoluteError` where none would be left to train."""
    if hold_out >= len(rows):
        what = f"{hold_out} of {len(rows)} rows would be held out"
        raise ResoluteError(what, where="train.hold_out", mend="hold out fewer")
    held = set(random.Random(derive(seed, "hold out")).sample(range(len(rows)), hold_out))
    kept = [row for place, row in enumerate(rows) if place not in held]
    return kept, [row for place, row in enumerate(rows) if place in held]


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Rows as Parquet, for the processes of one training."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {name: [getattr(row, name) for row in rows] for name in Row._fields}
    ints = pa.list_(pa.int32())
    schema = pa.schema([("id", pa.string()), ("ids", ints), ("labels", ints), ("kinds", pa.list_(pa.string()))])
    pq.write_table(pa.table(columns, schema=schema), path)


def read_rows(path: Path) -> list[Row]:
    """What `write_rows` wrote."""
    import pyarrow.parquet as pq

    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return [Row(**row) for row in found]


def learned(row: Row) -> int:
    """Tokens of a row that carry loss."""
    return sum(label != IGNORED for label in row.labels)
