"""Laws of jobs: the key is settings, inputs and identity; what stands is found; what failed is made again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resolute.core import jobs
from resolute.core.errors import ResoluteError
from resolute.core.jobs import Job, Work, input_digest, perform, prepare
from resolute.core.settings import Audit


class Counting:
    """A stage that copies its input and counts how often it ran."""

    VERSION = 1

    def __init__(self) -> None:
        self.runs = 0
        self.fails = 0
        self.failed_rows = 0

    def identity(self, job: Job) -> dict[str, Any]:
        return {"part": "one"}

    def run(self, work: Work) -> None:
        self.runs += 1
        if self.fails:
            self.fails -= 1
            raise RuntimeError
        (work.folder / "copy").write_bytes(work.job.inputs["traces"].read_bytes())
        work.count(rows=1)
        work.manifest.failed_rows, self.failed_rows = self.failed_rows, 0


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting()
    monkeypatch.setattr(jobs, "stage_module", lambda _: counting)
    return counting


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "in").write_text("content")
    return Job("audit", Audit(), {"traces": tmp_path / "in"})


def silent(what: str, done: int, total: int, /, note: str = "") -> None:
    """No progress to draw."""


def test_a_done_job_is_found_and_not_repeated(stage: Counting, job: Job, tmp_path: Path) -> None:
    first, second = perform(job, tmp_path / "store", silent), perform(job, tmp_path / "store", silent)
    assert first == second
    assert stage.runs == 1
    assert first.manifest.counts == {"rows": 1}


def test_a_job_that_failed_is_made_again_under_the_same_key(stage: Counting, job: Job, tmp_path: Path) -> None:
    stage.fails = 1
    with pytest.raises(RuntimeError):
        perform(job, tmp_path / "store", silent)
    assert perform(job, tmp_path / "store", silent).done
    assert stage.runs == 2


def test_a_job_with_failed_rows_asks_for_them_again(stage: Counting, job: Job, tmp_path: Path) -> None:
    stage.failed_rows = 3
    assert perform(job, tmp_path / "store", silent).manifest.failed_rows == 3
    assert perform(job, tmp_path / "store", silent).manifest.failed_rows == 0
    perform(job, tmp_path / "store", silent)
    assert stage.runs == 2


def test_where_an_input_lies_is_no_part_of_the_key_and_what_it_holds_is(
    stage: Counting, job: Job, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").write_text("content")
    moved = Job("audit", Audit(), {"traces": tmp_path / "elsewhere"})
    assert prepare(job, tmp_path)[0] == prepare(moved, tmp_path)[0]
    (tmp_path / "elsewhere").write_text("other content")
    assert prepare(job, tmp_path)[0] != prepare(moved, tmp_path)[0]


def test_settings_identity_version_and_role_are_part_of_the_key(
    stage: Counting, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {prepare(job, tmp_path)[0].key}
    keys.add(prepare(Job("audit", Audit(opening="detect", where={"kind": ("harmful",)}), job.inputs), tmp_path)[0].key)
    keys.add(prepare(Job("audit", Audit(), {"traces-2": job.inputs["traces"]}), tmp_path)[0].key)
    monkeypatch.setattr(stage, "VERSION", 2)
    keys.add(prepare(job, tmp_path)[0].key)
    monkeypatch.setattr(stage, "identity", lambda _: {"part": "two"})
    keys.add(prepare(job, tmp_path)[0].key)
    assert len(keys) == 5


def test_a_setting_that_names_a_place_is_shown_but_no_part_of_the_key(
    stage: Counting, job: Job, tmp_path: Path
) -> None:
    named = Job("audit", Audit(tokenizer="/some/folder"), job.inputs)
    artifact, manifest = prepare(named, tmp_path)
    assert artifact == prepare(job, tmp_path)[0]
    assert manifest.settings["tokenizer"] == "/some/folder"


def test_a_missing_input_is_an_error_that_names_it(stage: Counting, tmp_path: Path) -> None:
    with pytest.raises(ResoluteError) as caught:
        prepare(Job("audit", Audit(), {"traces": tmp_path / "missing"}), tmp_path)
    assert caught.value.where == str(tmp_path / "missing")


def test_a_checkpoint_is_its_files_without_hidden_ones(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "config.json").write_text("{}")
    before = input_digest(tmp_path / "m")
    (tmp_path / "m" / ".cache").write_text("x")
    assert input_digest(tmp_path / "m") == before
    (tmp_path / "m" / "weights").write_text("x")
    assert input_digest(tmp_path / "m") != before


def test_an_unknown_stage_lists_the_known_ones() -> None:
    with pytest.raises(ResoluteError) as caught:
        jobs.stage_module("adit")
    assert "audit" in caught.value.mend
