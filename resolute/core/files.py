"""Files: atomic writing, Parquet for records (schema from the pydantic model, sorted by id), JSONL at the border."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import NoneType, UnionType
from typing import IO, Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from resolute.core.errors import ResoluteError
from resolute.core.records import SCHEMA, Record
from resolute.core.text import clean

R = TypeVar("R", bound=Record)


@contextmanager
def atomic(path: Path, mode: Literal["w", "wb"] = "wb") -> Generator[IO[Any]]:
    """A stream whose content appears at `path` whole or not at all; the folder is made where it is missing.

    Raises `ResoluteError` where the folder cannot be written or the disk is full; nothing half-written stays. A device
    or a pipe is refused: a file put in its place would take `/dev/null` from the whole machine.
    """
    if path.exists() and not path.is_file():
        raise ResoluteError("not a file", where=str(path), mend="name a file; a device or a folder is not replaced")
    spare: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        spare = Path(name)
        with os.fdopen(handle, mode, encoding=None if "b" in mode else "utf-8") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        mask = os.umask(0)
        os.umask(mask)
        spare.chmod(0o666 & ~mask)
        spare.replace(path)
        spare = None
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        if spare is not None:
            spare.unlink(missing_ok=True)


def unwritable(path: Path, error: OSError) -> ResoluteError:
    """What to tell a user whose file cannot be written."""
    return ResoluteError(
        f"cannot write: {error.strerror or error}",
        where=str(path),
        mend="free disk space there, or choose another folder with --out",
    )


def write_json(path: Path, value: Any) -> None:
    """One JSON document, indented, keys in the order given; lone surrogates and NUL become U+FFFD."""
    with atomic(path, "w") as stream:
        stream.write(clean(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)).text + "\n")


def read_json(path: Path) -> Any:
    """One JSON document; a damaged or missing file is an error that names it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:
        raise ResoluteError(
            f"not JSON: {error}", where=str(path), mend="restore the file or delete its folder"
        ) from error


def unreadable(path: Path, error: OSError) -> ResoluteError:
    """What to tell a user whose file cannot be read."""
    return ResoluteError(
        f"cannot read: {error.strerror or error}", where=str(path), mend="check the path and its rights"
    )


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """One JSON object a line, UTF-8; lone surrogates and NUL become U+FFFD."""
    with atomic(path, "w") as stream:
        for row in rows:
            text = json.dumps(row, ensure_ascii=False, allow_nan=False)
            stream.write(clean(text).text + "\n")


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Every object of a JSONL file; a damaged line is an error that names file and line. Blank lines are skipped."""
    rows: list[dict[str, Any]] = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise ResoluteError("not UTF-8 text", where=f"{path}, byte {error.start}", mend="save it as UTF-8") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ResoluteError(
                f"damaged line: {error}", where=f"{path}:{number}", mend="repair or delete it"
            ) from error
        if not isinstance(row, dict):
            raise ResoluteError("not a JSON object", where=f"{path}:{number}", mend="one object a line")
        rows.append(row)  # pyright: ignore[reportUnknownArgumentType]
    return rows


def write_records(path: Path, records: Iterable[R], form: type[R]) -> int:
    """Parquet of `records`, sorted by id, written whole or not at all; returns the number of rows.

    Two records with one id are a bug of the caller and raise `ValueError`: no row is lost or doubled in silence.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = form.sort_key
    rows = sorted((record.model_dump(mode="json") for record in records), key=lambda row: str(row[name]))
    for before, after in pairwise(rows):
        if before[name] == after[name]:
            raise ValueError(f"two {form.__name__} records with {name} {before[name]}")
    schema = pa.schema(_fields(form), metadata={"record": form.__name__, "schema": str(SCHEMA)})
    with atomic(path) as stream:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), stream, compression="zstd")
    return len(rows)


def read_records(path: Path, form: type[R]) -> list[R]:
    """The records of a Parquet file written by `write_records`, in id order; errors name the file and the row."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except OSError as error:
        raise unreadable(path, error) from error
    except pa.ArrowInvalid as error:
        raise ResoluteError("not a Parquet file", where=str(path), mend="it may be damaged: make it again") from error
    _check_schema(path, dict(table.schema.metadata or {}), form)
    records: list[R] = []
    for number, row in enumerate(table.to_pylist()):
        try:
            records.append(form.model_validate(row))
        except ValidationError as error:
            problem = error.errors()[0]
            what = f"not a {form.__name__}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}"
            raise ResoluteError(what, where=f"{path}, row {number}", mend="make the file again") from error
    return records


def _check_schema(path: Path, metadata: dict[bytes, bytes], form: type[Record]) -> None:
    kind, schema = metadata.get(b"record", b"").decode(), metadata.get(b"schema", b"0").decode()
    if kind != form.__name__:
        what = f"holds {kind or 'foreign'} records, not {form.__name__}"
        raise ResoluteError(what, where=str(path), mend="name the output of the right stage")
    if int(schema) not in (SCHEMA, SCHEMA - 1):
        what = f"record schema {schema}; this version reads {SCHEMA - 1} and {SCHEMA}"
        raise ResoluteError(what, where=str(path), mend=f"use the Resolute that wrote schema {schema}")


def _fields(form: type[BaseModel]) -> list[Any]:
    import pyarrow as pa

    return [pa.field(name, _arrow(info.annotation)) for name, info in form.model_fields.items()]


def _arrow(kind: Any) -> Any:
    """The Arrow type of an annotation; an annotation without one is a bug in the record's definition."""
    import pyarrow as pa

    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _arrow(inner[0])
    if origin in (Union, UnionType):
        (some,) = (item for item in inner if item is not NoneType)
        return _arrow(some)
    if origin is Literal:
        return pa.string()
    if origin is list:
        return pa.list_(_arrow(inner[0]))
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return pa.struct(_fields(kind))
    return {str: pa.string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64()}[kind]
