"""Laws of sheets: blind, reproducible, a known chance for every row; labels come back as given or not at all."""

from __future__ import annotations

import csv
import io
import stat
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolute.core.errors import ResoluteError
from resolute.core.people.forms import Form, form
from resolute.core.people.labels import Key, Labels, read_key, read_labels
from resolute.core.people.sheets import Sheet, allocate, draw, guarded, keep_private, key_text, sheet_text, unguarded
from resolute.core.people.strata import by_verdict
from resolute.core.records import Ending, Prompt, Trace
from resolute.core.results.judged import Judged

UNSAFE = form(["unsafe"])
assert isinstance(UNSAFE, Form)
COLUMNS = UNSAFE.columns
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
HOSTILE = (
    '=HYPERLINK("http://example.org","x")',
    "+1+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "'quoted",
    "''",
    " =1",
    'a;b,"c"\r\nd\ne\rf',
    "x" * 40_000,
    "\u202eevil\u2066",
    "",
    "ends here\n\n",
)


def judged(
    number: int, *, task: str = "suite/a", attack: str = "none", text: str = "", **scores: float | None
) -> Judged:
    trace = Trace(
        id=f"trace{number:04d}",
        prompt=Prompt(text=f"framed {number}", goal=f"goal {number}"),
        sent=[],
        model="secret-model",
        identity="secret-identity",
        task=task,
        attack=attack,
        reasoning="",
        answer=text or f"an answer {number}",
        ending=Ending(where="answer", why="end of turn"),
    )
    return Judged(trace, "answer", scores or {"secret-judge": float(number % 10 == 0)})


def population(size: int = 200) -> list[Judged]:
    """One row in ten flagged; two tasks, one with an attack."""
    tasks = (("suite/a", "none"), ("suite/b", "secret-attack"))
    return [judged(i, task=tasks[i % 2][0], attack=tasks[i % 2][1]) for i in range(size)]


def drawn(rows: list[Judged] | None = None, *, count: int = 40, seed: int = 0) -> Sheet:
    return draw(by_verdict(population() if rows is None else rows, "unsafe"), form=UNSAFE, count=count, seed=seed)


def shown(sheet: Sheet) -> list[tuple[str, Judged]]:
    return [(name, one.row) for name, one in sheet.rows]


@pytest.fixture
def key(tmp_path: Path) -> Key:
    path = tmp_path / "a.key.csv"
    path.write_text(key_text(drawn()), newline="")
    return read_key(path)


def cells(sheet: Sheet) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(sheet_text(sheet).removeprefix("\ufeff"), newline="")))


