"""Problems that ask for code: real ones, and LiveCodeBench's files in a form written here."""

from __future__ import annotations

import base64
import datetime
import json
import pickle
import zlib
from pathlib import Path

import pytest

from resolute.core.answers import codetests
from resolute.core.answers.programs import FunctionTests, StoredTests, read
from resolute.core.errors import ResoluteError
from resolute.core.sources import PLACE, load_prompts
from resolute.prompts import livecodebench

CASES = [{"input": "1\n", "output": "2\n", "testtype": "stdin"}]


def packed(content: object, protocol: int = 4) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(content, protocol))).decode()


def row(name: str = "a", **changed: str) -> dict[str, str]:
    plain = {
        "question_id": name,
        "question_content": f"Problem {name}.",
        "starter_code": "",
        "contest_date": "2024-08-17T00:00:00",
        "difficulty": "easy",
        "metadata": "{}",
        "public_test_cases": json.dumps(CASES),
        "private_test_cases": packed(json.dumps(CASES * 2)),
    }
    return plain | changed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two files of the right names; their digests stand in for the real ones."""
    place = tmp_path / livecodebench.FOLDER
    place.mkdir(parents=True)
    digests: dict[str, str] = {}
    for name, rows in {
        "test.jsonl": [row("a"), row("b", contest_date="2023-05-07T00:00:00", starter_code="class Solution:\n    ")],
        "test2.jsonl": [row("c", contest_date="2025-01-31T10:00:00"), row("d", contest_date="2025-02-01T00:00:00")],
    }.items():
        (place / name).write_text("".join(json.dumps(item) + "\n" for item in rows))
        digests[name] = codetests.hashlib.sha256((place / name).read_bytes()).hexdigest()
    monkeypatch.setattr(livecodebench, "FILES", digests)
    monkeypatch.setenv(PLACE, str(tmp_path))
    return place


def test_every_problem_of_humaneval_is_asked_whole_and_carries_its_tests(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PLACE, str(shared_data))
    for prompt in load_prompts("humaneval"):
        tests = read(prompt.expected)
        assert isinstance(tests, FunctionTests)
        assert tests.opening.strip() in prompt.text
        assert f"def {tests.name}(" in tests.opening
        assert "def check(candidate)" in tests.test
        assert tests.test.strip() not in prompt.text, "tests are not shown to the model"


def test_a_release_is_its_first_files_and_hidden_tests_stay_in_them(folder: Path) -> None:
    assert [prompt.goal for prompt in load_prompts("livecodebench-v1")] == ["Problem a.", "Problem b."]
    found = load_prompts("livecodebench-v2")
    assert [prompt.goal[8] for prompt in found] == ["a", "b", "c", "d"]
    assert {prompt.split for prompt in found} == {"2024-08-17", "2023-05-07", "2025-01-31", "2025-02-01"}
    assert "standard input" in found[0].text
    assert "class Solution:" in found[1].text
    for prompt in found:
        tests = read(prompt.expected)
        assert isinstance(tests, StoredTests)
        assert len(prompt.expected) < 300


@pytest.mark.parametrize(
    ("window", "names"),
    [
        ("2024-08..2025-01", "ac"),
        ("2024-08-17..2024-08-17", "a"),
        ("2023..2024", "ab"),
        ("2025-02-01..2030", "d"),
    ],
)
def test_a_window_takes_the_problems_of_its_dates_both_ends_included(folder: Path, window: str, names: str) -> None:
    found = load_prompts(f"livecodebench-v2@{window}")
    assert "".join(prompt.goal[8] for prompt in found) == names
    assert len(load_prompts(f"livecodebench-v2@{window}:1")) == 1


@pytest.mark.parametrize("window", ["", "2024", "2024-08..", "2030..2031", "2025..2024", "last..now"])
def test_a_window_that_is_none_or_empty_is_an_error(folder: Path, window: str) -> None:
    with pytest.raises(ResoluteError, match="window"):
        load_prompts(f"livecodebench-v2@{window}")


def test_sets_without_dates_have_no_windows(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLACE, str(shared_data))
    with pytest.raises(ResoluteError, match="window"):
        load_prompts("humaneval@2024..2025")


def test_a_missing_or_another_file_is_an_error_that_says_how_to_get_it(folder: Path) -> None:
    (folder / "test2.jsonl").write_text(json.dumps(row("e")) + "\n")
    with pytest.raises(ResoluteError, match="not the file") as caught:
        load_prompts("livecodebench-v2")
    assert livecodebench.REVISION in caught.value.mend
    (folder / "test2.jsonl").unlink()
    with pytest.raises(ResoluteError, match="missing"):
        load_prompts("livecodebench-v2")
    assert len(load_prompts("livecodebench-v1")) == 2


@pytest.mark.parametrize("line", ["{", "[]", "null", "{}", json.dumps(row(question_id=""))[:-1], '{"question_id": 1}'])
def test_a_damaged_line_is_an_error_that_names_it(tmp_path: Path, line: str) -> None:
    path = tmp_path / "test.jsonl"
    path.write_text(json.dumps(row()) + "\n" + line + "\n")
    with pytest.raises(ResoluteError) as caught:
        list(codetests.lines(path))
    assert str(caught.value.where).endswith("test.jsonl:2")


@pytest.mark.parametrize("protocol", range(1, pickle.HIGHEST_PROTOCOL + 1))
def test_hidden_tests_are_unpacked_from_every_protocol_of_a_pickled_text(protocol: int) -> None:
    for text in (json.dumps(CASES), json.dumps(CASES * 500), json.dumps([{**CASES[0], "input": "é\U0001f600"}])):
        found = codetests.cases(row(private_test_cases=packed(text, protocol)))
        assert found[0] == codetests.Case("1\n", "2\n", "stdin")
        assert len(found) == 1 + len(json.loads(text))
    assert len(codetests.cases(row(private_test_cases=json.dumps(CASES)))) == 2, "some files hold them plainly"


class Runs:
    """Would make a file, were it ever loaded."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, ...]:
        return (open, (str(self.place), "w"))


def test_a_pickle_with_anything_but_a_text_is_refused_and_never_run(tmp_path: Path) -> None:
    place = tmp_path / "made"
    for content in (
        Runs(place),
        [json.dumps(CASES)],
        ("a",),
        1,
        None,
        b"x",
        datetime.date(2024, 1, 1),
        {"a": Runs(place)},
    ):
        with pytest.raises(ValueError, match=r"text|pickle"):
            codetests.cases(row(private_test_cases=packed(content)))
    assert not place.exists()


@pytest.mark.parametrize(
    "packed_tests",
    [
        "",
        "!",
        "AAAA",
        base64.b64encode(zlib.compress(b"")).decode(),
        base64.b64encode(zlib.compress(b"\x80\x04\x8c")).decode(),
        packed("not json"),
        packed("[]")[:-8],
        packed('{"input": 1}'),
        packed('[{"input": "1"}]'),
        packed('[{"input": "1", "output": "1", "testtype": "shell"}]'),
    ],
)
def test_garbled_tests_are_no_tests(packed_tests: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        codetests.cases(row(private_test_cases=packed_tests))


def test_tests_that_unpack_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codetests, "MOST", 1000)
    with pytest.raises(ValueError, match="1000 bytes"):
        codetests.cases(row(private_test_cases=packed("x" * 10**6)))
