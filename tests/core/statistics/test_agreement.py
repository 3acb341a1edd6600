"""Laws of agreement: published examples come out, goals are what is resampled, and odd inputs give reasons."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from resolute.core.statistics.agreement import ONE_CLASS, UNMOVED, Pair, pair, reliability

Ratings = list[str | None]
LABELS = st.sampled_from(["a", "b", "c", None])
ROWS = st.lists(st.tuples(LABELS, LABELS, LABELS, st.sampled_from("uvwxyz")), max_size=25)


def row(text: str) -> Ratings:
    """One rater's labels; `*` is a missing one."""
    return [None if one == "*" else one for one in text.split()]


def raters(count: int, rows: int, *, right: float = 0.9, seed: int = 0) -> list[Ratings]:
    draw = random.Random(seed)
    truth = [draw.choice("ab") for _ in range(rows)]
    return [[one if draw.random() < right else draw.choice("ab") for one in truth] for _ in range(count)]


@pytest.mark.parametrize("seed", range(8))
def test_kappa_is_that_of_statsmodels(seed: int) -> None:
    draw = np.random.default_rng(seed)
    table = draw.integers(0, 9, (3, 3)) + np.eye(3, dtype=int)
    cells = [(str(i), str(j)) for i in range(3) for j in range(3) for _ in range(table[i, j])]
    found = pair([a for a, _ in cells], [b for _, b in cells], [str(i) for i in range(len(cells))])
    assert found.kappa.value == pytest.approx(cohens_kappa(table).kappa)
    assert found.agreement.value == pytest.approx(np.trace(table) / table.sum())


@pytest.mark.parametrize(
    ("ratings", "alpha"),
    [
        # Krippendorff (2011), Computing Krippendorff's alpha-reliability, sections A, B and C.
        pytest.param(["0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0"], 0.095, id="A: binary, two observers"),
        pytest.param(["a a b b d c c c e d d a", "b a b b b c c c e d d d"], 0.692, id="B: nominal, two observers"),
        pytest.param(
            [
                "1 2 3 3 2 1 4 1 2 * * *",
                "1 2 3 3 2 2 4 1 2 5 * 3",
                "* 3 3 3 2 3 4 2 2 5 1 *",
                "1 2 3 3 2 4 4 1 2 5 1 *",
            ],
            0.743,
            id="C: nominal, four observers, missing data",
        ),
        pytest.param(
            [
                "* * * * * 3 4 1 2 1 1 3 3 * 3",
                "1 * 2 1 3 3 4 3 * * * * * * *",
                "* * 2 1 3 4 4 * 2 1 1 3 3 * 4",
            ],
            0.691,
            id="the worked example of Wikipedia's article on alpha",
        ),
    ],
)
def test_alpha_on_published_examples(ratings: list[str], alpha: float) -> None:
    rows = [row(text) for text in ratings]
    found = reliability(rows, [str(i) for i in range(len(rows[0]))])
    assert found.alpha.value == pytest.approx(alpha, abs=6e-4)


def test_agreement_that_is_all_chance_has_kappa_zero_though_raters_agree_on_nine_of_ten() -> None:
    first = ["unsafe"] * 5 + ["safe"] * 95
    second = ["safe"] * 95 + ["unsafe"] * 5
    found = pair(first, second, [str(i) for i in range(100)])
    assert found.agreement.value == 0.9
    assert found.kappa.value == pytest.approx(-0.05, abs=0.01)


def test_repeating_each_goals_rows_does_not_narrow_an_interval() -> None:
    first, second = raters(2, 60, right=0.7)
    goals = [str(i) for i in range(60)]
    once, often = pair(first, second, goals), pair(first * 5, second * 5, goals * 5)
    for name in ("agreement", "kappa"):
        one, five = getattr(once, name), getattr(often, name)
        assert five.value == pytest.approx(one.value)
        assert five.high - five.low == pytest.approx(one.high - one.low, rel=0.15)
    alone = reliability([first * 5, second * 5], goals * 5).alpha
    assert alone.low is not None
    assert once.kappa.low == pytest.approx(alone.low, abs=0.05)


def test_the_interval_of_kappa_is_as_wide_as_its_standard_error_says() -> None:
    first, second = raters(2, 900, right=0.7, seed=1)
    found = pair(first, second, [str(i) for i in range(900)]).kappa
    table = np.array([[sum((a, b) == (x, y) for a, b in zip(first, second, strict=True)) for y in "ab"] for x in "ab"])
    assert found.high is not None
    assert found.low is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 * cohens_kappa(table).std_kappa, rel=0.1)


