"""A mirror of a figure on the lab, at tiny size, from its recipe to its report; then the same command again."""

import json
from pathlib import Path

import pytest

from resolute.cli.app import run

pytestmark = pytest.mark.verify

TINY = (
    "distill.prompts=['lab/harmful-train:60','lab/benign-train:20']",
    "curate.safety=20",
    "train.max_steps=2",
    "evaluate.suites=['lab:3']",
    "evaluate.sampling.max_tokens=20",
)


def test_a_mirror_runs_from_its_recipe_to_its_report_and_then_stands(
    tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, out = root / "recipes" / "lab" / "table2.yaml", tmp_path / "runs" / "table2"
    line = ["study", str(recipe), "--quick", "--out", str(out), *(word for each in TINY for word in ("--set", each))]
    assert run(line) == 0
    study = json.loads((out / "study.json").read_text())
    assert study["axes"] == {"row": ["Default", "Improved"], "source": ["teacher", "clean teacher"]}
    assert [row["at"]["source"] for row in study["rows"]] == ["teacher", "clean teacher"]
    before = (out / "report.html").read_bytes()
    capsys.readouterr()
    assert run(line) == 0
    assert " started" not in capsys.readouterr().err
    assert (out / "report.html").read_bytes() == before
