"""Rows of other people's files: JSON, JSONL, CSV, TSV, Parquet (text also gzipped), logs; errors name file and line.

Nothing is repaired here and nothing is skipped: a file is read whole, or an error says where it is damaged. A reader of
traces may ask for the damaged rows of JSON and JSONL instead, each with its number and the reason.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from resolute.core.catalogue import entries, find
from resolute.core.errors import ResoluteError
from resolute.core.files import unreadable
from resolute.core.foreign.documents import is_log, listed

Row = dict[str, Any]
FORMATS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
"""What can be read, by the end of the name; each but Parquet also with `.gz` after it."""
LOG = "eval"
"""The reader of the catalogue that takes logs of Inspect AI apart, `.eval` or `.json`."""
_CSV_LIMIT = threading.Lock()


@dataclass(frozen=True)
class Rows:
    """A file's rows and the columns of the first one that has each, in the order they appear."""

    path: Path
    rows: list[Row]
    columns: tuple[str, ...]
    damaged: dict[int, str] = field(default_factory=dict[int, str])
    """Number of a row that is none (the first of the file is 1) -> why. Empty where damage is an error."""

    def numbered(self) -> Iterator[tuple[int, Row]]:
        """The rows with their numbers in the file."""
        total = len(self.rows) + len(self.damaged)
        return zip((number for number in range(1, total + 1) if number not in self.damaged), self.rows, strict=True)


def read_rows(path: Path, *, damaged: bool = False) -> Rows:
    """Every row of a file. Raises `ResoluteError` for an unknown format, an empty, damaged or wrongly encoded file.

    `damaged`: lines of JSONL and items of a JSON list that are no object are listed instead, as long as one row is one.
    """
    ends = [end.lower() for end in path.suffixes]
    zipped = bool(ends) and ends[-1] == ".gz"
    form = ends[-2] if zipped and len(ends) > 1 else ends[-1] if ends else ""
    bad: dict[int, str] | None = {} if damaged else None
    if form in FORMATS and not (zipped and form == ".parquet"):
        rows = _parquet(path) if form == ".parquet" else _text(path, form, bad, zipped=zipped)
    elif form.removeprefix(".") in entries("readers") and not zipped:
        rows = _read_by(form.removeprefix("."), path)
    else:
        mend = f"save it as one of {', '.join(FORMATS)} (text formats also with .gz)"
        raise ResoluteError(f"no known format: {form or 'a name without ending'}", where=str(path), mend=mend)
    if not rows:
        raise ResoluteError("the file has no rows", where=str(path), mend="check that it was written to the end")
    return Rows(path, rows, tuple(dict.fromkeys(name for row in rows for name in row)), bad or {})


def as_text(value: Any) -> str:
    """A cell as text; missing values (None, and the NaN that data frames write for it) are empty."""
    return "" if value is None or value != value else str(value)


def looks_like_file(spec: str) -> bool:
    """Whether a source is spelled as a file: with a folder separator, or with the ending of a format."""
    name = spec.lower().removesuffix(".gz")
    return "/" in spec or "\\" in spec or name.endswith(FORMATS)


def _read_by(reader: str, path: Path) -> list[Row]:
    if not path.is_file():
        raise ResoluteError("cannot read: no such file", where=str(path), mend="check the path and its rights")
    return cast("Callable[[Path], list[Row]]", find("readers", reader))(path)


def _text(path: Path, form: str, bad: dict[int, str] | None, *, zipped: bool) -> list[Row]:
    lines = _Lines(path)
    try:
        with gzip.open(path, "rb") if zipped else path.open("rb") as stream:
            if form == ".json":
                return _json(lines, cast("IO[bytes]", stream), bad)
            if form in (".csv", ".tsv"):
                text = lines.decoded(cast("IO[bytes]", stream))
                return _csv(lines, text, "\t" if form == ".tsv" else ",")
            return _jsonl(lines, cast("IO[bytes]", stream), bad)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ResoluteError("damaged gzip file", where=str(path), mend="fetch or compress it again") from error
    except OSError as error:
        raise unreadable(path, error) from error


