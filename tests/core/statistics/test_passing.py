"""pass@k: unbiased, never any-of-n; the problem is the unit."""

from __future__ import annotations

import itertools
import random
from math import isclose
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.records import Ending, Message, Prompt, Saw, Trace, Verdict
from resolute.core.statistics.passing import pass_at, passes


@given(st.integers(1, 7).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_it_is_the_share_of_all_choices_of_k_samples_that_hold_a_right_one(case: tuple[int, int, int]) -> None:
    n, right, k = case
    chosen = list(itertools.combinations([True] * right + [False] * (n - right), k))
    assert isclose(pass_at(k, n, right), sum(map(any, chosen)) / len(chosen))


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_pass_at_1_is_the_mean_and_more_tries_never_hurt(case: tuple[int, int]) -> None:
    n, right = case
    assert isclose(pass_at(1, n, right), right / n)
    values = [pass_at(k, n, right) for k in range(1, n + 1)]
    assert values == sorted(values) and values[-1] == float(right > 0)


def test_it_is_unbiased_where_any_of_n_is_not() -> None:
    draw, chance, k, n = random.Random(0), 0.2, 2, 8
    counts = [sum(draw.random() < chance for _ in range(n)) for _ in range(20_000)]
    truth = 1 - (1 - chance) ** k
    assert abs(sum(pass_at(k, n, right) for right in counts) / len(counts) - truth) < 0.005
    assert sum(right > 0 for right in counts) / len(counts) > truth + 0.4


@pytest.mark.parametrize(("k", "n", "right"), [(3, 2, 1), (0, 2, 1), (1, 2, 3), (1, 2, -1)])
def test_what_cannot_be_estimated_is_an_error(k: int, n: int, right: int) -> None:
    with pytest.raises(ValueError, match="pass@"):
        pass_at(k, n, right)


Said = Literal["right", "wrong", "no answer", "not scored", "error"]


def answers(problem: str, *said: Said) -> tuple[list[Trace], list[Verdict]]:
    traces: list[Trace] = []
    verdicts: list[Verdict] = []
    for sample, word in enumerate(said):
        prompt = Prompt(text=problem, goal=problem, kind="maths", expected="1")
        ending = Ending(where="nothing", why="error") if word == "error" else Ending(where="answer", why="end of turn")
        trace = Trace(
            id=f"{problem}{sample}",
            prompt=prompt,
            sent=[Message(role="user", content=problem)],
            model="m",
            identity="i",
            task="s/maths",
            attack="none",
            sample=sample,
            reasoning="r",
            answer="a",
            ending=ending,
        )
        traces.append(trace)
        scored = word in ("right", "wrong")
        outcome = "scored" if scored else "model failed" if word == "no answer" else "judge failed"
        score = float(word == "right") if scored else None
        saw = Saw(goal=False, parts=["answer"], characters=1)
        about = {"trace": trace.id, "judge": "exact 2", "event": "correct", "part": "answer", "saw": saw}
        if word != "error":
            verdicts.append(Verdict.model_validate({**about, "outcome": outcome, "score": score}))
    return traces, verdicts


def together(*problems: tuple[list[Trace], list[Verdict]]) -> tuple[list[Trace], list[Verdict]]:
    return [t for traces, _ in problems for t in traces], [v for _, verdicts in problems for v in verdicts]


def test_problems_are_averaged_and_not_samples() -> None:
    found = passes(
        *together(
            answers("a", "right", "wrong", "wrong", "no answer"),
            answers("b", "right", "right", "right", "right"),
            answers("c", "wrong", "wrong", "wrong", "wrong"),
        )
    )
    assert [(one.k, one.rate.n, round(one.rate.value, 4)) for one in found] == [
        (1, 3, round((1 / 4 + 1 + 0) / 3, 4)),
        (2, 3, round((1 / 2 + 1 + 0) / 3, 4)),
        (4, 3, round((1 + 1 + 0) / 3, 4)),
    ]
    assert all(one.rate.low < one.rate.value < one.rate.high for one in found)


def test_what_could_not_be_scored_is_no_wrong_sample() -> None:
    found = passes(*together(answers("a", "right", "not scored", "error"), answers("b", "right", "wrong", "wrong")))
    by_k = {one.k: one.rate for one in found}
    assert (by_k[1].n, by_k[1].unscored, by_k[1].value) == (2, 0, pytest.approx((1 + 1 / 3) / 2))
    assert (by_k[2].n, by_k[2].unscored) == (1, 1), "one sample of a says nothing of two"
    assert set(by_k) == {1, 2, 3}


def test_one_sample_of_each_problem_has_no_pass_at_k() -> None:
    assert passes(*together(answers("a", "right"), answers("b", "wrong"))) == []
    assert passes([], []) == []
