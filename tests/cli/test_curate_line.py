"""`resolute curate` as it is typed: one command from a file of other people to a training set in anybody's form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from resolute.core.files import read_json, read_jsonl, read_records
from resolute.core.foreign.reading import read_traces
from resolute.core.records import Example
from resolute.core.runs import Run

Shell = Any


@pytest.fixture
def harmful(here: Path) -> Path:
    """Traces whose goals the file calls harmful."""
    said = "<think>\nNo, {0}.\n</think>\n\nSorry {0}."
    rows = [{"question": f"paint fence {n}", "response": said.format(n), "kind": "harmful"} for n in range(6)]
    path = here / "theirs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_one_command_audits_a_foreign_file_and_curates_it(resolute: Shell, harmful: Path, here: Path) -> None:
    line = ["curate", harmful, "--auditor", "screen", "--safety", "4", "--set", "near=1", "--export", "rows.jsonl"]
    told = resolute(*line)
    assert told.code == 0, told.err
    run = Run(here / "runs" / "theirs")
    audit, curated = run.latest("audit"), run.latest("curate")
    assert curated.manifest.inputs["risks"] == audit.manifest.outputs["risks.parquet"]
    (auditor,) = read_json(curated.output("funnel.json"))["instruments"]["auditors"]
    assert auditor.startswith("screen ")
    assert "exported: rows.jsonl (4 rows, messages)" in told.out
    again = resolute(*line)
    assert again.out.count("stood already") == 2
    own = ["curate", "runs/theirs", "--auditor", "screen", "--safety", "4", "--set", "near=1"]
    assert resolute(*own).code == 0
    assert resolute(*own).out.count("stood already") == 2, "the same line does the same thing"


def test_the_audit_decides_by_the_patterns_that_the_policy_names(resolute: Shell, harmful: Path, here: Path) -> None:
    rows = read_jsonl(harmful)
    rows[0]["response"] = "<think>\nMaybe I could give the steps. Or should I refuse? Perhaps I could.\n</think>\n\nNo."
    harmful.write_text("".join(json.dumps(row) + "\n" for row in rows))
    policy = "accept.patterns=[strong_vacillation,weak_vacillation,lack_of_safety_awareness]"
    asked = ["--auditor", "screen", "--safety", "6", "--set", "short=take", "--set", "near=1"]
    without, told = resolute("curate", harmful, *asked), resolute("curate", harmful, *asked, "--set", policy)
    assert "the policy names no patterns" in without.out
    assert "the policy names no patterns" not in told.out
    assert "pattern: " in told.out
    assert "pattern: " not in without.out


def test_a_plan_of_both_does_neither(resolute: Shell, harmful: Path, here: Path) -> None:
    told = resolute("curate", harmful, "--auditor", "screen", "--safety", "4", "--plan")
    assert told.code == 0
    assert "audit.auditors = ['screen']  (option)" in told.out
    assert not (here / "runs").exists()


def test_several_files_are_audited_one_by_one_and_read_as_the_curation_reads_them(
    resolute: Shell, harmful: Path, traces: Path, here: Path
) -> None:
    told = resolute(
        *("curate", harmful, traces, "--auditor", "screen", "--safety", "3", "--benign", "2"),
        *("--set", "kinds.traces-2=benign", "--set", "near=1", "--out", "runs/both"),
    )
    assert told.code == 0, told.err
    run = Run(here / "runs" / "both")
    assert [name for name, one in run.entries().items() if one.stage == "audit"] == ["audit", "audit-2"]
    assert run.entries()["audit-2"].manifest.settings["kind"] == "benign"
    assert set(run.latest("curate").manifest.inputs) == {"traces", "traces-2", "risks", "risks-2"}


@pytest.mark.parametrize("form", ["messages", "prompt-completion", "sharegpt"])
def test_what_is_exported_is_read_back_to_the_same_rows(resolute: Shell, harmful: Path, here: Path, form: str) -> None:
    told = resolute("curate", harmful, "--safety", "5", "--set", "near=1", "--export", "x.jsonl", "--format", form)
    assert told.code == 0, told.err
    rows = read_records(Run(here / "runs" / "theirs").latest("curate").output("examples.parquet"), Example)
    back = read_traces(here / "x.jsonl").traces
    assert [(t.reasoning, t.answer, t.prompt.text) for t in back] == [(r.reasoning, r.answer, r.goal) for r in rows]


def test_the_way_of_every_trace_is_shown_and_so_are_losses_where_there_are_too_few(
    resolute: Shell, harmful: Path, here: Path
) -> None:
    (here / "kept.jsonl").write_text(json.dumps({"prompt": "paint fence 3"}) + "\n")
    asked = ["--safety", "2", "--set", "near=1", "--reserve", "kept.jsonl"]
    told = resolute("curate", harmful, *asked)
    assert told.code == 0, told.err
    lines = [" ".join(line.split()) for line in told.out.splitlines()]
    for line in ("read 6", "reserve its goal is reserved (exact) -1 5", "draw not drawn -3 2", "kept: 2 harmful 2"):
        assert line in lines
    assert "kept.jsonl exact 1" in lines
    assert "overlap with 1 reserved goals (similar: Jaccard of words >= 1.0):" in lines
    few = resolute("curate", harmful, "--safety", "9", "--set", "near=1", "--reserve", "kept.jsonl")
    assert few.code == 1
    assert "5 harmful rows of 9 asked for (lost: 1 reserve: its goal is reserved (exact))" in few.err


def test_arms_are_matched_as_typed_and_shown_with_their_rows(resolute: Shell, harmful: Path, here: Path) -> None:
    rows = read_jsonl(harmful)[2:]
    other = "".join(
        json.dumps({**row, "response": f"<think>\nHm {row['question']}.\n</think>\n\nNo."}) + "\n" for row in rows
    )
    (here / "others.jsonl").write_text(other)
    named = ("--set", "strategies={traces: one, traces-2: two}", "--set", "near=1")
    told = resolute("curate", harmful, "others.jsonl", *named, "--match", "prompts", "--only", "two", "--safety", "3")
    assert told.code == 0, told.err
    lines = [" ".join(line.split()) for line in told.out.splitlines()]
    assert "harmful one 3 -" in lines
    assert "harmful two 3 -" in lines
    wrong = resolute("curate", harmful, "others.jsonl", *named, "--match", "words", "--only", "two", "--safety", "3")
    assert wrong.code == 1
    assert "match" in wrong.err


def test_amounts_are_typed_as_they_are_written_in_a_recipe(resolute: Shell, harmful: Path) -> None:
    told = resolute("curate", harmful, "--safety", "a:2", "--safety", "b:3", "--benign", "10%", "--plan")
    assert "curate.safety = ['a:2', 'b:3']  (option)" in told.out
    assert "curate.benign = '10%'  (option)" in told.out
    nowhere = resolute("curate", harmful, "--safety", "1", "--format", "sharegpt")
    assert nowhere.code == 2
    assert "--export" in nowhere.err
    wrong = resolute("curate", harmful, "--safety", "many")
    assert wrong.code == 1
    assert "not a count of rows" in wrong.err


def test_a_thousand_real_traces_go_from_screen_to_training_set_in_one_command(
    resolute: Shell, shared_data: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESOLUTE_DATA", str(shared_data))
    told = resolute(
        *("curate", shared_data / "traces" / "STAR-1.json", "--auditor", "screen", "--safety", "800"),
        *("--reserve", "advbench", "--reserve", "xstest-eval", "--reserve", "harmbench"),
        *("--set", "accept.patterns=[strong_vacillation,weak_vacillation,harmful_additions,inconsistency]"),
        *("--export", "star1.jsonl", "--format", "prompt-completion"),
    )
    assert told.code == 0, told.err
    curated = Run(here / "runs" / "STAR-1").latest("curate")
    funnel = read_json(curated.output("funnel.json"))
    lost = {row["reason"]: row["n"] for row in funnel["left"]}
    assert (funnel["entered"], funnel["kept"]) == (1000, 800)
    assert sum(n for reason, n in lost.items() if reason.startswith("pattern: ")) > 50
    assert lost["its goal is reserved (exact)"] > 10, "STAR-1 took goals from HarmBench"
    card = curated.output("README.md").read_text()
    assert "| STAR-1.json | Apache-2.0 |" in card
    assert "DeepSeek: MIT" in card
    assert len(read_traces(here / "star1.jsonl").traces) == 800
