"""A blind sheet in the making: its rows as people read them, and their answers, saved into the file at once.

The file stays what `judge sheet` wrote and `judge agree` and `judge calibrate` read: somebody may begin in the browser
and go on in a spreadsheet. Nothing but the sheet itself is shown. Its key is looked at only for what the sheet asks
and to see that its texts are as they were drawn; nothing of it is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from resolute.core.errors import ResoluteError
from resolute.core.files import atomic, unreadable
from resolute.core.judging.findings import exclusive
from resolute.core.people.forms import NOT_ASKED, NOTES, UNSURE, WORDS, Form, form
from resolute.core.people.labels import check_content, read_key, read_table
from resolute.core.people.sheets import csv_text, guarded, keep_private, unguarded
from resolute.core.records import PATTERNS

_READER = re.compile(r"[\w-][\w.-]{0,39}")
"""What a reader may be called: it becomes the name of a file."""


class NotSavedError(Exception):
    """An answer that was not taken; the message says why, for the reader."""


@dataclass
class Filling:
    """A sheet that is being filled in. One thread at a time."""

    path: Path
    form: Form
    columns: list[str]
    """Of the file, in its order."""
    rows: list[dict[str, str]]
    """The cells of the file, as they stand."""
    stamp: tuple[int, int, int]
    """Of the file as it was read or written last."""
    past: list[tuple[int, str, str]] = field(default_factory=list[tuple[int, str, str]])
    """Place, column and the word before, of every answer given since the sheet was opened."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def words(self) -> tuple[str, ...]:
        """What may be answered, in the order of the keys 1, 2, 3."""
        return (*self.form.words, UNSURE)

    def texts(self, place: int) -> dict[str, str]:
        """What is read of a row, by column."""
        return {name: unguarded(self.rows[place][name]) for name in self.form.shows}

    def said(self, place: int) -> dict[str, str]:
        """Column -> answer, empty where there is none; only what is asked of the row."""
        row = self.rows[place]
        answers = {name: row[name].strip().lower() for name in self.form.answers if name in row}
        return {name: word for name, word in answers.items() if word != NOT_ASKED}

    def note(self, place: int) -> str:
        """The remark of a row."""
        return unguarded(self.rows[place].get(NOTES, ""))

    def done(self, place: int) -> bool:
        """Everything that is asked of the row has an answer, if only that the reader cannot say."""
        return all(self.said(place).values())

    @property
    def finished(self) -> int:
        """Rows that are done."""
        return sum(map(self.done, range(len(self))))

    def open_after(self, place: int) -> int | None:
        """The next row that is not done, from the top again after the last; None where all are."""
        order = [*range(place + 1, len(self)), *range(place + 1)]
        return next((one for one in order if not self.done(one)), None)

    def answer(self, place: int, column: str, word: str) -> None:
        """Take an answer and save it; raises `NotSavedError` where it cannot be."""
        said = self.said(place)
        if column not in said or word not in self.words:
            raise NotSavedError("This is not asked of the row.")
        if clash := exclusive(name for name, old in {**said, column: word}.items() if old == self.form.words[0]):
            names = " and ".join(name.replace("_", " ") for name in clash)
            raise NotSavedError(f"Not saved: {names} exclude each other: decide for one.")
        self._set(place, column, word)
        self.past.append((place, column, said[column]))

    def write_note(self, place: int, text: str) -> None:
        """Keep a remark, as one paragraph."""
        self._set(place, NOTES, guarded(" ".join(text.split())))

    def undo(self) -> int | None:
        """Take the last answer back that was given since the sheet was opened; its place, None where there is none."""
        if not self.past:
            return None
        place, column, before = self.past[-1]
        self._set(place, column, before)
        self.past.pop()
        return place

    def refreshed(self) -> bool:
        """Read the file again where somebody else wrote it; whether that was so."""
        if _stamp(self.path) == self.stamp:
            return False
        now = _read(self.path, self.form)
        if [row["row"] for row in now.rows] != [row["row"] for row in self.rows]:
            mend = "put the sheet back as it was, and open it again"
            raise ResoluteError("the file holds other rows than when it was opened", where=str(self.path), mend=mend)
        self.columns, self.rows, self.stamp, self.past = now.columns, now.rows, now.stamp, []
        return True

    def _set(self, place: int, column: str, value: str) -> None:
        if self.refreshed():
            raise NotSavedError("Not saved: another program changed the file. It was read again; answer once more.")
        if column not in self.columns:
            self.columns.append(column)
        before = self.rows[place].get(column, "")
        self.rows[place][column] = value
        try:
            self._write()
        except ResoluteError as error:
            self.rows[place][column] = before
            raise NotSavedError(f"Not saved: {error.what}.") from error

    def _write(self) -> None:
        cells = [[row.get(name, "") for name in self.columns] for row in self.rows]
        with atomic(self.path) as stream:
            stream.write(("\ufeff" + csv_text([self.columns, *cells])).encode())
        self.path.chmod(0o600)
        self.stamp = _stamp(self.path)