def test_weights_give_the_agreement_of_the_population_a_rich_sheet_was_drawn_from() -> None:
    first, second = raters(2, 4_000, right=0.8, seed=2)
    goals = [str(i) for i in range(4_000)]
    kept = [i for i in range(4_000) if first[i] == "a" or i % 10 == 0]
    weights = [1.0 if first[i] == "a" else 10.0 for i in kept]
    rich = [first[i] for i in kept], [second[i] for i in kept], [goals[i] for i in kept]
    whole = pair(first, second, goals).kappa.value
    assert pair(*rich, weights=weights).kappa.value == pytest.approx(whole, abs=0.06)
    assert abs((pair(*rich).kappa.value or 0) - (whole or 0)) > 0.1


def test_more_goals_narrow_an_interval() -> None:
    widths = []
    for size in (50, 800):
        found = pair(*raters(2, size, right=0.7), [str(i) for i in range(size)]).kappa
        assert found.low is not None
        assert found.high is not None
        widths.append(found.high - found.low)
    assert widths[1] < widths[0] / 3


def test_raters_who_always_agree_get_an_interval_of_agreement_and_none_of_kappa() -> None:
    labels = row("a b a b a b a b a b")
    found = pair(labels, labels, [str(i) for i in range(10)])
    assert (found.agreement.value, found.kappa.value) == (1.0, 1.0)
    assert found.agreement.low == pytest.approx(0.7225, abs=1e-4), "Wilson of ten of ten"
    assert (found.kappa.low, found.kappa.why) == (None, UNMOVED)


def test_one_label_only_has_no_kappa_and_no_alpha_but_a_reason() -> None:
    labels = row("a a a a")
    goals = [str(i) for i in range(4)]
    assert pair(labels, labels, goals).kappa.value is None
    assert pair(labels, labels, goals).kappa.why == ONE_CLASS
    assert reliability([labels, labels], goals).alpha.why == ONE_CLASS


@pytest.mark.parametrize(
    ("first", "second"), [pytest.param("", "", id="no rows"), pytest.param("a *", "* a", id="never the same row")]
)
def test_nothing_in_common_is_no_agreement(first: str, second: str) -> None:
    goals = [str(i) for i in range(len(first.split()))]
    found = pair(row(first), row(second), goals)
    assert (found.n, found.agreement.value, found.kappa.value) == (0, None, None)
    assert found.agreement.why
    assert reliability([row(first), row(second)], goals).alpha.value is None


def test_one_goal_says_nothing_of_others() -> None:
    found = pair(row("a b a b"), row("a b b b"), ["same"] * 4)
    assert found.kappa.value is not None
    assert found.kappa.low is None
    assert "one goal" in found.kappa.why


@settings(max_examples=40)
@given(ROWS)
def test_any_ratings_give_figures_in_range_or_a_reason(
    rows: list[tuple[str | None, str | None, str | None, str]],
) -> None:
    first, second, third = ([one[i] for one in rows] for i in range(3))
    goals = [one[3] for one in rows]
    both = pair(first, second, goals)
    whole = reliability([first, second, third], goals)
    for figure in (both.agreement, both.kappa, whole.alpha):
        assert figure.value is not None or figure.why
        if figure.low is not None and figure.high is not None:
            assert -1 - 1e-9 <= figure.low <= figure.high <= 1 + 1e-9
        else:
            assert figure.why


@settings(max_examples=40)
@given(ROWS, st.randoms())
def test_the_order_of_rows_changes_nothing(
    rows: list[tuple[str | None, str | None, str | None, str]], draw: random.Random
) -> None:
    def found(some: list[tuple[str | None, str | None, str | None, str]]) -> Pair:
        return pair([one[0] for one in some], [one[1] for one in some], [one[3] for one in some])

    shuffled = list(rows)
    draw.shuffle(shuffled)
    assert found(rows) == found(shuffled)


def test_the_same_seed_gives_the_same_interval_and_another_a_near_one() -> None:
    first, second = raters(2, 200, right=0.8)
    goals = [str(i) for i in range(200)]
    assert pair(first, second, goals, seed=3) == pair(first, second, goals, seed=3)
    one, two = (pair(first, second, goals, seed=seed).kappa for seed in (3, 4))
    assert one.low is not None
    assert one.low == pytest.approx(two.low, abs=0.03)


def test_raters_of_different_length_are_a_bug() -> None:
    with pytest.raises(ValueError, match="zip"):
        pair(["a"], ["a", "b"], ["g", "h"])
    with pytest.raises(ValueError, match="zip"):
        reliability([["a"], ["a", "b"]], ["g", "h"])
