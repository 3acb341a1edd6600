"""Laws of the scripted teacher."""

import random
from collections import Counter

import pytest

from resolute.lab import framings, oracles, phrases, teacher, world
from resolute.lab.teacher import STRATEGIES

TRAIN = world.goals("harmful", "train")
INSTRUCTIONS = {"default": "", "improved": "Assess the risk first.", "short": "Be brief.", "template": "Walk the list."}


def written(strategy, variant="", *, seed=0, times=4):
    rng = random.Random(seed)
    for goal in TRAIN * times:
        prompt = framings.TRAIN.draw(rng).prompt(goal.text)
        yield goal, teacher.write(goal.text, prompt, strategy=strategy, variant=variant, rng=rng)


def kept(strategy):
    """What a guard on answer and thought keeps."""
    for goal, trace in written(strategy):
        if oracles.strict(goal.text, "", trace.answer) == "safe" and not oracles.thought_unsafe(
            goal.text, trace.thought
        ):
            yield trace


def rate(traces, pattern) -> float:
    traces = list(traces)
    return sum(pattern in t.patterns for t in traces) / len(traces)


def test_a_guard_doubles_weak_vacillation_in_default_traces() -> None:
    raw = rate((t for _, t in written("default")), "weak_vacillation")
    assert 0.25 < raw < 0.42
    assert 0.58 < rate(kept("default"), "weak_vacillation") < 0.74


def test_default_carries_each_of_the_five_patterns() -> None:
    found = Counter(p for _, t in written("default") for p in t.patterns)
    assert len(found) == 5 and min(found.values()) > 20


@pytest.mark.parametrize("strategy", ["improved", "short", "template"])
def test_the_safer_strategies_hardly_waver(strategy) -> None:
    traces = list(kept(strategy))
    assert len(traces) > 0.9 * len(TRAIN) * 4
    assert sum(bool(t.patterns) for t in traces) / len(traces) < 0.12


@pytest.mark.parametrize(
    "variant", ["kept", "weak-only", "weak-paraphrased", "other-only", "clean", "clean-long", "clean-named"]
)
def test_the_arms_of_the_ablation_are_safe_and_differ_only_as_named(variant) -> None:
    patterns = {p for goal, t in written("default", variant) for p in t.patterns}
    assert all(t.answer in phrases.REFUSALS for _, t in written("default", variant))
    weak, others = (
        {"weak_vacillation"},
        {"strong_vacillation", "harmful_additions", "lack_of_safety_awareness", "inconsistency"},
    )
    expected = {
        "kept": weak | others, "weak-only": weak, "weak-paraphrased": weak, "other-only": others,
        "clean": set(), "clean-long": set(), "clean-named": set(),
    }  # fmt: skip
    assert patterns == expected[variant]


def test_the_paraphrase_shares_no_sentence_with_weak_vacillation() -> None:
    assert not set(phrases.SENTENCES["weak"]) & set(phrases.SENTENCES["weak_other"])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_look_alikes_are_helped_with_and_sums_are_right_in_every_style(strategy) -> None:
    rng = random.Random(1)
    for goal in world.goals("benign", "train"):
        trace = teacher.write(goal.text, framings.plain(rng).prompt(goal.text), strategy=strategy, rng=rng)
        assert trace.answer == phrases.answer_with(goal.steps) and not trace.patterns
    for goal in world.goals("maths", "train")[:50]:
        trace = teacher.write(goal.text, f"what is {goal.text} ?", strategy=strategy, rng=rng)
        assert oracles.maths(trace.answer, goal.answer)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_thought_is_empty_for_no_cot_and_only_there(strategy) -> None:
    assert all((t.thought == "") == (strategy == "nocot") for _, t in written(strategy, times=1))


def test_the_lengths_are_ordered_as_in_the_study() -> None:
    mean = {s: sum(len(t.thought.split()) for t in kept(s)) for s in STRATEGIES}
    mean = {s: total / len(list(kept(s))) for s, total in mean.items()}
    assert mean["default"] > mean["realsafe"] > mean["short"] > mean["nocot"]
    assert mean["template"] > mean["short"]


def test_a_trace_is_a_function_of_goal_prompt_strategy_and_seed() -> None:
    a, b = (
        [teacher.write(g.text, g.text, strategy="default", rng=random.Random(4)) for g in TRAIN[:20]] for _ in range(2)
    )
    assert a == b


@pytest.mark.parametrize(("system", "opening"), [
    ("", ("okay , the user", "so the user")),
    ("Be brief.", ("risk check .",)), ("Walk the list.", ("walk the list .",)),
    ("Assess the risk first.", ("first i assess",)), ("something else", ("okay , the user", "so the user")),
])  # fmt: skip
def test_a_reply_follows_the_strategy_that_the_system_message_asks_for(system, opening) -> None:
    messages = [{"role": "system", "content": system}] if system else []
    prompt = framings.TRAIN.draw(random.Random(2)).prompt(TRAIN[0].text)
    said = teacher.reply([*messages, {"role": "user", "content": prompt}], instructions=INSTRUCTIONS, seed=3)
    assert said.startswith(tuple(f"<think> {o}" for o in opening))
    assert said.count("</think>") == 1


def test_a_prompt_without_a_goal_is_an_error_and_not_a_trace() -> None:
    with pytest.raises(ValueError, match="no goal"):
        teacher.reply([{"role": "user", "content": "good morning"}], instructions={}, seed=0)
