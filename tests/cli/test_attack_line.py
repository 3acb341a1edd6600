"""Laws of the command line of attacks: an endpoint of somebody else is asked about once, or refused."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

LINE = ["evaluate", "--model", "openai-api/stub/m", "--suite", "lab:2", "--attack", "lab/persona"]
LINE += ["--max-tokens", "9", "--temperature", "1"]
ELSEWHERE = {"STUB_API_KEY": "none", "STUB_BASE_URL": "http://192.0.2.1:9/v1", "RESOLUTE_OWN": ""}


def call(*more: str) -> list[str]:
    return [sys.executable, "-m", "resolute", *LINE, *more]


@pytest.fixture
def surroundings() -> dict[str, str]:
    return {**os.environ, **ELSEWHERE}


def test_where_nobody_can_be_asked_it_is_an_error_that_says_how_to_go_on(
    tmp_path: Path, surroundings: dict[str, str]
) -> None:
    ended = subprocess.run(
        call("--out", str(tmp_path / "runs" / "x")), env=surroundings, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "192.0.2.1" in ended.stderr and "--own" in ended.stderr and "RESOLUTE_OWN" in ended.stderr


def test_on_a_terminal_it_is_asked_and_no_means_that_nothing_is_sent(
    tmp_path: Path, surroundings: dict[str, str]
) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, b"n\n")
    ended = subprocess.run(
        call("--out", str(tmp_path / "runs" / "x")), env=surroundings, stdin=theirs, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    os.close(ours)
    os.close(theirs)
    assert ended.returncode == 1 and "Is it yours to attack?" in ended.stdout
    assert not list(tmp_path.rglob("outcomes.jsonl"))
