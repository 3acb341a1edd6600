"""Mirrors on the lab, at tiny size, from their recipe to their report; then the same command again."""

import json
from pathlib import Path

import pytest

from resolute.cli.app import run

pytestmark = pytest.mark.verify

TINY = (
    "distill.prompts=['lab/harmful-train:60','lab/benign-train:20']",
    "curate.safety=20",
    "curate.benign=10",
    "train.max_steps=2",
    "evaluate.suites=['lab:3']",
    "evaluate.sampling.max_tokens=20",
)


def _run(recipe: Path, out: Path) -> int:
    return run(
        ["study", str(recipe), "--quick", "--out", str(out), *(word for each in TINY for word in ("--set", each))]
    )


def test_levelled_arms_have_verdicts_on_closed_thoughts_and_bare_answers(tmp_path: Path, root: Path) -> None:
    out = tmp_path / "runs" / "levelled"
    assert _run(root / "recipes" / "lab" / "levelled.yaml", out) == 0
    assert "think-at:10" in (out / "report.md").read_text()
    entries = json.loads((out / "run.json").read_text())["entries"]
    judged = [out.parent / ".store" / stage / key for stage, key in entries.values() if stage == "judge"]
    assert sum((folder / "restyled-bare.parquet").is_file() for folder in judged) == 2


def test_a_mirror_runs_from_its_recipe_to_its_report_and_then_stands(
    tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, out = root / "recipes" / "lab" / "table2.yaml", tmp_path / "runs" / "table2"
    assert _run(recipe, out) == 0
    study = json.loads((out / "study.json").read_text())
    assert study["axes"] == {"row": ["Default", "Improved"], "source": ["teacher", "clean teacher"]}
    assert [row["at"]["source"] for row in study["rows"]] == ["teacher", "clean teacher"]
    before = (out / "report.html").read_bytes()
    capsys.readouterr()
    assert _run(recipe, out) == 0
    assert " started" not in capsys.readouterr().err
    assert (out / "report.html").read_bytes() == before
