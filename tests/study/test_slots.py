"""Where jobs run: a GPU belongs to one job at a time, and what a job needs is read from its settings."""

from typing import Any

import pytest

from resolute.study.graph import TRAINED, Graph
from resolute.study.needs import gpus, models
from resolute.study.slots import Free, Place, Slots, here

TRAIN = {"model": "lab/base", "learning_rate": 1e-4, "max_length": 256}
EVALUATE = {"model": "lab/base", "suites": ["lab"], "sampling": {"temperature": 0.7, "max_tokens": 9}}


def need(stage: str, settings: dict[str, Any], there: int = 8) -> int:
    return gpus(Graph().add(stage, [("test", settings)], (), label="x"), there)


@pytest.mark.parametrize(
    ("stage", "settings", "expected"),
    [
        ("train", TRAIN, 1),
        ("train", {**TRAIN, "launch": "fsdp", "processes": 6}, 6),
        ("train", {**TRAIN, "launch": "ddp"}, 8),
        ("evaluate", {**EVALUATE, "model": TRAINED}, 1),
        ("evaluate", {**EVALUATE, "engine": "vllm", "serving": {"tensor_parallel": 2, "data_parallel": 3}}, 6),
        ("evaluate", {**EVALUATE, "model": "openai/gpt-4o"}, 0),
        ("evaluate", {**EVALUATE, "model": "openai/gpt-4o", "stop": "strongreject@lab/base"}, 1),
        ("judge", {"judges": ["lab/strict"]}, 0),
        ("judge", {"judges": ["llama-guard-3@lab/base"]}, 1),
        ("audit", {"auditors": ["screen", "risks@openai/o3"]}, 0),
        ("judge", {"judges": ["llama-guard-3@models/Gone"]}, 1),
        ("judge", {"judges": ["llama-guard-3@/nowhere/Gone"]}, 1),
        ("train", {**TRAIN, "model": "checkpoints/Gone", "launch": "fsdp", "processes": 6}, 6),
        ("evaluate", {**EVALUATE, "model": "openai-api/deepseek/some-model"}, 0),
        ("curate", {"safety": 1}, 0),
    ],
)
def test_a_job_needs_the_gpus_its_settings_say(stage: str, settings: dict[str, Any], expected: int) -> None:
    assert need(stage, settings) == expected
    assert need(stage, settings, there=0) == 0


def test_a_gpu_belongs_to_one_job_at_a_time_and_processors_stand_beside() -> None:
    free = Free(Slots(cpus=2, gpus=("a", "b", "c")))
    two, one = free.take(2), free.take(1)
    assert two == Place(gpus=("a", "b")) and one == Place(gpus=("c",))
    assert free.take(1) is None
    assert free.take(0) == Place(cpu=0) and free.take(0) == Place(cpu=1) and free.take(0) is None
    assert two is not None
    free.give(two)
    assert free.take(3) is None
    assert free.take(1) == Place(gpus=("a",))


def test_the_gpus_of_this_machine_are_those_that_the_environment_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    for said, expected in (("2,5", ("2", "5")), ("", ()), ("-1", ()), ("GPU-1, GPU-2", ("GPU-1", "GPU-2"))):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", said)
        assert here().gpus == expected


def test_every_model_that_a_job_asks_is_named() -> None:
    settings = {**EVALUATE, "attacker": "openai/a", "stop": "strongreject@openai/b"}
    node = Graph().add("evaluate", [("test", settings)], (), label="x")
    assert models(node.settings) == ["lab/base", "openai/a", "openai/b"]
