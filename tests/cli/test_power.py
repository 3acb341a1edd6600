"""`resolute power` plans a comparison from rates or from two judged runs, and says what it was not told."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolute.cli.app import run


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["--n", "50", "--from", "0.12", "--to", "0.04"], "0.18"),
        (["--n", "50", "--from", "0.12", "--by", "-0.08", "--changed", "0.13"], "0.19"),
        (["--from", "0.12", "--to", "0.04"], "198"),
        (["--n", "200", "--from", "0.12"], "smallest difference found"),
        (["--from", "0.9", "--margin", "0.05", "--changed", "0.1"], "256"),
        (["--seeds", "3", "--spread", "0.04", "--by", "-0.2"], "power"),
    ],
)
def test_what_is_left_out_is_computed(line: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["power", *line]) == 0
    assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        (["--from", "0.5"], 2, "give --n"),
        (["--n", "50"], 2, "rate of the first"),
        (["--from", "0.5", "--to", "0.4", "--by", "-0.1"], 2, "not both"),
        (["--seeds", "3"], 2, "--spread"),
        (["--seeds", "3", "--spread", "0.1", "--n", "50"], 2, "no goals"),
        (["--from", "0.5", "--n", "10", "--power", "1"], 2, "between 0 and 1"),
        (["--from", "0.5", "--to", "1.5"], 1, "not a share"),
        (["--from-runs", "a", "b"], 1, "not a run"),
    ],
)
def test_what_cannot_be_planned_is_said(
    line: list[str],
    code: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["power", *line]) == code
    assert words in capsys.readouterr().err
