"""The README's commands are those that run: each `bash` block here, in order; the others are checked word by word."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from resolute.cli.app import app, run

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[list[str]]:
    """The commands of every fenced block of one language."""
    found = re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return [[line for line in block.splitlines() if line.strip()] for block in found]


TOUR, REAL = blocks("bash")


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


@pytest.mark.parametrize("line", [line.removeprefix("$ ") for block in blocks("console") for line in block])
def test_commands_that_need_weights_use_options_that_exist(line: str) -> None:
    _, verb, *rest = shlex.split(line)
    group: Any = typer.main.get_command(app)
    command: Any = group.commands[verb]
    if hasattr(command, "commands"):
        command, rest = command.commands[rest[0]], rest[1:]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= known


@pytest.mark.parametrize("line", [line for block in blocks("sh") for line in block])
def test_make_targets_exist(line: str) -> None:
    target = line.split()[1]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_tree_names_what_is_there() -> None:
    named = re.findall(r"^(resolute/\w+|recipes/)", README, re.MULTILINE)
    assert named
    assert all((ROOT / name).is_dir() for name in named)