class _Lines:
    """Decodes a stream line by line and knows which line it is at."""

    def __init__(self, path: Path) -> None:
        self.path, self.number = path, 0

    @property
    def here(self) -> str:
        return f"{self.path}:{self.number}"

    def decoded(self, stream: IO[bytes]) -> Iterator[str]:
        for raw in stream:
            self.number += 1
            yield self.text(raw)

    def text(self, raw: bytes) -> str:
        """UTF-8 with or without its mark; any other encoding is an error, never a guess."""
        try:
            return raw.decode("utf-8-sig" if self.number <= 1 else "utf-8")
        except UnicodeDecodeError as error:
            wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
            what = "UTF-16 text, not UTF-8" if wide and self.number <= 1 else f"not UTF-8 text (byte {error.start})"
            raise ResoluteError(what, where=self.here, mend="save the file as UTF-8") from error


def _jsonl(lines: _Lines, stream: IO[bytes], bad: dict[int, str] | None) -> list[Row]:
    rows: list[Row] = []
    first: ResoluteError | None = None
    for raw in stream:
        lines.number += 1
        if not raw.strip():
            continue
        try:
            rows.append(_object(lines, _parsed(lines, lines.text(raw))))
        except ResoluteError as error:
            if bad is None:
                raise
            first = first or error
            bad[len(rows) + len(bad) + 1] = f"line {lines.number}: {error.what}"
    if first is not None and not rows:
        raise first
    return rows


def _json(lines: _Lines, stream: IO[bytes], bad: dict[int, str] | None) -> list[Row]:
    """A list of objects, a document that holds one (see `core.foreign.documents`), or a log."""
    text = lines.text(stream.read())
    if not text.strip():
        return []
    document = _parsed(lines, text)
    if is_log(document):
        return _read_by(LOG, lines.path)
    items = listed(document)
    if items is None:
        mend = "write a list of objects, or one object a line in a .jsonl file"
        raise ResoluteError("no list of objects", where=str(lines.path), mend=mend)
    rows = [cast("Row", item) for item in items if isinstance(item, dict)]
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            if bad is None or not rows:
                where = f"{lines.path}, item {number - 1}"
                raise ResoluteError("not an object", where=where, mend="one object a row")
            bad[number] = f"not an object but {type(item).__name__}"
    return rows


def _parsed(lines: _Lines, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = lines.number or error.lineno
        where = f"{lines.path}:{line}, column {error.colno}"
        raise ResoluteError(f"damaged JSON: {error.msg}", where=where, mend="repair or delete the line") from error
    except (ValueError, RecursionError) as error:
        raise ResoluteError(f"damaged JSON: {error}", where=lines.here, mend="repair or delete the line") from error


def _object(lines: _Lines, value: Any) -> Row:
    if not isinstance(value, dict):
        raise ResoluteError("not a JSON object", where=lines.here, mend="one object a line")
    return cast("Row", value)


def _csv(lines: _Lines, text: Iterator[str], delimiter: str) -> list[Row]:
    """Strict: a stray quote, a row with too few or too many fields and a repeated column are errors."""
    with _CSV_LIMIT:  # the limit is global to the csv module; a long thought is longer than its default
        before = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
        try:
            reader = csv.reader(text, delimiter=delimiter, strict=True)
            header = next(reader, [])
            if len(set(header)) < len(header):
                raise ResoluteError("a column name stands twice", where=lines.here, mend="rename one of them")
            return [_fields(lines, header, fields) for fields in reader if fields]
        except csv.Error as error:
            mend = "quotes inside a field are written twice, and every opened quote is closed"
            raise ResoluteError(f"damaged CSV: {error}", where=lines.here, mend=mend) from error
        finally:
            csv.field_size_limit(before)


def _fields(lines: _Lines, header: list[str], fields: list[str]) -> Row:
    if len(fields) != len(header):
        what = f"{len(fields)} fields in a table of {len(header)} columns"
        mend = "quote fields that hold the delimiter or a line break"
        raise ResoluteError(what, where=f"{lines.path}, row ending at line {lines.number}", mend=mend)
    return dict(zip(header, fields, strict=True))


def _parquet(path: Path) -> list[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path).to_pylist()
    except pa.ArrowInvalid as error:
        raise ResoluteError("not a Parquet file", where=str(path), mend="it may be damaged: fetch it again") from error
    except OSError as error:
        raise unreadable(path, error) from error
