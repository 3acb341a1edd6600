"""`train --plan` says what would be trained and what it takes; a recipe may stand where the data stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from resolute.cli.planned import histogram
from resolute.core.files import write_records
from resolute.core.records import Example
from tests.families import example
from tests.tiny import make_tiny

Shell = Any
LONG, SHORT = "It is so. " * 60, "It is."


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("tiny") / "model", context=4096)


@pytest.fixture
def rows(here: Path) -> Path:
    made = [example(f"r{n}", f"What is {n}?", LONG if n == 3 else SHORT, f"{n}.") for n in range(10)]
    made[0] = made[0].model_copy(update={"kind": "benign"})
    write_records(here / "examples.parquet", made, Example)
    return here / "examples.parquet"


def given(tiny: Path, *more: str) -> list[object]:
    return ["--model", tiny, "--learning-rate", "1e-3", "--max-length", "300", "--batch-size", "4", "--plan", *more]


def test_a_plan_counts_rows_and_tokens_and_makes_nothing(resolute: Shell, here: Path, rows: Path, tiny: Path) -> None:
    told = resolute("train", rows, *given(tiny, "--set", "overlong=drop", "--gpu", "H100:2"))
    assert told.code == 0, told
    assert "rows: 9 of 10" in told.out
    assert "1 rows are longer than 300 tokens: they are left out" in told.out
    assert "benign: 1 rows" in told.out and "harmful: 8 rows" in told.out
    assert "steps: 3 of 4 rows" in told.out
    assert "GiB on each GPU" in told.out and "time: about" in told.out
    assert not list(here.glob("runs/.store/*/*/manifest.json"))
    lines = told.out.splitlines()
    (thought,) = (line.split() for line in lines if line.split()[:1] == ["thought"])
    assert int(thought[1]) > 0 and int(thought[2]) == 0, "the thought is inside the loss, all of it"


def test_a_plan_says_what_would_stop_the_run(resolute: Shell, rows: Path, tiny: Path) -> None:
    told = resolute("train", rows, *given(tiny))
    assert "they STOP the run" in told.out
    assert "no GPU here; name some with --gpu" in told.out or "GiB on each GPU" in told.out
    told = resolute("train", rows, *given(tiny, "--gpu", "H1000"))
    assert told.code == 1 and "A100-80" in told.err


def test_the_command_a_plan_prints_plans_the_same(resolute: Shell, rows: Path, tiny: Path) -> None:
    import shlex

    told = resolute("train", rows, *given(tiny, "--launch", "ddp", "--processes", "2"))
    (start,) = (line for line in told.out.splitlines() if line.startswith("start: "))
    assert "accelerate.commands.launch" in told.out
    again = resolute(*shlex.split(start.removeprefix("start: "))[1:], "--plan")
    assert again.code == 0, again
    assert again.out.splitlines()[0] == told.out.splitlines()[0], "one key"


def test_a_recipe_names_its_data_and_a_setting_without_a_section_is_the_verbs(
    resolute: Shell, here: Path, rows: Path, tiny: Path
) -> None:
    settings = {"data": str(rows), "model": str(tiny), "learning_rate": 1e-3, "max_length": 4000}
    recipe = here / "mine.yaml"
    recipe.write_text(json.dumps({"schema": 1, "name": "mine", "train": settings}))
    told = resolute("train", recipe, "--plan", "--set", "learning_rate=5e-6")
    assert told.code == 0, told
    assert "train.learning_rate = 5e-06  (--set)" in told.out
    assert "rows: 10 of 10" in told.out
    assert "--out runs/mine" in told.out


def test_a_recipe_without_data_or_beside_another_is_refused(resolute: Shell, here: Path, tiny: Path) -> None:
    recipe = here / "mine.yaml"
    settings = {"model": str(tiny), "learning_rate": 1e-3, "max_length": 4000}
    recipe.write_text(json.dumps({"schema": 1, "name": "mine", "train": settings}))
    told = resolute("train", recipe, "--plan")
    assert told.code == 1 and "names no data" in told.err and "mend: " in told.err
    told = resolute("train", recipe, "--recipe", recipe, "--plan")
    assert told.code == 1 and "two recipes" in told.err


def test_a_histogram_shows_every_row_once_and_marks_the_limit() -> None:
    lines = histogram([1, 5, 5, 12, 24], 12)
    counted = [int(line.split()[1]) for line in lines[1:] if "max_length" not in line]
    assert sum(counted) == 5
    marked = [number for number, line in enumerate(lines) if "max_length" in line]
    assert len(marked) == 1
    assert lines[marked[0] - 1].split()[0].endswith("-12"), "rows of 12 tokens still fit"
    assert histogram([], 9) == []
