"""A report that stands is not shown again over answers or verdicts that were edited since, whatever time they bear."""

import os
import time
from pathlib import Path

import pytest

from resolute.cli.app import run
from resolute.core.runs import Run
from resolute.stages.pages.study import read_study
from tests.stages.synthetic import STUDY, Maker


def test_a_report_made_before_an_edit_is_not_shown_after_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = Maker(tmp_path, STUDY[1:2], goals=6, distilled=4).write()
    mine = Run(study.parent.parent / "mine")
    for part, artifact in read_study(study).rows[0].artifacts.items():
        mine.point(part, artifact)
    assert run(["report", str(mine.path)]) == 0
    path = mine.entries()["judge"].folder / "verdicts.parquet"
    before = path.stat()
    time.sleep(0.05)  # a file system tells times apart by ticks
    path.write_bytes(path.read_bytes() + b" ")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    capsys.readouterr()
    assert run(["report", str(mine.path)]) == 1
    said = capsys.readouterr().err
    assert "changed after it was made" in said
    assert "verdicts.parquet" in said
