"""The README's commands are those that run: each `bash` block, in order, and what it made is looked at.

Its other blocks are held by `tests/docs/test_commands.py`, as those of every page are.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from resolute.cli.app import run
from tests.docs.blocks import blocks

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


TOUR, REAL = [block.commands for block in blocks(ROOT / "README.md") if block.language == "bash"]


def in_order(
    lines: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each line as a shell would hand it to the command, one after the other, in one folder."""
    monkeypatch.chdir(folder)
    for line in lines:
        program, *arguments = shlex.split(os.path.expandvars(line))
        assert program == "resolute"
        assert "$" not in line or "$" not in " ".join(arguments), "a variable that is not set"
        code = run(arguments)
        out, err = capsys.readouterr()
        assert code == 0, f"{line}\n{out[-500:]}\n{err[-2000:]}"


def test_the_tour_runs_from_its_first_command_to_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    in_order(TOUR, tmp_path, monkeypatch, capsys)
    assert (tmp_path / "runs" / "tour" / "report.html").is_file()
    assert (tmp_path / "train.jsonl").is_file()


@pytest.mark.usefixtures("shared_data")
def test_the_commands_on_real_traces_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    in_order(REAL, tmp_path, monkeypatch, capsys)
    assert len((tmp_path / "star1.jsonl").read_text().splitlines()) == 900


def test_the_tree_names_what_is_there() -> None:
    named = re.findall(r"^(resolute/\w+|recipes/)", README, re.MULTILINE)
    assert named
    assert all((ROOT / name).is_dir() for name in named)
