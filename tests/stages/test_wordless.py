"""Laws of records read without their words: they count as the records do, and damage is as loud."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.files import read_records, write_records
from resolute.core.records import Trace, Verdict
from resolute.core.results.matrix import pairs
from resolute.core.results.tables import cells
from resolute.core.statistics.passing import passes
from resolute.stages.pages import wordless
from resolute.stages.pages.study import read_study
from resolute.stages.pages.wordless import as_traces, as_verdicts, read_columns
from tests.stages.synthetic import STUDY, Maker


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    row = read_study(Maker(tmp_path_factory.mktemp("s"), STUDY[5:6], goals=30, distilled=6).write()).rows[0]
    return row.artifacts["evaluate"].folder / "traces.parquet", row.artifacts["judge"].folder / "verdicts.parquet"


def test_every_count_is_the_one_that_the_whole_records_give(folders: tuple[Path, Path]) -> None:
    whole = read_records(folders[0], Trace), read_records(folders[1], Verdict)
    brief = as_traces(wordless.read_answers(folders[0])), as_verdicts(wordless.read_opinions(folders[1]))
    assert cells(*brief) == cells(*whole)
    assert pairs(*brief) == pairs(*whole)
    assert passes(*brief) == passes(*whole)


def test_an_answer_and_an_opinion_say_what_their_record_says(folders: tuple[Path, Path]) -> None:
    for brief, whole in zip(wordless.read_answers(folders[0]), read_records(folders[0], Trace), strict=True):
        for name in ("id", "content", "ending", "task", "attack", "sample", "queries", "tokens_in", "tokens_out"):
            assert getattr(brief, name) == getattr(whole, name), name
        assert brief.prompt == (whole.prompt.goal, whole.prompt.kind, whole.prompt.category)
    for said, whole in zip(wordless.read_opinions(folders[1]), read_records(folders[1], Verdict), strict=True):
        assert said == tuple(getattr(whole, name) for name in wordless.Opinion._fields)


def test_no_word_of_a_trace_is_held(folders: tuple[Path, Path]) -> None:
    assert "SECRET" in str(read_records(folders[0], Trace))
    assert "SECRET" not in str(wordless.read_answers(folders[0]))


def test_an_attacker_that_failed_is_told_from_a_request_that_did(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    first, second, third, *_ = read_records(folders[0], Trace)
    nothing = {"ending": {"where": "nothing", "why": "error"}, "answer": "", "reasoning": ""}
    traces = [first.model_dump() | nothing | {"error": "attacker failed: no JSON"}, third.model_dump()]
    traces.append(second.model_dump() | nothing | {"error": "timeout"})
    write_records(tmp_path / "t.parquet", [Trace.model_validate(one) for one in traces], Trace)
    read = {one.id: one.unattacked for one in wordless.read_answers(tmp_path / "t.parquet")}
    assert read == {first.id: True, second.id: False, third.id: False}


def test_no_rows_are_no_answers(tmp_path: Path) -> None:
    write_records(tmp_path / "t.parquet", [], Trace)
    assert wordless.read_answers(tmp_path / "t.parquet") == []


def test_another_record_and_a_damaged_file_are_refused(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    with pytest.raises(ResoluteError, match="holds Verdict records"):
        wordless.read_answers(folders[1])
    (tmp_path / "t.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(ResoluteError, match="not a Parquet file"):
        wordless.read_opinions(tmp_path / "t.parquet")


def test_a_column_that_is_not_there_is_a_bug_and_not_an_empty_list(folders: tuple[Path, Path]) -> None:
    with pytest.raises(ValueError, match="no such columns"):
        read_columns(folders[0], Trace, ["id", "nowhere"])
