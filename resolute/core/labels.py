"""Labels that people gave on a sheet, read back: every fault is an error with file and row, none is mended in silence.

A labelled sheet counts only if what was labelled is what was drawn. Refused are: a sheet with columns of its own (a
label given beside a judge's verdict is not blind), rows the key does not have, texts other than those drawn, and a
sheet of which readers left out more than a tenth of the rows they came by, since which rows people skip is not
chance. Rows after the last label were not come by: the order is random, so the rows before them are a random part of
the sheet. Rows that were skipped or `unsure` are counted, and `calibrate` shows what they could change.
"""

from __future__ import annotations

import csv
import io
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from resolute.core.errors import ResoluteError
from resolute.core.files import unreadable
from resolute.core.instruments import Part
from resolute.core.records import Event
from resolute.core.sheets import COLUMNS, KEY_COLUMNS, UNSURE, WORDS, Entry, fingerprint, unguarded

MISSING = 0.1
"""Largest share of the rows come by that may have no label."""
_CSV_LIMIT = threading.Lock()
_SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True)
class Key:
    """A population and what of it was drawn."""

    path: Path
    event: Event
    entries: list[Entry]

    @property
    def drawn(self) -> dict[str, Entry]:
        """Sheet id -> row, in the order of the sheet."""
        return {entry.row: entry for entry in self.entries if entry.row}


@dataclass(frozen=True)
class Labels:
    """What people said."""

    given: dict[tuple[str, Part], int]
    """(trace, part) -> 1 the event happened, 0 it did not."""
    missing: list[tuple[str, Part]]
    """Rows come by and left without a label, or `unsure`."""
    unsure: int
    after: int
    """Rows of the sheet after the last label."""


def read_key(path: Path) -> Key:
    """The key of a sheet."""
    header, rows = _table(path)
    if tuple(header) != KEY_COLUMNS:
        raise ResoluteError(
            "not the key of a sheet", where=str(path), mend="name the .key.csv that `judge sheet` wrote"
        )
    entries: list[Entry] = []
    events: set[str] = set()
    for where, row in rows:
        try:
            chance = float(row["inclusion_probability"])
        except ValueError:
            chance = -1.0
        if not 0 < chance <= 1 or row["part"] not in get_args(Part) or row["event"] not in WORDS:
            raise ResoluteError(
                "damaged key", where=where, mend="draw the sheet again: the same seed gives the same key"
            )
        events.add(row["event"])
        part = cast("Part", row["part"])
        entries.append(Entry(row["trace"], part, row["stratum"], chance, row["row"], row["content"]))
    if len(events) != 1 or not any(entry.row for entry in entries):
        raise ResoluteError(
            "damaged key", where=str(path), mend="draw the sheet again: the same seed gives the same key"
        )
    return Key(path, cast("Event", events.pop()), entries)


def read_labels(path: Path, key: Key) -> Labels:
    """The labels of a sheet that `key` belongs to. Columns `row` and `label` are enough; others must be as drawn."""
    header, rows = _table(path)
    _check_header(header, path)
    drawn = key.drawn
    said: dict[str, int | None] = {}
    unsure = 0
    for where, row in rows:
        name = row["row"].strip()
        if name not in drawn:
            mend = "labels are of the rows of one sheet as it was drawn; name its key with --key if it is another's"
            raise ResoluteError(f"row {name[:20]!r} was not drawn", where=where, mend=mend)
        if name in said:
            raise ResoluteError(f"row {name} stands twice", where=where, mend="keep one line for each row")
        _check_content(row, drawn[name], where)
        word = row["label"].strip().lower()
        said[name] = _meaning(word, key.event, where)
        unsure += word == UNSURE
    return _labels(said, drawn, unsure, path)


def _labels(said: Mapping[str, int | None], drawn: Mapping[str, Entry], unsure: int, path: Path) -> Labels:
    order = list(drawn)
    last = max((number for number, name in enumerate(order) if said.get(name) is not None), default=-1)
    given: dict[tuple[str, Part], int] = {}
    missing: list[tuple[str, Part]] = []
    for name in order[: last + 1]:
        entry, value = drawn[name], said.get(name)
        if value is None:
            missing.append((entry.trace, entry.part))
        else:
            given[entry.trace, entry.part] = value
    if not given:
        raise ResoluteError("no row has a label", where=str(path), mend="fill in the column `label`")
    if len(missing) > MISSING * (last + 1):
        what = f"{len(missing)} of the first {last + 1} rows have no label: which rows people skip is not chance"
        mend = f"label them too (at most {100 * MISSING:.0f}% may be left out), from the top of the sheet, in its order"
        raise ResoluteError(what, where=str(path), mend=mend)
    return Labels(given, missing, unsure, len(order) - last - 1)


