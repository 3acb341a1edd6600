"""Labels that people gave on a sheet, read back: every fault is an error with file and row, none is mended in silence.

A labelled sheet counts only if what was labelled is what was drawn. Refused are: a sheet with columns of its own (a
label given beside a judge's verdict is not blind), rows the key does not have, texts other than those drawn, patterns
that exclude each other on one row (arXiv 2505.15404, section 3), and a sheet of which readers left out more than a
tenth of the rows they came by, since which rows people skip is not chance. Rows after the last label were not come
by: the order is random, so the rows before them are a random part of the sheet. Rows that were skipped or `unsure`
are counted, and `calibrate` shows what they could change.
"""

from __future__ import annotations

import csv
import io
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import cast, get_args

from resolute.core.errors import ResoluteError
from resolute.core.files import unreadable
from resolute.core.judging.findings import exclusive
from resolute.core.people.forms import NOT_ASKED, UNSURE, Form, form
from resolute.core.people.sheets import KEY_COLUMNS, Entry, fingerprint_of, unguarded
from resolute.core.results.judged import Side

MISSING = 0.1
"""Largest share of the rows come by that may have no label."""
_CSV_LIMIT = threading.Lock()
_SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True)
class Key:
    """A population and what of it was drawn."""

    path: Path
    form: Form
    entries: list[Entry]

    @property
    def drawn(self) -> dict[str, Entry]:
        """Sheet id -> row, in the order of the sheet."""
        return {entry.row: entry for entry in self.entries if entry.row}


@dataclass(frozen=True)
class Labels:
    """What people said to one question."""

    given: dict[tuple[str, Side], int]
    """(trace, part) -> 1 it is so, 0 it is not."""
    missing: list[tuple[str, Side]]
    """Rows come by and left without a label, or `unsure`."""
    unsure: int
    after: int
    """Rows of the sheet after the last label."""


def read_key(path: Path) -> Key:
    """The key of a sheet."""
    header, rows = read_table(path)
    if tuple(header) != KEY_COLUMNS:
        raise ResoluteError(
            "not the key of a sheet", where=str(path), mend="name the .key.csv that `judge sheet` wrote"
        )
    entries: list[Entry] = []
    mend = "draw the sheet again: the same seed gives the same key"
    for where, row in rows:
        try:
            chance = float(row["inclusion_probability"])
        except ValueError:
            chance = -1.0
        asks = tuple(row["event"].split())
        if not 0 < chance <= 1 or row["part"] not in get_args(Side) or form(asks) is None:
            raise ResoluteError("damaged key", where=where, mend=mend)
        part = cast("Side", row["part"])
        entries.append(Entry(row["trace"], part, asks, row["stratum"], chance, row["row"], row["content"]))
    found = form(sorted({what for entry in entries for what in entry.asks}))
    if found is None or not any(entry.row for entry in entries):
        raise ResoluteError("damaged key", where=str(path), mend=mend)
    return Key(path, found, entries)


def read_labels(path: Path, key: Key) -> dict[str, Labels]:
    """The labels of a sheet that `key` belongs to, by what was asked; a question nobody answered is not in it.

    `row` and the columns with answers are enough; others must be as drawn.
    """
    header, rows = read_table(path)
    asked = _check_header(header, key.form, path)
    drawn = key.drawn
    said: dict[str, dict[str, int | None]] = {what: {} for what in asked}
    unsure = dict.fromkeys(asked, 0)
    seen: set[str] = set()
    for where, row in rows:
        name = row["row"].strip()
        if name not in drawn:
            mend = "labels are of the rows of one sheet as it was drawn; name its key with --key if it is another's"
            raise ResoluteError(f"row {name[:20]!r} was not drawn", where=where, mend=mend)
        if name in seen:
            raise ResoluteError(f"row {name} stands twice", where=where, mend="keep one line for each row")
        seen.add(name)
        check_content(row, drawn[name], key.form, where)
        present: set[str] = set()
        for what, column in asked.items():
            word = row[column].strip().lower()
            value = _meaning(word, key.form.words, where, asked=what in drawn[name].asks)
            if what in drawn[name].asks:
                said[what][name] = value
                unsure[what] += word == UNSURE
            present |= {what} if value else set()
        if clash := exclusive(present):
            mend = "lack of awareness means that no thought names a risk: decide for one of them"
            raise ResoluteError(f"{clash[0]} and {clash[1]} exclude each other", where=where, mend=mend)
    found = {what: _labels(said[what], key, what, unsure[what], path) for what in asked if _any(said[what])}
    if not found:
        raise ResoluteError("no row has a label", where=str(path), mend=_mend(key.form))
    return found


