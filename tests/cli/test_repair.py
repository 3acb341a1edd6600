"""`resolute repair` on a run: what it would ask, what it made, and what curate then takes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from resolute.core.files import read_records
from resolute.core.records import Example
from resolute.core.runs import Run

Shell = Any
RUN = "runs/x"


@pytest.fixture
def run(resolute: Shell) -> str:
    """A run with traces of the lab's teacher and the oracle's audit of them."""
    asked = ["--model", "lab/teacher", "--strategy", "default", "--max-tokens", 200, "--temperature", 1]
    assert resolute("distill", "lab/harmful-train:40", *asked, "--out", RUN).code == 0
    assert resolute("audit", RUN, "--auditor", "lab/oracle").code == 0
    return RUN


def test_a_plan_counts_traces_by_pattern_and_way_and_makes_nothing(resolute: Shell, run: str, here: Path) -> None:
    told = resolute("repair", run, "--model", "lab/repairer", "--plan")
    assert told.code == 0, told
    assert "repair.auditors = ['lab/oracle']  (input)" in told.out
    (risky, clean), *_ = re.findall(r"traces: (\d+) to repair, (\d+) clean, 0 left out", told.out)
    assert int(risky) + int(clean) == 40 and int(risky) > 20
    assert "lack of safety awareness: " in told.out and "ways that fit: cut 0, recompose " in told.out
    assert "calls of lab/repairer: at most " in told.out and "cost: none, the model runs here" in told.out
    assert not list(here.glob("runs/.store/repair/*/manifest.json"))


def test_a_plan_gives_the_most_it_can_cost_or_says_that_no_price_is_known(resolute: Shell, run: str) -> None:
    told = resolute("repair", run, "--model", "openai/gpt-4.1", "--plan")
    assert "cost: at most $" in told.out and "by list price of 20" in told.out
    told = resolute("repair", run, "--model", "openai-api/mine/nobody", "--plan")
    assert "cost: unknown, no price for openai-api/mine/nobody" in told.out


def test_a_run_is_repaired_by_its_auditors_and_curate_takes_what_was_kept(resolute: Shell, run: str) -> None:
    told = resolute("repair", run, "--model", "lab/repairer")
    assert told.code == 0, told
    assert "Repaired by lab/repairer, which graded nothing. Graded by lab/oracle." in told.out
    assert "what was changed (risky text): " in told.out and "quarantine/repairs.html" in told.out
    patterns = json.dumps(["lack_of_safety_awareness", "strong_vacillation", "weak_vacillation", "harmful_additions"])
    sets = ["--set", f"accept.patterns={patterns}", "--set", "short=take", "--set", "near=1.0"]
    assert resolute("curate", run, "--safety", 40, *sets).code == 0
    rows = read_records(Run(Path(run)).latest("curate").output("examples.parquet"), Example)
    repair = Run(Path(run)).latest("repair")
    kept = repair.manifest.counts["kept"]
    assert kept > 20 and len(rows) == kept + repair.manifest.counts["clean"]
    again = resolute("repair", run, "--model", "lab/repairer")
    assert again.code == 0 and "stood already" in again.out, "its own output is no input of it"


def test_a_repair_of_other_traces_is_left_out_aloud(resolute: Shell, run: str) -> None:
    assert resolute("repair", run, "--model", "lab/repairer").code == 0
    asked = ["--model", "lab/teacher-clean", "--strategy", "default", "--max-tokens", 200, "--temperature", 1]
    assert resolute("distill", "lab/harmful-train:40", *asked, "--out", run).code == 0
    told = resolute("curate", run, "--safety", 5, "--set", "near=1.0")
    assert told.code == 0, told
    assert "its repair is of other traces and is left out" in told.err
    assert "  read: 40" in told.out


def test_repaired_traces_that_no_guard_saw_are_spoken_of(resolute: Shell, run: str) -> None:
    assert resolute("judge", "run", run, "--judge", "lab/guard").code == 0
    told = resolute("repair", run, "--model", "lab/repairer")
    assert "name the guards with --judge" in told.out
    told = resolute("repair", run, "--model", "lab/repairer", "--judge", "lab/guard")
    assert told.code == 0 and "name the guards with --judge" not in told.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "lab/repairer", "--way", "burn"], "ways"),
        (["--model", "lab/nobody"], "unknown model"),
        ([], "model"),
        (["--model", "lab/repairer", "--auditor", "nobody"], "unknown instrument"),
    ],
)
def test_what_is_wrong_is_said_with_how_to_mend_it(resolute: Shell, run: str, arguments: list[str], said: str) -> None:
    told = resolute("repair", run, *arguments)
    assert told.code == 1 and said in told.err and "mend:" in told.err


def test_a_run_that_was_not_audited_cannot_be_repaired(resolute: Shell) -> None:
    asked = ["--model", "lab/teacher", "--strategy", "default", "--max-tokens", 200, "--temperature", 1]
    assert resolute("distill", "lab/harmful-train:5", *asked, "--out", RUN).code == 0
    told = resolute("repair", RUN, "--model", "lab/repairer")
    assert told.code == 1 and "run `resolute audit` first" in told.err