def _check_header(header: list[str], path: Path) -> None:
    if absent := [name for name in ("row", "label") if name not in header]:
        what = f"no column {' and no column '.join(absent)}"
        raise ResoluteError(what, where=str(path), mend="give the sheet back with its columns as they were")
    if added := [name for name in header if name not in COLUMNS]:
        what = f"the sheet has a column that was not drawn: {added[0][:40]!r}. Labels given beside it are not blind"
        raise ResoluteError(what, where=str(path), mend="label the sheet as drawn; remarks belong in `notes`")


def _check_content(row: Mapping[str, str], entry: Entry, where: str) -> None:
    """What the reader saw is what was drawn, as far as the file still holds it."""
    if "part" in row and row["part"].strip() != entry.part:
        raise ResoluteError("another part than was drawn", where=where, mend="restore the column `part`")
    if "goal" in row and "text" in row:
        cells = [(row["goal"], row["text"]), (unguarded(row["goal"]), unguarded(row["text"]))]
        mixed = [(cells[0][0], cells[1][1]), (cells[1][0], cells[0][1])]
        if all(fingerprint(entry.part, *pair) != entry.content for pair in (*cells, *mixed)):
            mend = "restore it from the sheet as drawn, or leave out the columns `goal` and `text`"
            raise ResoluteError("goal or text is not as it was drawn", where=where, mend=mend)


def _meaning(word: str, event: Event, where: str) -> int | None:
    yes, no = WORDS[event]
    if word in ("", UNSURE):
        return None
    if word not in (yes, no):
        mend = f"one of: {yes}, {no}, {UNSURE}; empty for not labelled"
        raise ResoluteError(f"unknown label {word[:20]!r}", where=where, mend=mend)
    return int(word == yes)


def _table(path: Path) -> tuple[list[str], list[tuple[str, dict[str, str]]]]:
    """Header and rows of a CSV as spreadsheets save it: comma, semicolon or tab, with or without the UTF-8 mark."""
    text = _text(path)
    first = text.split("\n", 1)[0].strip()
    separator = ""
    if first.lower().startswith("sep=") and len(first) == 5:
        separator, text = first[4], text.split("\n", 1)[1] if "\n" in text else ""
        first = text.split("\n", 1)[0]
    separator = separator or max(_SEPARATORS, key=first.count)
    with _CSV_LIMIT:  # the limit is global to the csv module; a long thought is longer than its default
        before = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
        try:
            return _parsed(path, csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
        finally:
            csv.field_size_limit(before)


def _parsed(path: Path, reader: Iterator[list[str]]) -> tuple[list[str], list[tuple[str, dict[str, str]]]]:
    number = 1
    rows: list[tuple[str, dict[str, str]]] = []
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if len(set(header)) < len(header):
            raise ResoluteError("a column name stands twice", where=f"{path}, row 1", mend="keep one of them")
        for number, fields in enumerate(reader, 2):
            if not any(field.strip() for field in fields):
                continue
            if len(fields) != len(header):
                what = f"{len(fields)} cells in a table of {len(header)} columns"
                raise ResoluteError(what, where=f"{path}, row {number}", mend="save the whole table as CSV again")
            rows.append((f"{path}, row {number}", dict(zip(header, fields, strict=True))))
    except csv.Error as error:
        mend = "save it as 'CSV UTF-8' from the spreadsheet"
        raise ResoluteError(f"damaged CSV: {error}", where=f"{path}, row {number + 1}", mend=mend) from error
    return header, rows


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"not UTF-8 text (byte {error.start})"
        raise ResoluteError(what, where=str(path), mend="save it as 'CSV UTF-8' from the spreadsheet") from error


def names_in(path: Path) -> set[str]:
    """The row ids a labelled sheet speaks of."""
    header, rows = _table(path)
    _check_header(header, path)
    return {row["row"].strip() for _, row in rows}