def is_sheet(path: Path) -> bool:
    """Whether a file is a sheet that can be filled in: its first columns are those of one, its last is for notes."""
    if path.suffix.lower() != ".csv" or not path.is_file():
        return False
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline(1_000)
    except (OSError, UnicodeDecodeError):
        return False
    header = [cell.strip().strip('"').lower() for cell in re.split(r"[,;\t]", first.strip())]
    return any({"row", *one.shows} <= set(header) and {*one.answers} & set(header) for one in _forms())


def _forms() -> Iterator[Form]:
    for asks in (["unsafe"], list(PATTERNS)):
        found = form(asks)
        assert found is not None, "events and patterns have forms"
        for answer in found.answers:
            yield Form(found.asks, found.shows, (answer,), found.words)


def opened(path: Path, *, reader: str = "", event: str = "") -> Filling:
    """The sheet in `path`, or the copy of `reader`, which is made without any answers where it does not stand yet.

    Copies lie in a folder beside the sheet that has its name: `sheet.csv` -> `sheet/READER.csv`. What a sheet for one
    event asks stands in its key or in its name; `event` says it where neither is there. Raises `ResoluteError` for
    what is no sheet, holds unknown answers, or is not as it was drawn.
    """
    keyed = _key_of(path)
    asked = _form(path, event, keyed)
    sheet = _read(path, asked)
    if keyed is not None:
        _check(sheet, keyed)
    if not reader:
        return sheet
    if not _READER.fullmatch(reader):
        mend = "letters, digits, `_`, `-` and `.`, at most 40"
        raise ResoluteError(f"no name for a reader: {reader[:40]!r}", where="--reader", mend=mend)
    copy = path.with_suffix("") / f"{reader}.csv"
    if not copy.exists():
        asking = {*asked.answers, NOTES}
        cells = [
            [row[name] if name not in asking or row[name].strip() == NOT_ASKED else "" for name in sheet.columns]
            for row in sheet.rows
        ]
        keep_private(copy, "\ufeff" + csv_text([sheet.columns, *cells]))
    own = _read(copy, asked)
    if [row["row"] for row in own.rows] != [row["row"] for row in sheet.rows]:
        raise ResoluteError("the copy is of another sheet", where=str(copy), mend="move it away")
    if keyed is not None:
        _check(own, keyed)
    return own


def _key_of(path: Path) -> Path | None:
    """The key of a sheet, or of the sheet whose copy this is, where it lies in the run as `judge sheet` left it."""
    stem, copied, up = path.stem, path.parent.name, path.parent
    places = (up / f"{stem}.key.csv", up.parent / f"{stem}.key.csv", up.parent.parent / f"{copied}.key.csv")
    return next((place for place in places if place.is_file()), None)


def _form(path: Path, event: str, keyed: Path | None) -> Form:
    header = read_table(path)[0]
    patterns = form([name for name in PATTERNS if name in header])
    if patterns is not None:
        return patterns
    named = [name for stem in (path.stem, path.parent.name) if (name := stem.split("-")[1:2]) and name[0] in WORDS]
    asked = [event] if event else [] if keyed is None else list(read_key(keyed).form.asks)
    found = form(asked or (named[0] if named else []))
    if found is None or "label" not in header:
        mend = f"a sheet as `judge sheet` wrote it; --event says what it asks: {', '.join(WORDS)}"
        raise ResoluteError("it is not known what this sheet asks", where=str(path), mend=mend)
    return found


def _read(path: Path, asked: Form) -> Filling:
    stamp = _stamp(path)
    header, table = read_table(path)
    absent = [name for name in ("row", *asked.shows) if name not in header]
    if absent or not table:
        what = f"no column {absent[0]}" if absent else "the sheet has no rows"
        raise ResoluteError(what, where=str(path), mend="open a sheet as `judge sheet` wrote it")
    seen: set[str] = set()
    for where, row in table:
        if row["row"] in seen:
            raise ResoluteError(f"row {row['row'][:20]} stands twice", where=where, mend="keep one line for each row")
        seen.add(row["row"])
        for name in asked.answers:
            word = row.get(name, "").strip().lower()
            if word not in (*asked.words, UNSURE, NOT_ASKED, ""):
                mend = f"one of: {', '.join((*asked.words, UNSURE))}; empty for not labelled"
                raise ResoluteError(f"unknown label {word[:20]!r}", where=where, mend=mend)
    return Filling(path, asked, header, [row for _, row in table], stamp)


def _check(sheet: Filling, keyed: Path) -> None:
    """Every row is of this key and reads as it was drawn."""
    drawn = read_key(keyed).drawn
    for place, row in enumerate(sheet.rows):
        entry = drawn.get(row["row"].strip())
        where = f"{sheet.path}, row {place + 2}"
        if entry is None:
            mend = "open a sheet as it was drawn"
            raise ResoluteError(f"row {row['row'][:20]!r} was not drawn", where=where, mend=mend)
        check_content(row, entry, sheet.form, where)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    return found.st_ino, found.st_size, found.st_mtime_ns
