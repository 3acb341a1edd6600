"""A labelling sheet for people: blind, stratified, reproducible; and the key that goes with it.

**Who is in it.** Strata are what the instruments made of a row (`strata`). Half of a sheet is drawn in proportion, half
in equal shares, so rare strata are looked at closely and yet every row of the population has a chance, never below
half of that in a plain draw: no weight is above twice the plain one. Inside a stratum rows are drawn systematically
from a list ordered by task and attack, with one random start: every task and attack gets its share, and the chance is
the same for all rows of a stratum.

**Where the chance stands.** Each row's inclusion probability stands in the key (CSV, every row of the population), not
in the sheet. It is a function of what the instruments said: two values of it in a column would tell the reader within
minutes which rows the judges flagged, and labels given beside that are not blind. Only a constant would be harmless,
and that is a sheet without strata. The key stays with the run; the sheet goes to people; row ids join them.

A row's id says nothing: ten letters of a hash with the seed. Letters, since spreadsheets turn digits into numbers and
dates. The order of rows is random too, so labels that stop half-way are labels of a random half.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from resolute.core.errors import ResoluteError
from resolute.core.files import atomic
from resolute.core.keys import digest, key
from resolute.core.people.forms import NOT_ASKED, Form
from resolute.core.people.strata import Candidate
from resolute.core.results.judged import Judged, Side

KEY_COLUMNS = ("row", "trace", "part", "event", "stratum", "inclusion_probability", "content")
PROPORTIONAL = 0.5
"""Share of a sheet that is drawn in proportion to the strata; the rest goes to them in equal shares."""

_LETTERS = "bcdfghjklmnpqrstvwxz"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Entry:
    """One row of the population: what the key knows of it."""

    trace: str
    part: Side
    asks: tuple[str, ...]
    """What is asked of it."""
    stratum: str
    chance: float
    """Inclusion probability, above 0."""
    row: str = ""
    """Id in the sheet; empty where the row was not drawn."""
    content: str = ""
    """Digest of what was shown; empty where it was not."""


@dataclass(frozen=True)
class Sheet:
    """What was drawn, in the order it is shown in, and the key of the whole population."""

    form: Form
    rows: list[tuple[str, Candidate]]
    key: list[Entry]
    """Drawn rows first, in the sheet's order."""


def allocate(sizes: Sequence[int], count: int) -> list[int]:
    """How many of `count` rows each stratum gives: at most all it has, at least one where there is one to give.

    Half in proportion, half in equal shares; what a small stratum cannot give goes to the others the same way.
    """
    total = sum(sizes)
    if count >= total:
        return list(sizes)
    held = [0.0] * len(sizes)
    left, open_ = float(count), [number for number, size in enumerate(sizes) if size]
    while open_:
        rows = sum(sizes[number] for number in open_)
        wanted = {n: left * (PROPORTIONAL * sizes[n] / rows + (1 - PROPORTIONAL) / len(open_)) for n in open_}
        full = [number for number in open_ if wanted[number] >= sizes[number]]
        for number in full or open_:
            held[number] = float(sizes[number]) if full else wanted[number]
        left -= sum(held[number] for number in full)
        open_ = [number for number in open_ if number not in full] if full else []
    return _whole(held, sizes, count)


def _whole(held: Sequence[float], sizes: Sequence[int], count: int) -> list[int]:
    """Whole numbers with the same sum, by largest remainder; no stratum that has rows gives none."""
    found = [min(size, max(int(share), 1 if size else 0)) for share, size in zip(held, sizes, strict=True)]
    order = sorted(range(len(held)), key=lambda number: (found[number] - held[number], number))
    while (missing := count - sum(found)) > 0:
        for number in [number for number in order if found[number] < sizes[number]][:missing]:
            found[number] += 1
    while sum(found) > max(count, sum(size > 0 for size in sizes)):
        found[max(range(len(found)), key=lambda number: found[number])] -= 1
    return found


