"""One grammar for every verb: where a run lies, what a plan shows, and what the exit code says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from resolute.core.files import read_json

Shell = Any


def test_an_audit_makes_a_run_named_after_its_input_and_says_where_everything_lies(
    resolute: Shell, traces: Path, here: Path
) -> None:
    told = resolute("audit", traces)
    assert told.code == 0
    assert (here / "runs" / "mine" / "run.json").is_file()
    listed = [line.strip() for line in told.out.splitlines() if line.startswith("  runs/")]
    assert listed
    assert all((here / path).is_file() for path in listed)
    assert "read: 10" in told.out
    assert "# Audit of mine.jsonl" in told.out


def test_what_stands_already_is_not_made_again(resolute: Shell, traces: Path) -> None:
    first, second = resolute("audit", traces), resolute("audit", traces)
    assert "done in" in first.out
    assert "stood already" in second.out


def test_a_run_is_its_own_folder_for_the_next_verb(resolute: Shell, traces: Path, here: Path) -> None:
    resolute("audit", traces, "--out", "work/one")
    told = resolute("curate", "work/one", "--safety", "0", "--benign", "10", "--set", "curate.short=take", "--plan")
    assert told.code == 0, told.err
    assert "folder: work/.store/curate/" in told.out


def test_a_plan_shows_key_settings_origins_and_inputs_and_does_nothing(
    resolute: Shell, traces: Path, here: Path
) -> None:
    (here / "r.yaml").write_text("schema: 1\nname: r\naudit: {opening: marked}\n")
    told = resolute(
        "audit", traces, "--recipe", "r.yaml", "--set", "audit.kind=benign", "--auditor", "screen", "--plan"
    )
    assert told.code == 0, told.err
    for part in (
        "audit.opening = 'marked'  (recipe)",
        "audit.kind = 'benign'  (--set)",
        "audit.auditors = ['screen']  (option)",
        "audit.tokenizer = None  (default)",
        f"input traces: {traces}",
        "to be made",
    ):
        assert part in told.out
    assert not (here / "runs").exists()
    key = told.out.split()[1]
    made = resolute("audit", traces, "--recipe", "r.yaml", "--set", "audit.kind=benign")
    assert f"audit {key} done" in made.out


def test_an_option_wins_over_set_and_set_over_the_recipe(resolute: Shell, traces: Path, here: Path) -> None:
    (here / "r.yaml").write_text("schema: 1\nname: r\naudit: {kind: maths}\n")
    weak = resolute("audit", traces, "--recipe", "r.yaml", "--plan").out
    middle = resolute("audit", traces, "--recipe", "r.yaml", "--set", "audit.kind=code", "--plan").out
    strong = resolute(
        "audit", traces, "--recipe", "r.yaml", "--set", "audit.kind=code", "--kind", "benign", "--plan"
    ).out
    assert "audit.kind = 'maths'  (recipe)" in weak
    assert "audit.kind = 'code'  (--set)" in middle
    assert "audit.kind = 'benign'  (option)" in strong


def test_rows_that_fail_give_exit_code_3_and_are_counted(resolute: Shell, here: Path) -> None:
    rows = [{"question": "q", "response": "<think>a</think>b"}, {"question": "q2", "response": None}]
    (here / "x.json").write_text(json.dumps(rows))
    told = resolute("audit", "x.json")
    assert told.code == 3
    assert "FAILED rows: 1" in told.out
    assert read_json(next(here.glob("runs/.store/audit/*/manifest.json")))["failed_rows"] == 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        pytest.param(["adit"], "No such command", id="an unknown verb"),
        pytest.param(["audit"], "Missing argument", id="no input"),
        pytest.param(["audit", "x", "--nosuch"], "No such option", id="an unknown option"),
        pytest.param(["train", "x", "--show", "many"], "valid", id="a word for a number"),
        pytest.param(["train", "x", "--method", "half"], "full", id="an unknown choice"),
        pytest.param(["evaluate", "runs/x", "--model", "m"], "not both", id="two models"),
    ],
)
def test_a_wrong_line_is_exit_code_2_with_usage(resolute: Shell, line: list[str], says: str) -> None:
    told = resolute(*line)
    assert told.code == 2
    assert says in told.err
    assert "Traceback" not in told.err


def test_every_verb_can_plan_and_explains_its_settings(resolute: Shell) -> None:
    verbs = ("distill", "audit", "judge run", "curate", "train", "evaluate", "report", "study", "demo")
    for verb in verbs:
        assert "--plan" in resolute(*verb.split(), "--help").out
        assert "--set" in resolute(*verb.split(), "--help").out


def test_the_demo_is_a_study_that_can_be_planned(resolute: Shell, here: Path) -> None:
    told = resolute("demo", "--quick", "--plan")
    assert told.code == 0, told.err
    assert "distill of Improved: to be made" in told.out
    assert "jobs for 3 rows; 0 stand already" in told.out
    assert "(--quick)" in told.out
    assert list(here.iterdir()) == []
    more = resolute("demo", "--quick", "--seeds", "3", "--plan", "--set", "train.epochs=1")
    assert "jobs for 7 rows" in more.out, "three seeds of the two trained rows, one of the untouched"
    assert "train.epochs = 1.0  (--set)" in more.out


@pytest.mark.parametrize(
    ("line", "says"),
    [
        pytest.param(["study", "nosuch.yaml"], "nosuch.yaml", id="a study without its recipe"),
        pytest.param(["report", "nosuch"], "not a run folder", id="a report of nothing"),
        pytest.param(["train", "nosuch", "--model", "lab/base"], "nosuch", id="training on nothing"),
        pytest.param(["evaluate", "nosuch", "--suite", "lab"], "nosuch", id="evaluating nothing"),
        pytest.param(["audit", "x", "--recipe", "nosuch.yaml"], "x", id="an audit of nothing"),
    ],
)
def test_what_is_not_there_is_named(resolute: Shell, line: list[str], says: str) -> None:
    told = resolute(*line)
    assert told.code == 1
    assert says in told.err
    assert "mend: " in told.err
