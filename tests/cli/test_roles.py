"""`evaluate --plan` says who plays each role, and an Inspect task stands in the place of suites."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tiny import make_tiny

Shell = Any
DRAWN = ["--max-tokens", "64", "--temperature", "0.6", "--plan"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("roles") / "tiny")


def test_a_plan_says_who_runs_where_and_asks_nothing(resolute: Shell, here: Path, tiny: Path) -> None:
    line = ["evaluate", "--model", tiny, "--suite", "lab:2", "--judge", f"llama-guard-3@{tiny}", *DRAWN]
    told = resolute(*line, "--gpu", "T4")
    assert told.code == 0, told
    assert "target: " in told.out and f"final judge: llama-guard-3@{tiny}" in told.out
    assert "order: together (judges beside the target) on 1 x T4" in told.out
    assert not list(here.glob("runs/.store/*/*"))


def test_a_cast_that_fits_nowhere_is_refused_with_what_would(resolute: Shell, here: Path, tiny: Path) -> None:
    line = ["evaluate", "--model", tiny, "--suite", "lab:2", *DRAWN, "--set", "evaluate.engine=vllm"]
    told = resolute(*line, "--set", "evaluate.serving.tensor_parallel=4", "--gpu", "L40S:2")
    assert told.code == 1 and "4 GPUs" in told.err and "tensor_parallel: 1" in told.err


def test_a_served_model_needs_no_gpu(resolute: Shell, here: Path) -> None:
    told = resolute("evaluate", "--model", "openai-api/nobody/x", "--suite", "lab:2", *DRAWN)
    assert told.code == 0 and "NOBODY_BASE_URL is not set" in told.out and "no role needs a GPU" in told.out


def test_neither_suite_nor_task_is_said_before_anything_runs(resolute: Shell, here: Path) -> None:
    told = resolute("evaluate", "--model", "openai-api/nobody/x", *DRAWN)
    assert told.code == 1 and "name a suite or a task" in told.err
