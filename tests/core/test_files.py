"""Laws of files: what is written comes back, a damaged line is named, and a failure leaves the old file whole."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core import files
from resolute.core.errors import ResoluteError
from resolute.core.files import atomic, read_json, read_jsonl, read_records, write_json, write_jsonl, write_records
from resolute.core.records import Ending, Example, Message, Prompt, RiskReport, Saw, Trace, Verdict

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


def trace(number: int, **changed: Any) -> Trace:
    values: dict[str, Any] = {
        "id": f"t{number:04d}",
        "prompt": Prompt(text="p", goal="g"),
        "sent": [Message(role="user", content="p")],
        "model": "m",
        "identity": "i",
        "reasoning": "r",
        "answer": "a",
        "ending": Ending(where="answer", why="end of turn"),
    }
    return Trace(**(values | changed))


@given(said=st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=8))
def test_records_come_back_as_they_were_sorted_by_id(said: list[tuple[str, str]], tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("records") / "traces.parquet"
    rows = [trace(number, reasoning=thought, answer=answer) for number, (thought, answer) in enumerate(said)]
    assert write_records(path, reversed(rows), Trace) == len(rows)
    assert read_records(path, Trace) == rows


def test_every_kind_of_record_has_a_parquet_form(tmp_path: Path) -> None:
    saw = Saw(goal=True, parts=["thought", "answer"], characters=3)
    judged = Verdict(trace="t", judge="j", event="unsafe", part="answer", outcome="judge failed", saw=saw)
    scored = Verdict(trace="u", judge="j", event="unsafe", part="answer", outcome="scored", score=0.25, saw=saw)
    report = RiskReport(trace="t", content="c", auditor="a", outcome="judge failed", saw=saw)
    message = Message(role="user", content="x")
    example = Example(
        id="e", messages=[message], reasoning="", answer="a", kind="benign", goal="g", prompt="p", trace="t"
    )
    for rows in ([judged, scored], [report], [example], [Prompt(text="a", goal="b")]):
        form = type(rows[0])
        write_records(tmp_path / "x.parquet", rows, form)
        assert sorted(read_records(tmp_path / "x.parquet", form), key=lambda r: r.id) == sorted(
            rows, key=lambda r: r.id
        )


def test_two_records_with_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two Trace records"):
        write_records(tmp_path / "x.parquet", [trace(1), trace(1)], Trace)
    assert list(tmp_path.iterdir()) == []


def test_records_of_another_kind_are_refused_with_both_names(tmp_path: Path) -> None:
    write_records(tmp_path / "x.parquet", [trace(1)], Trace)
    with pytest.raises(ResoluteError, match="holds Trace records, not Verdict"):
        read_records(tmp_path / "x.parquet", Verdict)


def test_records_of_a_later_schema_name_the_version_that_can_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SCHEMA", 3)
    write_records(tmp_path / "x.parquet", [trace(1)], Trace)
    monkeypatch.undo()
    with pytest.raises(ResoluteError) as caught:
        read_records(tmp_path / "x.parquet", Trace)
    assert "schema 3" in caught.value.mend


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not parquet at all", b"\x00" * 64])
def test_what_is_no_parquet_file_says_so(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(ResoluteError) as caught:
        read_records(tmp_path / "x.parquet", Trace)
    assert "x.parquet" in caught.value.where


@given(rows=st.lists(st.dictionaries(st.sampled_from("abc"), ANY_TEXT, min_size=1), max_size=6))
def test_jsonl_comes_back_with_only_unstorable_characters_replaced(
    rows: list[dict[str, str]], tmp_path_factory: Any
) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "x.jsonl"
    write_jsonl(path, rows)
    back = read_jsonl(path)
    assert len(back) == len(rows)
    for before, after in zip(rows, back, strict=True):
        assert before.keys() == after.keys()
        for name in before:
            assert len(before[name]) == len(after[name])


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        pytest.param(['{"a": 1}', '{"a": '], 2, id="cut off"),
        pytest.param(["", '{"a": 1}', "", "[1]"], 4, id="a list, after blank lines"),
        pytest.param(["garbage"], 1, id="garbage"),
    ],
)
def test_a_damaged_line_is_named_by_file_and_line(lines: list[str], number: int, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(lines))
    with pytest.raises(ResoluteError) as caught:
        read_jsonl(path)
    assert caught.value.where == f"{path}:{number}"
    assert caught.value.mend


def test_a_file_that_is_not_utf8_is_named_with_the_byte(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes('{"a": "é"}'.encode("latin-1"))
    with pytest.raises(ResoluteError, match="not UTF-8") as caught:
        read_jsonl(tmp_path / "x.jsonl")
    assert "byte 7" in caught.value.where


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b'\xef\xbb\xbf{"a": 1}\n')
    assert read_jsonl(tmp_path / "x.jsonl") == [{"a": 1}]


def test_a_failure_while_writing_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic(path, "w") as stream:
        stream.write("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["x.txt"]


def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(ResoluteError, match="No space left") as caught:
        write_json(path, {"a": 1})
    assert "free disk space" in caught.value.mend
    assert read_json(path) == {}
    assert [item.name for item in tmp_path.iterdir()] == ["x.json"]


def test_a_folder_that_cannot_be_made_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ResoluteError) as caught:
        write_json(tmp_path / "file" / "below.json", {})
    assert str(tmp_path / "file" / "below.json") == caught.value.where


def test_a_pipe_or_a_device_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ResoluteError, match="not a file"), atomic(tmp_path / "pipe") as stream:
        stream.write(b"words")
    assert (tmp_path / "pipe").is_fifo()
    assert [entry.name for entry in tmp_path.iterdir()] == ["pipe"]


def test_json_refuses_nan_rather_than_writing_what_others_cannot_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    assert not (tmp_path / "x.json").exists()


def test_json_can_carry_the_name_of_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"path": b"a\xff".decode("utf-8", "surrogateescape")})
    assert json.loads((tmp_path / "x.json").read_text()) == {"path": "a\ufffd"}


def test_a_damaged_json_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(ResoluteError) as caught:
        read_json(tmp_path / "x.json")
    assert caught.value.where == str(tmp_path / "x.json")