def draw(population: Sequence[Candidate], *, form: Form, count: int, seed: int) -> Sheet:
    """Draw `count` rows of each part in `population`; rows in which nothing is left to judge need no label.

    The same population, count and seed give the same sheet, whatever order the rows come in.
    """
    rows = sorted((one for one in population if not one.row.empty), key=lambda one: (one.row.trace.id, one.row.part))
    salt = digest([seed, " ".join(form.asks), [[one.row.trace.id, one.row.part] for one in rows]])
    groups: dict[Side, dict[str, list[Candidate]]] = {}
    for one in rows:
        groups.setdefault(one.row.part, {}).setdefault(f"{one.row.part}: {one.stratum}", []).append(one)
    drawn: dict[tuple[str, str], str] = {}
    chances: dict[str, float] = {}
    for by_name in groups.values():
        names = sorted(by_name)
        for name, share in zip(names, allocate([len(by_name[name]) for name in names], count), strict=True):
            chances[name] = share / len(by_name[name])
            for one in _systematic(by_name[name], share, f"{salt} {name}"):
                drawn[one.row.trace.id, one.row.part] = _opaque(salt, one.row)
    entries: list[Entry] = []
    shown: list[tuple[str, Candidate]] = []
    for one in rows:
        name = drawn.get((one.row.trace.id, one.row.part), "")
        stratum = f"{one.row.part}: {one.stratum}"
        content = fingerprint(one.row) if name else ""
        entries.append(Entry(one.row.trace.id, one.row.part, one.asks, stratum, chances[stratum], name, content))
        shown += [(name, one)] if name else []
    place = {
        name: number for number, name in enumerate(sorted(drawn.values(), key=lambda n: digest([salt, "order", n])))
    }
    entries.sort(key=lambda entry: place.get(entry.row, len(place)))
    return Sheet(form, sorted(shown, key=lambda item: place[item[0]]), entries)


def _systematic(rows: Sequence[Candidate], count: int, salt: str) -> Iterator[Candidate]:
    """Every N/count-th of the rows, ordered by task and attack and by chance within, from a random start."""
    ordered = sorted(rows, key=lambda one: (one.row.trace.task, one.row.trace.attack, digest([salt, one.row.trace.id])))
    start = int(digest([salt, "start"])[:13], 16) / 16**13
    for number in range(count):
        yield ordered[int((start + number) * len(ordered) / count)]


def _opaque(salt: str, row: Judged) -> str:
    value = int(digest([salt, row.trace.id, row.part])[:16], 16)
    letters: list[str] = []
    for _ in range(10):
        value, place = divmod(value, len(_LETTERS))
        letters.append(_LETTERS[place])
    return "".join(letters)


def fingerprint(row: Judged) -> str:
    """Of what a reader saw (see `fingerprint_of`)."""
    return fingerprint_of(row.part, [text for column, text in row.shown.items() if column != "part"])


def fingerprint_of(part: str, texts: Iterable[str]) -> str:
    """Blind to what spreadsheets do to text: line ends, outer blanks, cells cut at 32,767."""
    return key([part, *(" ".join(value[:32_000].split())[:30_000] for value in texts)])


def guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe before what would start one, or before its like."""
    return f"'{text}" if text.startswith((*_FORMULA, "'")) or text.lstrip(" ").startswith(_FORMULA) else text


def unguarded(text: str) -> str:
    """The text of a cell: `unguarded(guarded(text)) == text`."""
    return text.removeprefix("'")


def sheet_text(sheet: Sheet) -> str:
    """The sheet as CSV, every cell quoted, UTF-8 with the mark that spreadsheets want."""
    form = sheet.form
    rows = (
        (
            name,
            *(guarded(one.row.shown[column]) for column in form.shows),
            *("" if what in one.asks else NOT_ASKED for what in form.asks),
            "",
        )
        for name, one in sheet.rows
    )
    return "\ufeff" + csv_text([form.columns, *rows])


def key_text(sheet: Sheet) -> str:
    """The key as CSV: every row of the population with its inclusion probability; ids and numbers only."""
    rows = (
        (entry.row, entry.trace, entry.part, " ".join(entry.asks), entry.stratum, repr(entry.chance), entry.content)
        for entry in sheet.key
    )
    return csv_text([KEY_COLUMNS, *rows])


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Every cell quoted, lines ended as spreadsheets end them."""
    stream = io.StringIO(newline="")
    csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return stream.getvalue()


def keep_private(path: Path, text: str) -> bool:
    """Write a file only its owner may read, in a folder only they may enter; whether it is new.

    A file that stands with other content is never written over: people may have filled it in.
    """
    data = text.encode("utf-8")
    if path.exists():
        if path.read_bytes() == data:
            return False
        mend = "it may hold labels: move it away, or name another --seed or --out"
        raise ResoluteError("another file stands there", where=str(path), mend=mend)
    fresh = not path.parent.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    if fresh or path.parent.name == "quarantine":
        path.parent.chmod(0o700)
    with atomic(path) as stream:
        stream.write(data)
        os.fchmod(stream.fileno(), 0o600)
    path.chmod(0o600)
    return True
