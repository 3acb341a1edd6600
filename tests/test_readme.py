"""The README's commands are those that run: each `bash` block here, in order; the others are checked word by word."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from resolute.cli.app import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[list[str]]:
    """The commands of every fenced block of one language."""
    found = re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return [[line for line in block.splitlines() if line.strip()] for block in found]


TOUR, REAL = blocks("bash")


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    call = line.replace("resolute ", f"{shlex.quote(sys.executable)} -m resolute ", 1)
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(call, shell=True, cwd=folder, env=env, capture_output=True, text=True, timeout=300)


def in_order(lines: list[str], folder: Path) -> None:
    for line in lines:
        told = run(line, folder)
        assert told.returncode == 0, f"{line}\n{told.stdout[-500:]}\n{told.stderr[-2000:]}"


def test_the_tour_runs_from_its_first_command_to_its_report(tmp_path: Path) -> None:
    in_order(TOUR, tmp_path)
    assert (tmp_path / "runs" / "tour" / "report.html").is_file()
    assert (tmp_path / "train.jsonl").is_file()


@pytest.mark.usefixtures("shared_data")
def test_the_commands_on_real_traces_run(tmp_path: Path) -> None:
    in_order(REAL, tmp_path)
    assert len((tmp_path / "star1.jsonl").read_text().splitlines()) == 900


@pytest.mark.parametrize("line", [line.removeprefix("$ ") for block in blocks("console") for line in block])
def test_commands_that_need_weights_use_options_that_exist(line: str) -> None:
    _, verb, *rest = shlex.split(line)
    group: Any = typer.main.get_command(app)
    known = {name for parameter in group.commands[verb].params for name in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= known


@pytest.mark.parametrize("line", [line for block in blocks("sh") for line in block])
def test_make_targets_exist(line: str) -> None:
    target = line.split()[1]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_tree_names_what_is_there() -> None:
    named = re.findall(r"^(resolute/\w+|recipes/)", README, re.MULTILINE)
    assert named
    assert all((ROOT / name).is_dir() for name in named)