def fill(
    path: Path, sheet: Sheet, words: dict[int, str], *, delimiter: str = ",", columns: tuple[str, ...] = COLUMNS
) -> Path:
    """The sheet as a spreadsheet would save it, with labels by row number."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, columns, delimiter=delimiter, extrasaction="ignore")
        writer.writeheader()
        for number, row in enumerate(cells(sheet)):
            writer.writerow(row | {"label": words.get(number, "")})
    return path


def every(sheet: Sheet) -> dict[int, str]:
    return {number: "unsafe" if number % 3 else "safe" for number in range(len(sheet.rows))}


def test_the_same_seed_gives_the_same_bytes_in_any_order_and_another_seed_other_rows() -> None:
    rows = population()
    one, two, other = drawn(rows), drawn(rows[::-1]), drawn(rows, seed=1)
    assert (sheet_text(one), key_text(one)) == (sheet_text(two), key_text(two))
    assert {name for name, _ in one.rows} != {name for name, _ in other.rows}


def test_every_row_of_the_population_has_a_chance_and_they_add_up_to_the_sheet() -> None:
    rows = population()
    sheet = drawn(rows)
    assert {entry.trace for entry in sheet.key} == {row.trace.id for row in rows}
    assert sum(entry.chance for entry in sheet.key) == pytest.approx(len(sheet.rows))
    plain = len(sheet.rows) / len(rows)
    assert min(entry.chance for entry in sheet.key) >= 0.45 * plain, "no weight is much above twice the plain one"
    by_stratum = {entry.stratum: entry.chance for entry in sheet.key}
    assert by_stratum["answer: yes"] > 2 * by_stratum["answer: no"], "what is rare is looked at closely"


def test_rows_are_drawn_as_often_as_their_chance_says() -> None:
    rows = population(60)
    times: Counter[str] = Counter()
    chances: dict[str, float] = {}
    for seed in range(400):
        sheet = drawn(rows, count=15, seed=seed)
        times.update(row.trace.id for _, row in shown(sheet))
        chances.update((entry.trace, entry.chance) for entry in sheet.key)
    for trace, chance in chances.items():
        assert times[trace] / 400 == pytest.approx(chance, abs=0.11)


def test_tasks_and_attacks_get_their_share_of_every_stratum() -> None:
    rows = [judged(i, task=f"suite/{i % 4}", attack=f"{i % 3}", j=float(i % 10 == 0)) for i in range(400)]
    sheet = drawn(rows, count=80)
    for verdict in (0.0, 1.0):
        held = [row for row in rows if row.scores["j"] == verdict]
        taken = [row for _, row in shown(sheet) if row.scores["j"] == verdict]
        have, got = Counter(row.trace.task for row in held), Counter(row.trace.task for row in taken)
        for task, size in have.items():
            assert abs(got[task] - size * len(taken) / len(held)) < 1


def test_a_sheet_shows_goal_and_text_and_nothing_that_unblinds() -> None:
    sheet = drawn()
    rows = cells(sheet)
    assert tuple(rows[0]) == COLUMNS
    text = sheet_text(sheet)
    for word in ("secret", "trace", "suite", "none", "yes", "0.", "framed"):
        assert word not in text
    assert {row["label"] + row["notes"] for row in rows} == {""}
    assert all(name.isalpha() and len(name) == 10 for name, _ in sheet.rows), "no spreadsheet makes a number of it"
    flagged = [number for number, (_, row) in enumerate(shown(sheet)) if row.scores["secret-judge"]]
    assert min(flagged) < 10 < 30 < max(flagged), "the order says nothing"


def test_disagreement_and_failure_are_strata_of_their_own() -> None:
    rows = [judged(i, a=float(i % 2), b=float(i % 3 == 0)) for i in range(60)] + [judged(99, a=None, b=1.0)]
    found = Counter(entry.stratum for entry in drawn(rows, count=20).key)
    assert set(found) == {"answer: yes", "answer: no", "answer: disagree", "answer: judge failed"}


def test_a_row_with_nothing_to_judge_is_not_shown() -> None:
    assert len(drawn([judged(0), judged(1, text="  \n")], count=9).rows) == 1


@settings(max_examples=200)
@given(st.lists(st.integers(0, 500), min_size=1, max_size=6), st.integers(1, 700))
def test_strata_give_at_most_what_they_have_and_each_gives_some(sizes: list[int], count: int) -> None:
    found = allocate(sizes, count)
    there = sum(size > 0 for size in sizes)
    assert sum(found) == min(max(count, there), sum(sizes))
    for size, share in zip(sizes, found, strict=True):
        assert min(size, 1) <= share <= size


@given(st.text() | st.sampled_from(HOSTILE))
def test_no_cell_is_a_formula_and_every_text_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(FORMULAS)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_hostile_texts_survive_the_sheet_and_their_labels_come_back(tmp_path: Path, delimiter: str) -> None:
    rows = [judged(i, text=text or "x") for i, text in enumerate(HOSTILE) if text.strip()]
    sheet = drawn(rows, count=50)
    for row in cells(sheet):
        assert not row["text"].startswith(FORMULAS)
    keep_private(tmp_path / "a.key.csv", key_text(sheet))
    found = read_labels(
        fill(tmp_path / "l.csv", sheet, every(sheet), delimiter=delimiter), read_key(tmp_path / "a.key.csv")
    )["unsafe"]
    expected = {(row.trace.id, row.part): int(number % 3 > 0) for number, (_, row) in enumerate(shown(sheet))}
    assert found.given == expected


def test_what_spreadsheets_do_to_a_file_is_understood(tmp_path: Path, key: Key) -> None:
    sheet = drawn()
    plain = read_labels(fill(tmp_path / "plain.csv", sheet, every(sheet)), key)["unsafe"]
    loud = {number: f" {word.upper()} " for number, word in every(sheet).items()}
    path = fill(tmp_path / "saved.csv", sheet, loud, delimiter=";")
    text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n").replace("row;", "Row ;", 1)
    path.write_text("sep=;\r\n" + text.replace("\n", "\r\n") + ";;;;;\r\n", encoding="utf-8-sig", newline="")
    assert read_labels(path, key) == {"unsafe": plain}
    few = fill(tmp_path / "few.csv", sheet, every(sheet), columns=("label", "row"))
    assert read_labels(few, key) == {"unsafe": plain}, "texts need not travel back"


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode("utf-8"))
    return path


def lines(sheet: Sheet, words: dict[int, str]) -> list[str]:
    return [f"{name},{words.get(number, '')}" for number, (name, _) in enumerate(sheet.rows)]


@pytest.mark.parametrize(
    ("change", "words", "where"),
    [
        pytest.param(lambda rows: [*rows, "zzzzzzzzzz,safe"], "was not drawn", "row 42", id="a row nobody drew"),
        pytest.param(lambda rows: [*rows, rows[3]], "stands twice", "row 42", id="a row twice"),
        pytest.param(lambda rows: [rows[0].split(",")[0] + ",maybe", *rows[1:]], "unknown label", "row 2", id="a word"),
        pytest.param(lambda rows: [*rows, "a,b,c"], "3 cells in a table of 2", "row 42", id="cells too many"),
        pytest.param(lambda rows: [*rows, 'x,"y'], "damaged CSV", "row 42", id="an open quote"),
        pytest.param(lambda rows: [row.split(",")[0] + "," for row in rows], "no row has a label", "", id="no labels"),
    ],
)
def test_faults_of_a_labelled_sheet_are_named_with_file_and_row(
    tmp_path: Path, key: Key, change: object, words: str, where: str
) -> None:
    sheet = drawn()
    rows = change(lines(sheet, every(sheet)))  # type: ignore[operator]
    path = write(tmp_path / "l.csv", "row,label\n" + "\n".join(rows) + "\n")
    with pytest.raises(ResoluteError) as caught:
        read_labels(path, key)
    assert words in caught.value.what
    assert "l.csv" in caught.value.where
    assert where in caught.value.where
    assert caught.value.mend


@pytest.mark.parametrize(
    ("header", "words"),
    [
        pytest.param("row,label,guard says", "not blind", id="a judge's column"),
        pytest.param("row,label,label", "stands twice", id="a column twice"),
        pytest.param("row,verdict", "no column label", id="no labels"),
        pytest.param("", "no column row", id="an empty file"),
    ],
)
def test_a_sheet_with_other_columns_is_refused(tmp_path: Path, key: Key, header: str, words: str) -> None:
    with pytest.raises(ResoluteError, match=words):
        read_labels(write(tmp_path / "l.csv", header + "\n"), key)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path, key: Key) -> None:
    path = tmp_path / "l.csv"
    path.write_bytes("row,label\né,safe\n".encode("latin-1"))
    with pytest.raises(ResoluteError, match="not UTF-8"):
        read_labels(path, key)


def test_an_edited_text_is_refused(tmp_path: Path, key: Key) -> None:
    path = fill(tmp_path / "l.csv", drawn(), every(drawn()))
    write(path, path.read_text(encoding="utf-8-sig").replace("an answer", "another answer", 1))
    with pytest.raises(ResoluteError, match="not as it was drawn"):
        read_labels(path, key)


def test_rows_that_people_picked_are_refused_and_a_stop_half_way_is_not(tmp_path: Path, key: Key) -> None:
    sheet = drawn()
    picked = {number: word for number, word in every(sheet).items() if number % 2}
    with pytest.raises(ResoluteError, match="which rows people skip is not chance"):
        read_labels(fill(tmp_path / "picked.csv", sheet, picked), key)
    half = {number: word for number, word in every(sheet).items() if number < 20}
    found = read_labels(fill(tmp_path / "half.csv", sheet, half), key)["unsafe"]
    assert (len(found.given), len(found.missing), found.after) == (20, 0, 20)


def test_unsure_and_skipped_rows_are_counted_and_no_label(tmp_path: Path, key: Key) -> None:
    sheet = drawn()
    words = every(sheet) | {5: "unsure", 7: ""}
    found = read_labels(fill(tmp_path / "l.csv", sheet, words), key)["unsafe"]
    assert (len(found.given), found.unsure, found.after) == (38, 1, 0)
    missed = [(sheet.rows[number][1].row.trace.id, "answer") for number in (5, 7)]
    assert found.missing == missed
    assert isinstance(found, Labels)


def test_a_damaged_key_is_refused(tmp_path: Path) -> None:
    text = key_text(drawn())
    for number, wrong in enumerate((text.replace("unsafe", "odd", 1), "row,trace\r\n", text.replace('"0.', '"7.'))):
        path = write(tmp_path / f"{number}.key.csv", wrong)
        with pytest.raises(ResoluteError, match="key"):
            read_key(path)


def test_a_sheet_is_for_its_owner_s_eyes_and_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "quarantine" / "s.csv"
    assert keep_private(path, "a")
    assert not keep_private(path, "a"), "the same sheet stands already"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with pytest.raises(ResoluteError, match="another file stands there"):
        keep_private(path, "b")
    assert path.read_text() == "a"