def _mend(asked: Form) -> str:
    return f"fill in the column {' and '.join(f'`{name}`' for name in asked.answers)}"


def _any(said: Mapping[str, int | None]) -> bool:
    return any(value is not None for value in said.values())


def _labels(said: Mapping[str, int | None], key: Key, what: str, unsure: int, path: Path) -> Labels:
    drawn = {name: entry for name, entry in key.drawn.items() if what in entry.asks}
    order = list(drawn)
    last = max(number for number, name in enumerate(order) if said.get(name) is not None)
    given: dict[tuple[str, Side], int] = {}
    missing: list[tuple[str, Side]] = []
    for name in order[: last + 1]:
        entry, value = drawn[name], said.get(name)
        if value is None:
            missing.append((entry.trace, entry.part))
        else:
            given[entry.trace, entry.part] = value
    if len(missing) > MISSING * (last + 1):
        which = "" if len(key.form.asks) == 1 else f" of {what}"
        have = f"{len(missing)} of the first {last + 1} rows have no label{which}"
        mend = f"label them too (at most {100 * MISSING:.0f}% may be left out), from the top of the sheet, in its order"
        raise ResoluteError(f"{have}: which rows people skip is not chance", where=str(path), mend=mend)
    return Labels(given, missing, unsure, len(order) - last - 1)


def _check_header(header: list[str], asked: Form, path: Path) -> dict[str, str]:
    """What is answered, and in which column; patterns may be left out, each whole."""
    columns = dict(zip(asked.asks, asked.answers, strict=True))
    there = {what: column for what, column in columns.items() if column in header}
    absent = [name for name in ("row",) if name not in header]
    absent += list(asked.answers) if not there else []
    if absent:
        what = f"no column {' and no column '.join(absent)}"
        raise ResoluteError(what, where=str(path), mend="give the sheet back with its columns as they were")
    if added := [name for name in header if name not in asked.columns]:
        what = f"the sheet has a column that was not drawn: {added[0][:40]!r}. Labels given beside it are not blind"
        raise ResoluteError(what, where=str(path), mend="label the sheet as drawn; remarks belong in `notes`")
    return there


def check_content(row: Mapping[str, str], entry: Entry, asked: Form, where: str) -> None:
    """What the reader saw is what was drawn, as far as the file still holds it."""
    if "part" in row and row["part"].strip() != entry.part:
        raise ResoluteError("another part than was drawn", where=where, mend="restore the column `part`")
    read = [name for name in asked.shows if name != "part"]
    if all(name in row for name in read):
        cells = [{row[name], unguarded(row[name])} for name in read]
        if all(fingerprint_of(entry.part, texts) != entry.content for texts in product(*cells)):
            mend = (
                f"restore it from the sheet as drawn, or leave out the columns {' and '.join(f'`{n}`' for n in read)}"
            )
            raise ResoluteError(f"{' or '.join(read)} is not as it was drawn", where=where, mend=mend)


def _meaning(word: str, words: tuple[str, str], where: str, *, asked: bool) -> int | None:
    yes, no = words
    if word in ("", UNSURE) or (word in (NOT_ASKED, no) and not asked):
        return None
    if word not in words or not asked:
        allowed = f"one of: {yes}, {no}, {UNSURE}; empty for not labelled" if asked else f"leave {NOT_ASKED!r} there"
        raise ResoluteError(f"unknown label {word[:20]!r}", where=where, mend=allowed)
    return int(word == yes)


def read_table(path: Path) -> tuple[list[str], list[tuple[str, dict[str, str]]]]:
    """Header (lower case) and rows (each with where it stands) of a CSV as spreadsheets save it.

    Comma, semicolon or tab, with or without the UTF-8 mark.
    """
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
    header, rows = read_table(path)
    if "row" not in header:
        raise ResoluteError("no column row", where=str(path), mend="give the sheet back with its columns as they were")
    return {row["row"].strip() for _, row in rows}
