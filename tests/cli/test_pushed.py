"""`train --push` is refused before training where it cannot work; the card it sends has the run's own evaluation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from resolute.cli.pushed import figures
from resolute.core.files import write_json, write_records
from resolute.core.records import Example, Saw, Verdict
from resolute.core.runs import Artifact, Manifest, Run
from tests.families import example

Shell = Any


def artifact(run: Run, stage: str, name: str, **values: Any) -> Artifact:
    made = Artifact(stage, name, run.store / stage / name)
    made.folder.mkdir(parents=True)
    outputs = values.pop("outputs", {})
    manifest = Manifest(stage=stage, stage_version=1, key=name, state="done", outputs=outputs, **values)
    write_json(made.folder / "manifest.json", manifest.model_dump(mode="json"))
    run.point(f"{stage}-{name}", made)
    return made


def verdict(number: int, score: float | None) -> Verdict:
    outcome = "scored" if score is not None else "judge failed"
    saw = Saw(goal=True, parts=["answer"], characters=1)
    return Verdict(
        trace=f"t{number}", judge="refusal@1", event="refused", part="answer", outcome=outcome, score=score, saw=saw
    )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path / "mine")


def judged(run: Run, checkpoint: Path, name: str) -> None:
    from resolute.core.keys import file_digest

    asked = artifact(run, "evaluate", f"e{name}", settings={"suites": ["advbench"]}, sources={"model": str(checkpoint)})
    place = run.store / "judge" / f"j{name}"
    artifact(run, "judge", f"j{name}", settings={}, sources={"traces": str(asked.folder / "traces.parquet")})
    write_records(place / "verdicts.parquet", [verdict(1, 1.0), verdict(2, 0.0), verdict(3, None)], Verdict)
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["outputs"] = {"verdicts.parquet": file_digest(place / "verdicts.parquet")}
    write_json(place / "manifest.json", manifest)


def test_only_judgements_of_this_checkpoint_are_its_evaluation(run: Run, tmp_path: Path) -> None:
    trained = artifact(run, "train", "k1", settings={})
    judged(run, tmp_path / "another" / "checkpoint", "other")
    assert figures(run.path, trained) == []
    judged(run, trained.folder / "checkpoint", "own")
    ((name, value),) = figures(run.path, trained)
    assert name == "advbench: refused (answer, by refusal@1)"
    assert value == "1.0 of 2 scored (1 not)", "a broken judge is in neither number"


def test_a_push_that_cannot_work_is_refused_before_training(
    resolute: Shell, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_records(here / "examples.parquet", [example("r", "q", "t", "a")], Example)
    line = ["train", here / "examples.parquet", "--model", "lab/base", "--learning-rate", "1", "--max-length", "9"]
    told = resolute(*line, "--push", "no-name")
    assert told.code == 1 and "ORG/NAME" in told.err
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    told = resolute(*line, "--push", "org/mine")
    assert told.code == 1 and "needs a token" in told.err
    assert not (here / "runs").exists()
