"""Reading records piece by piece, so that fifty thousand traces never stand in memory at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from resolute.core.errors import ResoluteError
from resolute.core.files import unreadable
from resolute.core.foreign.reading import is_ours, read_traces
from resolute.core.records import SCHEMA, Record, Trace

PIECE = 500
"""Records read at a time."""


def size(path: Path, form: type[Record]) -> int:
    """How many rows a file has; 0 for a foreign file, which says it when it is read."""
    if form is Trace and not is_ours(path):
        return 0
    with _opened(path, form) as file:
        return int(file.metadata.num_rows)


def scan(path: Path, form: type[Record]) -> Iterator[dict[str, Any]]:
    """The records of a file as mappings, in its order; other people's traces are read as every stage reads them."""
    if form is Trace and not is_ours(path):
        for trace in read_traces(path).traces:
            yield trace.model_dump(mode="json")
        return
    number = 0
    with _opened(path, form) as file:
        for piece in file.iter_batches(batch_size=PIECE):
            for row in piece.to_pylist():
                yield _whole(row, form, f"{path}, row {number}")
                number += 1


def _whole(row: dict[str, Any], form: type[Record], where: str) -> dict[str, Any]:
    """A row with the fields that were not there yet when it was written."""
    try:
        return form.model_validate(row).model_dump(mode="json")
    except ValidationError as error:
        problem = error.errors()[0]
        what = f"not a {form.__name__}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}"
        raise ResoluteError(what, where=where, mend="make the file again") from error


def _opened(path: Path, form: type[Record]) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except OSError as error:
        raise unreadable(path, error) from error
    except pa.ArrowInvalid as error:
        raise ResoluteError("not a Parquet file", where=str(path), mend="it may be damaged: make it again") from error
    metadata = dict(file.schema_arrow.metadata or {})
    if metadata.get(b"record", b"").decode() != form.__name__ or int(metadata.get(b"schema", b"0")) > SCHEMA:
        mend = "name the output of the right stage, or use the Resolute that wrote it"
        raise ResoluteError(f"does not hold {form.__name__} records of schema {SCHEMA}", where=str(path), mend=mend)
    return file
