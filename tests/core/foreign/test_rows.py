"""Files of other people are read whole, or an error says where they are damaged."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from resolute.core.errors import ResoluteError
from resolute.core.foreign.rows import looks_like_file, read_rows

ROWS = [{"prompt": "a, b", "response": 'c "d"\ne'}, {"prompt": "é", "response": "f"}]


def written(path: Path, name: str) -> Path:
    file = path / name
    plain = name.removesuffix(".gz")
    if plain.endswith(".json"):
        text = json.dumps(ROWS)
    elif plain.endswith(("jsonl", "ndjson")):
        text = "\n".join(json.dumps(row) for row in ROWS) + "\n\n"
    else:
        stand = path / "stand.csv"
        with stand.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(ROWS[0]), delimiter="\t" if plain.endswith("tsv") else ",")
            writer.writeheader()
            writer.writerows(ROWS)
        text = stand.read_bytes().decode()
    file.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    return file


@pytest.mark.parametrize(
    "name", ["a.json", "a.jsonl", "a.ndjson", "a.csv", "a.tsv", "a.json.gz", "a.jsonl.gz", "a.csv.gz", "A.JSONL"]
)
def test_every_text_format_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    table = read_rows(written(tmp_path, name if name != "A.JSONL" else "A.jsonl"))
    assert table.rows == ROWS
    assert table.columns == ("prompt", "response")


def test_parquet_of_other_people(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path)
    assert read_rows(path).rows == ROWS


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfprompt,response\na,b\n")
    assert read_rows(path).columns == ("prompt", "response")


def test_an_object_with_one_list_in_it_is_that_list(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"version": "1.0", "data": ROWS}))
    assert read_rows(path).rows == ROWS


def test_a_field_of_a_megabyte_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    before = csv.field_size_limit()
    path.write_text("prompt,response\na," + "x" * 1_000_000 + "\n")
    assert len(read_rows(path).rows[0]["response"]) == 1_000_000
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("name", "content", "what", "where"),
    [
        pytest.param("a.jsonl", b"", "no rows", "a.jsonl", id="an empty file"),
        pytest.param("a.csv", b"prompt,response\n", "no rows", "a.csv", id="a header alone"),
        pytest.param("a.json", b" ", "no rows", "a.json", id="white space"),
        pytest.param("a.json", b"[1]", "not an object", "item 0", id="a list of numbers"),
        pytest.param("a.json", b'{"a": [1], "b": [2]}', "no list", "a.json", id="an object with two lists"),
        pytest.param("a.json", b'[{"a": 1},\n{"a": }]', "damaged JSON", "a.json:2", id="damaged JSON"),
        pytest.param("a.json", b"[" * 100_000, "damaged JSON", "a.json", id="JSON nested too deep"),
        pytest.param("a.jsonl", b'{"a": 1}\n\n{"a": \n', "damaged JSON", "a.jsonl:3", id="a damaged line"),
        pytest.param("a.jsonl", b'{"a": 1}\n[1]\n', "not a JSON object", "a.jsonl:2", id="a line with a list"),
        pytest.param("a.csv", b'a,b\n"x"y,z\n', "damaged CSV", "a.csv:2", id="text after a closing quote"),
        pytest.param("a.csv", b'a,b\n1,"x\ny\n', "damaged CSV", "a.csv:3", id="a quote never closed"),
        pytest.param("a.csv", b"a,b\n1\n", "1 fields", "line 2", id="too few fields"),
        pytest.param("a.csv", b"a,b\n1,2,3\n", "3 fields", "line 2", id="too many fields"),
        pytest.param("a.csv", b"a,a\n1,2\n", "twice", "a.csv:1", id="a column twice"),
        pytest.param("a.jsonl", '{"a": "é"}\n'.encode("latin-1"), "not UTF-8", "a.jsonl:1", id="Latin-1"),
        pytest.param("a.csv", "a,b\n1,2\n".encode("utf-16"), "UTF-16", "a.csv:1", id="UTF-16"),
        pytest.param("a.jsonl.gz", b"no gzip", "damaged gzip", "a.jsonl.gz", id="no gzip"),
        pytest.param("a.csv.gz", gzip.compress(b"a,b\n1,2\n" * 99)[:30], "damaged gzip", "a.csv.gz", id="gzip cut off"),
        pytest.param("a.parquet", b"PAR1", "not a Parquet", "a.parquet", id="damaged Parquet"),
        pytest.param("a.txt", b"a", "no known format", "a.txt", id="an unknown ending"),
        pytest.param("a", b"a", "no known format", "a", id="no ending"),
    ],
)
def test_a_damaged_file_is_an_error_that_names_the_place(
    tmp_path: Path, name: str, content: bytes, what: str, where: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ResoluteError) as caught:
        read_rows(path)
    assert what in caught.value.what
    assert where in caught.value.where
    assert caught.value.mend


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ResoluteError, match="cannot read"):
        read_rows(tmp_path / "none.jsonl")


def test_a_source_is_a_file_by_its_spelling() -> None:
    assert looks_like_file("mine.jsonl") and looks_like_file("a/b") and looks_like_file("a.csv.gz")
    assert not looks_like_file("advbench") and not looks_like_file("jsonl")
