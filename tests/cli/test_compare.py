"""`resolute compare` on two runs of the lab, and on what are no such runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from resolute.cli.app import run


def test_two_evaluated_runs_are_compared_by_goal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    sampling = ["--max-tokens", "96", "--temperature", "1"]
    for name, more in (("base", []), ("told", ["--system", "strategy-improved"])):
        line = ["evaluate", "--model", "lab/base", "--suite", "lab:6", *sampling, *more, "--out", f"runs/{name}"]
        assert run(line) == 0
        assert run(["judge", "run", f"runs/{name}"]) == 0
    assert run(["compare", "runs/base", "runs/told", "--out", "found"]) == 0
    found = json.loads((tmp_path / "found" / "comparison.json").read_text())
    assert {row["goals"] for row in found["rows"]} == {6}
    assert {row["event"] for row in found["rows"]} >= {"unsafe", "correct", "refused"}
    assert "# told against base" in capsys.readouterr().out
    assert run(["compare", "runs/base", "runs/told", "--level", "--out", "level"]) == 0
    level = json.loads((tmp_path / "level" / "comparison.json").read_text())
    assert level["rows"] == found["rows"], "the comparison itself is the same"
    assert level["level"]["alone"] == 0 and level["level"]["pairs"] > 0
    assert "Without style, at equal length" in capsys.readouterr().out
    assert (tmp_path / "level" / "quarantine").stat().st_mode & 0o077 == 0
    assert run(["power", "--from-runs", "runs/base", "runs/told", "--by", "-0.2"]) == 0
    assert "goals for -20 points" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["compare", "a", "a"], "compared with itself"),
        (["compare", "a", "b"], "not a run"),
        (["compare", "a", "b", "--margin", "2"], "between 0 and 1"),
    ],
)
def test_what_cannot_be_compared_is_said(
    line: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(line) != 0
    assert words in capsys.readouterr().err


def test_a_setting_of_the_evaluation_is_none_of_the_judging_that_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = ["evaluate", "--model", "lab/base", "--suite", "lab:2", "--max-tokens", "64", "--temperature", "1"]
    assert run([*line, "--set", "seed=3", "--judge", "lab/strict", "--out", "runs/x"]) == 0
