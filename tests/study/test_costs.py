"""A plan's forecast: what is asked, trained and paid is reckoned from settings, and what is not known is said."""

from pathlib import Path
from typing import Any

import pytest

from resolute.cli.app import run
from resolute.core.settings import Evaluate
from resolute.models.evaluating import read_plan
from resolute.models.identity import resolve
from resolute.study.costs import Cost, costs
from resolute.study.graph import Feed, Graph
from resolute.study.here import absent
from resolute.study.loads import load

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


def test_what_has_no_price_is_said_and_nobody_is_asked_for_nocot_but_benign_prompts() -> None:
    unpriced = costs(distilled(model="openai/nobody-knows"), (), peak=312)["distill"]
    assert list(unpriced.without) == ["dollars for openai/nobody-knows, whose price is not known"]
    assert costs(distilled(strategy="nocot"), (), peak=312)["distill"].requests == 10


def test_framed_goals_are_asked_in_every_framing_or_as_many_as_are_wanted() -> None:
    framed = costs(distilled(framings=["builtin:3"]), (), peak=312)["distill"]
    some = costs(distilled(framings=["builtin:3"], n=70), (), peak=312)["distill"]
    assert (framed.requests, some.requests) == (50 * 3 + 10, 70 + 10)


def test_training_hours_follow_rows_steps_and_size() -> None:
    whole = trained()
    assert whole.tokens == 1100 * (300 + 397)
    flops = 6 * 7e9 * whole.tokens
    assert whole.gpu_hours == pytest.approx(flops / (312e12 * 0.4) / 3600)
    assert trained(max_steps=2, batch_size=48).tokens == 96 * (300 + 397)
    assert any("size is not known" in why for why in trained(model="org/unsized@" + "0" * 40).without)


def test_what_stands_costs_nothing() -> None:
    made = distilled()
    assert costs(made, made.nodes.keys(), peak=312) == {}


def test_models_that_are_not_here_are_named_by_cell(tmp_path: Path) -> None:
    made = distilled()
    gone = made.add("judge", [("test", {"judges": ["llama-guard-3@models/Gone", "lab/strict"]})], (), label="x")
    hub = made.add("train", [("test", TRAIN)], (), label="x")
    assert absent(made, ()) == {gone.id: ["models/Gone"], hub.id: [TRAIN["model"]]}


EVALUATE: dict[str, Any] = {
    "model": "lab/base",
    "suites": ["lab:5"],
    "sampling": {"temperature": 0.7, "max_tokens": 9},
    "attacker": "openai/gpt-4o-mini",
    "stop": "strongreject@openai/gpt-4o-mini",
}


@pytest.mark.parametrize("attacks", [[], ["none", "lab/persona"], ["framings"], ["none", "integrity"]])
def test_an_evaluation_is_counted_as_it_sends(attacks: list[str]) -> None:
    settings = Evaluate(**EVALUATE, attacks=tuple(attacks), samples=2)
    asked, _ = read_plan(settings).requests(resolve("lab/teacher"))
    assert load(settings).requests == load(settings).traces == len(asked)


def test_pair_takes_its_turns_on_harmful_goals_and_nowhere_else() -> None:
    plain, attacked = (load(Evaluate(**EVALUATE, attacks=tuple(some))) for some in (["none"], ["pair"]))
    asked, _ = read_plan(Evaluate(**EVALUATE, attacks=("pair",))).requests(resolve("lab/teacher"))
    pairs = sum(one.attack == "pair" for one in asked)
    assert 0 < pairs < len(asked)
    assert attacked.requests == len(asked) - pairs + pairs * (25 + 3)
    assert (attacked.attacker, attacked.stop, plain.stop) == (pairs * 25, pairs * 25, 0)
    paper = load(Evaluate(**EVALUATE, attacks=("pair",), pair={"protocol": "paper", "streams": 2}))  # type: ignore[arg-type]
    assert paper.requests == len(asked) - pairs + pairs * (10 + 1)


def judged(judges: list[str], **settings: Any) -> dict[str, Cost]:
    made = Graph()
    answers = made.add("evaluate", [("test", {**EVALUATE, **settings})], (), label="x")
    feed = Feed("traces", answers.id, "traces.parquet")
    made.add("judge", [("test", {"judges": judges})], [feed], label="x")
    return costs(made, (), peak=312)


def test_a_judge_of_an_api_is_asked_once_a_trace_and_part_and_one_on_a_checkpoint_is_said_to_be_left_out() -> None:
    traces = load(Evaluate(**EVALUATE)).traces
    paid = judged(["strongreject@openai/gpt-4o-mini", "refusal"])["judge"]
    assert paid.requests == 2 * traces and paid.dollars > 0 and not paid.without
    left = judged(["llama-guard-3@models/Gone"])["judge"]
    assert list(left.without) == ["GPU-hours of judges and auditors on checkpoints"]


def test_data_that_are_not_here_are_in_no_sum_and_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESOLUTE_DATA", str(tmp_path))
    found = judged(["strongreject@openai/gpt-4o-mini"], suites=["lab:5", "advbench"])
    assert found["evaluate"].requests == load(Evaluate(**EVALUATE)).requests
    assert found["evaluate"].without == found["judge"].without == {"the data of advbench": 1}
    again = judged([], tasks=["some/task"], suites=[])
    assert list(again["evaluate"].without) == ["tasks of Inspect AI"]


def test_a_headline_is_of_at_least_what_can_be_reckoned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    monkeypatch.setenv("RESOLUTE_DATA", str(tmp_path))
    assert run(["study", str(root / "recipes" / "paper" / "table3.yaml"), "--plan", "--out", str(tmp_path / "x")]) == 0
    said = capsys.readouterr().out
    assert "\nat least 0." in said and " GPU-hours of A100-80, and at least $0.00 for APIs\n" in said
    assert "not in it, for 8 jobs: the data of advbench" in said
    assert "not here, and needed before it runs:" in said and "the data of xstest-train" in said
