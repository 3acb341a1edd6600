"""`evaluate RUN --base` and `--baselines`: one command, every arm asked alike, goals and framings of training apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from resolute.cli.baselines import Trained
from resolute.core.catalogue import counted
from resolute.core.files import write_records
from resolute.core.jobs import input_digest
from resolute.core.records import Example, Message, Prompt
from resolute.core.results.baselines import framed, framings_of
from resolute.core.runs import Artifact, Manifest, Run, working
from resolute.core.suites import tasks_of
from resolute.models.evaluating import measured
from resolute.models.identity import resolve
from tests.cli.conftest import Shell
from tests.tiny import make_tiny

SUITE = "lab/safety:5"
LINE = ("--suite", SUITE, "--max-tokens", 12, "--temperature", 1)


def asked() -> list[Prompt]:
    from resolute.core.settings import Evaluate

    assert tasks_of(counted(SUITE)[0])
    drawn = {"temperature": 1, "max_tokens": 12}
    (task,) = measured(Evaluate.model_validate({"model": "m", "suites": [SUITE], "sampling": drawn}))
    return task.prompts


def row(goal: str, framing: str) -> Example:
    return Example(
        id=goal, messages=[Message(role="user", content=goal)], reasoning="", answer="no", kind="harmful", goal=goal,
        prompt="", trace="", framing=framing,
    )  # fmt: skip


@pytest.fixture
def trained(here: Path) -> Run:
    """A run whose model was trained on one of the goals that are asked, in one framing: the weights are another
    draw, since what is measured is not looked at here."""
    base = make_tiny(here / "base", context=2048)
    rows = here / "rows.parquet"
    write_records(rows, [row(asked()[0].goal, "fiction+quiz"), row("a goal of training alone", "")], Example)
    run = Run(here / "runs" / "mine")
    artifact = Artifact("train", "0123456789abcdef", run.store / "train" / "0123456789abcdef")
    manifest = Manifest(
        stage="train",
        stage_version=1,
        key=artifact.key,
        settings={"model": str(base)},
        identity={"model": resolve(str(base)).identity},
        inputs={"examples": input_digest(rows)},
        sources={"examples": str(rows)},
    )
    with working(artifact, manifest):
        make_tiny(artifact.folder / "checkpoint", seed=1, context=2048)
    run.point("train", artifact)
    return run


def found(run: Run) -> dict[str, Any]:
    return json.loads((run.path / "baselines.json").read_text())


def test_one_command_asks_every_arm_the_same_and_lays_them_side_by_side(resolute: Shell, trained: Run) -> None:
    more = ("--attack", "none", "--attack", "framings:fiction", "--attack", "framings:table-game")
    told = resolute("evaluate", trained.path, *LINE, *more, "--baselines")
    assert told.code == 0, told.err
    assert "framings: 1 held out, 1 trained on" in told.out
    assert "framings:fiction (trained framing)" in told.out and "framings:table-game (held out)" in told.out
    page = found(trained)
    arms = ["base", "safety-instruction", "thinking-off"]
    assert [one["first"] for one in page["against"]] == arms and page["model"] == "mine"
    for rates in (one["rates"] for one in page["rates"]):
        assert set(rates) == {"mine", *arms}
    for one in page["against"]:
        assert one["trained_on"] == 2
        goals = {near: part["goals"] for near, part in one["rows"][0]["by_nearness"].items()}
        assert goals == {"unseen": 4, "near": 0, "seen": 1}
    models: dict[str, Any] = {}
    for arm in arms:
        manifest = Run(trained.path.parent / f"mine-{arm}").latest("evaluate").manifest
        models[arm] = (manifest.settings["system"], manifest.settings["sampling"]["thinking"])
        assert manifest.identity["model"] == trained.latest("train").manifest.identity["model"]
    assert models == {
        "base": (None, None),
        "safety-instruction": ("safety-instruction", None),
        "thinking-off": (None, False),
    }


def test_an_untouched_model_is_laid_beside_what_words_alone_do(resolute: Shell, trained: Run) -> None:
    base = trained.latest("train").manifest.settings["model"]
    told = resolute("evaluate", "--model", base, *LINE, "--baselines", "--out", "runs/raw")
    assert told.code == 0, told.err
    page = found(Run(trained.path.parent / "raw"))
    assert [one["first"] for one in page["against"]] == ["safety-instruction", "thinking-off"]
    assert "not known" in told.out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (("--model", "lab/base", "--base"), "no run is named"),
        (("--model", "lab/turning", "--baselines"), "neither a thinking switch"),
    ],
    ids=["no run", "a function"],
)
def test_what_cannot_be_laid_beside_is_said_before_anything_is_asked(
    resolute: Shell, here: Path, line: tuple[str, ...], words: str
) -> None:
    told = resolute("evaluate", *line, *LINE)
    assert told.code == 1 and words in told.err
    assert not list(here.rglob("traces.parquet"))


def test_a_base_that_is_another_one_now_is_an_error(resolute: Shell, trained: Run) -> None:
    base = Path(trained.latest("train").manifest.settings["model"])
    (base / "chat_template.jinja").write_text((base / "chat_template.jinja").read_text() + " ")
    told = resolute("evaluate", trained.path, *LINE, "--base")
    assert told.code == 1 and "not what training began from" in told.err


def test_without_the_rows_of_training_nothing_is_split_and_that_is_said(
    trained: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    artifact = trained.latest("train")
    assert Trained.of(artifact, trained.path).framings == {"fiction", "quiz"}
    Path(artifact.manifest.sources["examples"]).unlink()
    assert Trained.of(artifact, trained.path) == Trained(frozenset(), None)
    assert "not where they lay" in capsys.readouterr().err


def test_a_framing_is_trained_on_where_any_training_prompt_was_wrapped_in_it() -> None:
    known = framings_of([row("a", "fiction+quiz"), row("b", "")])
    assert known == {"fiction", "quiz"}
    for attack, said in {
        "framings:quiz": "trained framing",
        "framings:persona": "held out",
        "framings:quiz:replayed": "trained framing",
        "pair": "",
    }.items():
        assert framed(attack, known) == said
    assert framed("framings:quiz", None) == ""
