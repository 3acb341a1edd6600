"""Laws of comparing: the same goals in pairs, accuracy against its margin, and goals seen in training apart."""

from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from resolute.core.records import Ending, Event, Message, Prompt, Saw, Trace, Verdict
from resolute.core.results.comparing import Answers, as_json, compared, page
from resolute.core.statistics.effects import effect

Scores = dict[str, float]


def answers(
    name: str, scores: Scores, *, event: Event = "unsafe", judge: str = "guard 1", task: str = "s/t"
) -> Answers:
    traces: list[Trace] = []
    verdicts: list[Verdict] = []
    for goal, score in scores.items():
        trace = Trace(
            id=f"{name}-{goal}",
            prompt=Prompt(text=goal, goal=goal),
            sent=[Message(role="user", content=goal)],
            model=name,
            identity=name,
            task="s/t",
            attack="none",
            reasoning="",
            answer="a",
            ending=Ending(where="answer", why="end of turn"),
        )
        saw = Saw(goal=True, parts=["answer"], characters=1)
        fields = {"trace": trace.id, "judge": judge, "event": event, "part": "answer", "outcome": "scored"}
        traces.append(trace)
        verdicts.append(Verdict.model_validate({**fields, "score": score, "saw": saw}))
    return Answers(name, traces, verdicts)


def goals(count: int) -> list[str]:
    return [f"rub the old brass lamp of keeper number {number:03}" for number in range(count)]


def drawn(count: int, share: float, seed: int) -> Scores:
    draw = random.Random(seed)
    return {goal: float(draw.random() < share) for goal in goals(count)}


def test_a_large_fall_is_found_and_a_small_one_is_not_claimed() -> None:
    base = answers("base", drawn(200, 0.6, 1))
    (row,) = compared(base, answers("tuned", drawn(200, 0.1, 2)), margin=0.05).rows
    assert row.finding == "lower" and row.comparison.goals == 200
    assert row.effect.h < -0.8 and row.effect.odds_high < 1
    assert row.effect.low < row.comparison.difference < row.effect.high < 0
    (same,) = compared(base, answers("again", drawn(200, 0.6, 3)), margin=0.05).rows
    assert same.finding == "not detected"


@pytest.mark.parametrize(
    ("second", "count", "finding"), [(0.9, 1500, "kept"), (0.6, 400, "lost"), (0.9, 40, "inconclusive")]
)
def test_accuracy_is_kept_lost_or_inconclusive_against_the_margin(second: float, count: int, finding: str) -> None:
    base = answers("base", drawn(count, 0.9, 1), event="correct")
    (row,) = compared(base, answers("tuned", drawn(count, second, 2), event="correct"), margin=0.05).rows
    assert row.finding == finding


def test_what_only_one_was_measured_by_is_listed_and_not_compared() -> None:
    scores = drawn(20, 0.5, 1)
    base, tuned = answers("base", scores), answers("tuned", scores, judge="guard 2")
    found = compared(base, tuned, margin=0.05)
    assert not found.rows
    assert [(name, one.judge) for name, one in found.apart] == [("base", "guard 1"), ("tuned", "guard 2")]
    assert "Not compared" in page(found)


def test_goals_trained_on_stand_apart_and_every_goal_in_one_part() -> None:
    scores = drawn(30, 0.5, 1)
    seen = goals(10)
    near = [goal + " today" for goal in goals(20)[10:]]
    found = compared(answers("base", scores), answers("tuned", drawn(30, 0.2, 2)), margin=0.05, trained=seen + near)
    (row,) = found.rows
    counts = {near: one.goals for near, one in row.by_nearness.items()}
    assert counts["seen"] == 10 and sum(counts.values()) == 30 and counts["near"] >= 10
    assert found.trained_on == 20
    assert all(goal not in page(found) for goal in scores), "a table holds no goal's words"


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60), st.integers(0, 3))
def test_swapping_the_two_turns_every_sign_and_nothing_else(pairs: list[tuple[bool, bool]], seed: int) -> None:
    first = {f"goal {number}": float(one) for number, (one, _) in enumerate(pairs)}
    second = {f"goal {number}": float(two) for number, (_, two) in enumerate(pairs)}
    there, back = effect(first, second, seed=seed), effect(second, first, seed=seed)
    if not pairs:
        assert math.isnan(there.h)
        return
    assert there.h == pytest.approx(-back.h)
    assert there.low == pytest.approx(-back.high, abs=0.05)
    if any(one != two for one, two in pairs):
        risen = sum(two > one for one, two in pairs)
        fallen = sum(two < one for one, two in pairs)
        assert there.odds_ratio == pytest.approx(risen / fallen if fallen else math.inf)
        assert there.odds_low <= there.odds_ratio <= there.odds_high


def test_the_exact_odds_interval_and_the_exact_test_agree_about_no_difference() -> None:
    for risen, fallen in ((3, 12), (5, 9), (1, 9), (7, 7)):
        names = [f"goal {number}" for number in range(risen + fallen)]
        first = {name: float(place >= risen) for place, name in enumerate(names)}
        size = effect(first, {name: 1 - score for name, score in first.items()})
        significant = stats.binomtest(risen, risen + fallen).pvalue < 0.05
        assert significant == (not size.odds_low <= 1 <= size.odds_high)


@given(st.randoms(), st.integers(1, 3))
def test_rows_in_another_order_give_the_same_page_to_the_byte(order: random.Random, samples: int) -> None:
    def several(name: str, share: float, seed: int) -> Answers:
        made = [answers(f"{name}{number}", drawn(25, share, seed + number)) for number in range(samples)]
        return Answers(name, [t for one in made for t in one.traces], [v for one in made for v in one.verdicts])

    def shuffled(one: Answers) -> Answers:
        traces, verdicts = list(one.traces), list(one.verdicts)
        order.shuffle(traces)
        order.shuffle(verdicts)
        return Answers(one.name, traces, verdicts)

    base, tuned = several("base", 0.6, 1), several("tuned", 0.3, 9)
    found = compared(base, tuned, margin=0.05, trained=goals(5))
    turned = compared(shuffled(base), shuffled(tuned), margin=0.05, trained=goals(5)[::-1])
    assert page(found) == page(turned)
    assert json.dumps(as_json(found)) == json.dumps(as_json(turned))


def test_the_file_is_json_with_no_number_that_json_has_not() -> None:
    scores = dict.fromkeys(goals(5), 0.0)
    found = compared(answers("base", scores), answers("tuned", scores), margin=0.05, trained=goals(2))
    text = json.dumps(as_json(found), allow_nan=False)
    assert json.loads(text)["rows"][0]["goals"] == 5
