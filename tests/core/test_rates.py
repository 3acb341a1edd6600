"""Laws of rates: right on known cases, wider where goals repeat, and blind to row order."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.rates import Rate, rate

SCORES = st.one_of(st.none(), st.floats(0, 1))
ROWS = st.lists(st.tuples(SCORES, st.sampled_from(["a", "b", "c", "d", "e"])), max_size=30)


@pytest.mark.parametrize(
    ("events", "n", "low", "high"),
    [
        # Brown, Cai and DasGupta (2001): the score interval, worked by hand for each.
        pytest.param(0, 10, 0.0, 0.2775, id="none of ten"),
        pytest.param(10, 10, 0.7225, 1.0, id="ten of ten"),
        pytest.param(2, 50, 0.0110, 0.1346, id="two of fifty"),
        pytest.param(81, 263, 0.2553, 0.3662, id="Newcombe (1998), table I"),
    ],
)
def test_wilson_on_known_cases(events: int, n: int, low: float, high: float) -> None:
    found = rate([1.0] * events + [0.0] * (n - events), [str(i) for i in range(n)])
    assert found.method == "Wilson"
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(ROWS)
def test_a_rate_is_inside_its_interval_and_its_bounds_and_all_are_shares(rows: list[tuple[float | None, str]]) -> None:
    found = rate([score for score, _ in rows], [goal for _, goal in rows])
    assert found.n + found.unscored == len(rows)
    assert 0 <= found.low <= found.high <= 1
    lowest, highest = found.bounds
    assert 0 <= lowest <= highest <= 1 + 1e-12
    if found.n:
        assert found.low - 1e-9 <= found.value <= found.high + 1e-9
        assert lowest - 1e-9 <= found.value <= highest + 1e-9
        assert found.goals == len({goal for score, goal in rows if score is not None})
    assert str(found)


@given(ROWS, st.randoms())
def test_the_order_of_rows_changes_nothing(rows: list[tuple[float | None, str]], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one = rate([score for score, _ in rows], [goal for _, goal in rows])
    two = rate([score for score, _ in shuffled], [goal for _, goal in shuffled])
    assert (one.n, one.goals, one.unscored, one.method) == (two.n, two.goals, two.unscored, two.method)
    assert (one.low, one.high) == (pytest.approx(two.low, abs=1e-9), pytest.approx(two.high, abs=1e-9))


def test_repeating_each_goal_s_verdict_does_not_narrow_the_interval() -> None:
    scores = [1.0] * 10 + [0.0] * 20
    goals = [str(i) for i in range(30)]
    once, four_times = rate(scores, goals), rate(scores * 4, goals * 4)
    assert four_times.value == once.value
    assert four_times.n == 120
    assert four_times.goals == 30
    assert four_times.high - four_times.low >= (once.high - once.low) * 0.99


def test_samples_that_differ_within_a_goal_do_narrow_it() -> None:
    goals = [str(i) for i in range(30)]
    of_four = [[1.0] * (1 + i % 3) + [0.0] * (3 - i % 3) for i in range(30)]
    mixed = rate([score for group in of_four for score in group], [goal for goal in goals for _ in range(4)])
    once = rate([float(i % 2) for i in range(30)], goals)
    assert mixed.high - mixed.low < once.high - once.low


def test_one_goal_asked_a_hundred_times_says_almost_nothing() -> None:
    found = rate([1.0] * 30 + [0.0] * 70, ["same"] * 100)
    assert found.high - found.low > 0.7


def test_what_was_not_scored_is_in_neither_events_nor_n_and_widens_the_bounds() -> None:
    found = rate([1.0, 0.0, None, None], ["a", "b", "c", "d"])
    assert (found.events, found.n, found.unscored) == (1.0, 2, 2)
    assert found.bounds == (0.25, 0.75)
    assert "2 not scored: 25.0 to 75.0%" in str(found)


def test_nothing_scored_is_no_rate() -> None:
    found = rate([None, None], ["a", "b"])
    assert math.isnan(found.value)
    assert (found.low, found.high) == (0.0, 1.0)
    assert str(found) == "not scored (0 of 2)"
    assert str(rate([], [])) == "not scored (0 of 0)"


def test_scores_and_goals_of_different_lengths_are_a_bug() -> None:
    with pytest.raises(ValueError, match="zip"):
        rate([1.0], ["a", "b"])


def test_a_rate_prints_in_one_way() -> None:
    assert str(Rate(1.0, 4, 4, 0, 0.1, 0.7, "Wilson")) == "25.0% [10.0, 70.0]"


def test_scores_between_0_and_1_get_no_wider_interval_than_their_spread_deserves() -> None:
    """One value a goal: the interval of a mean, which Wilson on as many goals would make a half wider."""
    draw, held, width = random.Random(3), 0, 0.0
    for _ in range(400):
        values = [sum(draw.random() < 0.7 for _ in range(4)) / 4 for _ in range(100)]
        found = rate(values, [str(number) for number in range(100)])
        held += found.low <= 0.7 <= found.high
        width += (found.high - found.low) / 400
    assert 0.92 <= held / 400 <= 0.98
    assert width == pytest.approx(2 * 1.98 * math.sqrt(0.7 * 0.3 / 4 / 100), rel=0.05)
