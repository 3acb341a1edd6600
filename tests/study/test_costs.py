"""A plan's forecast: what is asked, trained and paid is reckoned from settings, and what is not known is said."""

from pathlib import Path
from typing import Any

import pytest

from resolute.study.costs import Cost, costs
from resolute.study.graph import Feed, Graph
from resolute.study.here import absent

TRAIN: dict[str, Any] = {"model": "org/Some-7B@" + "0" * 40, "learning_rate": 5e-6, "max_length": 256}


def distilled(**settings: Any) -> Graph:
    made = Graph()
    asked = {
        "model": "openai-api/deepseek/deepseek-reasoner",
        "strategy": "improved",
        "prompts": ["lab/harmful-train:50", "lab/benign-train:10"],
        "sampling": {"temperature": 1, "max_tokens": 200},
    }
    made.add("distill", [("test", {**asked, **settings})], (), label="x")
    return made


def trained(**settings: Any) -> Cost:
    made = distilled()
    (teacher,) = made.nodes.values()
    feed = Feed("traces", teacher.id, "traces.parquet")
    curate = made.add("curate", [("test", {"safety": 1000, "benign": "10%"})], [feed], label="x")
    rows = [Feed("examples", curate.id, "examples.parquet")]
    made.add("train", [("test", {**TRAIN, **settings})], rows, label="x")
    return costs(made, (), peak=312)["train"]


def test_requests_are_prompts_times_samples_and_paid_by_list_price() -> None:
    asked, twice = (costs(distilled(samples=n), (), peak=312)["distill"] for n in (1, 2))
    assert asked.requests == 60 and twice.requests == 120
    assert asked.tokens == 60 * 397  # the strategy's mean in the study
    assert 0 < asked.dollars < twice.dollars and asked.gpu_hours == 0


def test_what_has_no_price_is_said_to_be_unknown_and_nobody_is_asked_for_nocot() -> None:
    assert costs(distilled(model="openai/nobody-knows"), (), peak=312)["distill"].unknown == 1
    assert costs(distilled(strategy="nocot"), (), peak=312)["distill"].requests == 0


def test_training_hours_follow_rows_steps_and_size() -> None:
    whole = trained()
    assert whole.tokens == 1100 * (300 + 397)
    flops = 6 * 7e9 * whole.tokens
    assert whole.gpu_hours == pytest.approx(flops / (312e12 * 0.4) / 3600)
    assert trained(max_steps=2, batch_size=48).tokens == 96 * (300 + 397)
    assert trained(model="org/unsized@" + "0" * 40).unknown == 1


def test_what_stands_costs_nothing() -> None:
    made = distilled()
    assert costs(made, made.nodes.keys(), peak=312) == {}


def test_models_that_are_not_here_are_named_by_cell(tmp_path: Path) -> None:
    made = distilled()
    gone = made.add("judge", [("test", {"judges": ["llama-guard-3@models/Gone", "lab/strict"]})], (), label="x")
    hub = made.add("train", [("test", TRAIN)], (), label="x")
    assert absent(made, ()) == {gone.id: ["models/Gone"], hub.id: [TRAIN["model"]]}
