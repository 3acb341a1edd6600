"""Laws of corrected rates: weights are needed and used, a useless instrument costs nothing, few labels say so."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.judging_coverage import Case, measure
from resolute.core.rates import rate
from resolute.core.statistics.prevalence import SURE, Row, calibrate, difference


def population(
    size: int, *, true: float = 0.1, judge: tuple[float, float] = (0.8, 0.9), seed: int = 0
) -> list[tuple[float, float]]:
    """(score, label) of each row, all drawn independently."""
    draw = random.Random(seed)
    rows: list[tuple[float, float]] = []
    for _ in range(size):
        label = float(draw.random() < true)
        hit = draw.random() < (judge[0] if label else judge[1])
        rows.append((label if hit else 1 - label, label))
    return rows


def plain_sheet(rows: list[tuple[float, float]], labels: int, *, goals: int = 0) -> list[Row]:
    """The first `labels` rows are labelled, each with the same chance."""
    return [
        Row(str(i % goals if goals else i), score, label if i < labels else None, labels / len(rows))
        for i, (score, label) in enumerate(rows)
    ]


def stratified_sheet(rows: list[tuple[float, float]], labels: int, seed: int = 0) -> list[Row]:
    """Half of the labels are of rows the instrument flagged."""
    draw = random.Random(seed)
    groups = {verdict: [i for i, (score, _) in enumerate(rows) if score == verdict] for verdict in (0.0, 1.0)}
    drawn = {i for group in groups.values() for i in draw.sample(group, labels // 2)}
    chance = {verdict: labels / 2 / len(group) for verdict, group in groups.items()}
    return [
        Row(str(i), score, label if i in drawn else None, chance[score], f"said {score}")
        for i, (score, label) in enumerate(rows)
    ]


def test_a_sheet_stratified_by_another_instrument_needs_its_weights_and_gets_them() -> None:
    """Pitfall 33: fed unweighted to prediction-powered inference, a stratified sheet is far off a true .10."""
    rows = population(8_000)
    true = sum(label for _, label in rows) / len(rows)
    draw = random.Random(5)
    others = [(label if draw.random() < 0.9 else 1 - label, label) for _, label in rows]
    off: list[float] = []
    for seed in range(8):
        drawn = stratified_sheet(others, 400, seed)
        sheet = [replace(row, score=score) for row, (score, _) in zip(drawn, rows, strict=True)]
        weighted = calibrate(sheet).ppi
        blind = calibrate([replace(row, chance=1.0, stratum="") for row in sheet]).ppi
        assert weighted.low is not None
        assert weighted.high is not None
        assert weighted.low - 0.02 < true < weighted.high + 0.02
        off.append((weighted.value or 0) - true)
        assert blind.low is not None
        assert blind.low > true + 0.02
    assert abs(sum(off) / len(off)) < 0.015


def test_a_sheet_stratified_by_its_own_instrument_gives_rogan_gladen_and_ppi_the_same_answer() -> None:
    found = calibrate(stratified_sheet(population(20_000), 400))
    one, two = found.rogan_gladen, found.ppi
    assert (one.value, one.low, one.high) == pytest.approx((two.value, two.low, two.high))


def test_weights_alone_without_strata_are_enough_for_the_estimate() -> None:
    rows = population(20_000)
    draw = random.Random(5)
    others = [(label if draw.random() < 0.9 else 1 - label, label) for _, label in rows]
    drawn = stratified_sheet(others, 4_000)
    sheet = [replace(row, score=score, stratum="") for row, (score, _) in zip(drawn, rows, strict=True)]
    assert calibrate(sheet).ppi.value == pytest.approx(0.1, abs=0.01)
    assert (calibrate([replace(row, chance=1.0) for row in sheet]).ppi.value or 0) > 0.15


def test_rogan_gladen_pays_for_a_weak_instrument_and_ppi_does_not() -> None:
    found = calibrate(plain_sheet(population(4_000, true=0.3, judge=(0.6, 0.9)), 300))
    one, two, people = found.rogan_gladen, found.ppi, found.people
    assert one.high is not None
    assert one.low is not None
    assert two.high is not None
    assert two.low is not None
    assert people.high is not None
    assert people.low is not None
    assert one.high - one.low > 1.4 * (people.high - people.low) > 1.4 * (two.high - two.low)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Case(1, False, (0.8, 0.9), 100, 0.1), id="a plain sheet"),
        pytest.param(Case(4, True, (0.6, 0.95), 300, 0.1), id="strata, and goals that repeat"),
    ],
)
def test_intervals_hold_the_truth_as_often_as_they_say(case: Case) -> None:
    """Two cells of the table that `make verify` measures whole."""
    for found in measure(case, seed=1)[1:]:
        assert 0.925 < found.coverage < 0.975


def test_ppi_is_the_papers_estimator() -> None:
    """Angelopoulos, Duchi and Zrnic (2023): n labelled rows and M others, lambda cut by 1 / (1 + n/M)."""
    rows = population(900, true=0.3)
    n = 300
    y = np.array([label for _, label in rows[:n]])
    f, other = np.array([score for score, _ in rows[:n]]), np.array([score for score, _ in rows[n:]])
    power = np.cov(y, f, ddof=0)[0, 1] / np.var(f) / (1 + n / len(other))
    expected = power * other.mean() + (y - power * f).mean()
    assert calibrate(plain_sheet(rows, n)).ppi.value == pytest.approx(expected)


def test_rogan_gladen_by_hand() -> None:
    """200 labels: 40 of 50 harmful ones flagged, 15 of 150 others; 400 of 1,000 rows flagged."""
    seen = [(1.0, 1.0)] * 40 + [(0.0, 1.0)] * 10 + [(1.0, 0.0)] * 15 + [(0.0, 0.0)] * 135
    rest = [(1.0, 0.0)] * (400 - 55) + [(0.0, 0.0)] * (600 - 145)
    found = calibrate(plain_sheet(seen + rest, 200))
    assert found.raw.value == 0.4
    assert found.rogan_gladen.value == pytest.approx((0.4 - 0.1) / (0.8 - 0.1))
    low, high = found.rogan_gladen.low, found.rogan_gladen.high
    assert low is not None
    assert high is not None
    assert low < 0.3 / 0.7 < high


def test_sensitivity_and_specificity_are_of_the_population_not_of_the_sheet() -> None:
    """A sheet rich in flagged rows, unweighted, would see few misses and call the instrument sensitive."""
    rows = population(20_000, true=0.1, judge=(0.6, 0.95))
    sheet = stratified_sheet(rows, 4_000)
    found = calibrate(sheet)
    assert found.sensitivity.value == pytest.approx(0.6, abs=0.06)
    assert found.specificity.value == pytest.approx(0.95, abs=0.01)
    naive = [row for row in sheet if row.label == 1]
    assert sum(row.score or 0 for row in naive) / len(naive) > 0.8
    for one, true in ((found.sensitivity, 0.6), (found.specificity, 0.95)):
        assert one.low is not None
        assert one.high is not None
        assert one.low < true < one.high


def test_precision_is_the_share_of_flags_that_are_so_and_with_every_row_labelled_a_plain_rate() -> None:
    rows = population(1_000, true=0.2)
    found = calibrate(plain_sheet(rows, 1_000)).precision
    flagged = [(label, str(i)) for i, (score, label) in enumerate(rows) if score]
    plain = rate([label for label, _ in flagged], [goal for _, goal in flagged])
    assert found.value == pytest.approx(plain.value)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), abs=0.006)
    drawn = calibrate(stratified_sheet(population(20_000, true=0.1, judge=(0.6, 0.95)), 1_000)).precision
    assert drawn.low is not None and drawn.high is not None
    assert drawn.low < 0.06 / (0.06 + 0.045) < drawn.high
    none = calibrate([Row(str(i), 0.0, float(i % 5 == 0)) for i in range(200)]).precision
    assert (none.value, none.why) == (None, "it flags no row")


def test_a_right_instrument_narrows_the_interval_and_a_random_one_costs_nothing() -> None:
    right, noise = (calibrate(plain_sheet(population(4_000, true=0.3, judge=j), 300)) for j in ((1, 1), (0.5, 0.5)))
    assert right.power == pytest.approx(1.0)
    assert noise.power < 0.15

    def width(one: object) -> float:
        return one.high - one.low  # type: ignore[attr-defined]

    assert width(right.ppi) < 0.6 * width(right.people)
    assert width(noise.ppi) < 1.05 * width(noise.people)


def test_graded_scores_say_more_than_their_words() -> None:
    draw = random.Random(1)
    rows: list[Row] = []
    for i in range(3_000):
        chance = draw.random()
        label = float(draw.random() < chance)
        rows.append(Row(str(i), chance, label if i < 300 else None, 0.1))
    graded = calibrate(rows).ppi
    words = calibrate([replace(row, score=float((row.score or 0) >= 0.5)) for row in rows]).ppi
    assert graded.low is not None
    assert graded.high is not None
    assert words.low is not None
    assert words.high is not None
    assert graded.high - graded.low < words.high - words.low


def test_with_every_row_labelled_it_is_the_plain_rate() -> None:
    rows = population(400, true=0.3)
    found = calibrate(plain_sheet(rows, 400)).ppi
    plain = rate([label for _, label in rows], [str(i) for i in range(400)])
    assert found.value == pytest.approx(plain.value)
    assert found.low == pytest.approx(plain.low, abs=0.003)
    assert found.high == pytest.approx(plain.high, abs=0.003)


def test_repeating_every_row_of_a_goal_does_not_narrow_the_interval() -> None:
    rows = population(300, true=0.3)
    once, often = calibrate(plain_sheet(rows, 300)), calibrate(plain_sheet(rows * 4, 1200, goals=300))
    for name in ("ppi", "people", "rogan_gladen", "sensitivity", "specificity", "precision"):
        one, four = getattr(once, name), getattr(often, name)
        assert four.value == pytest.approx(one.value)
        assert four.high - four.low > 0.95 * (one.high - one.low), name


@pytest.mark.parametrize(
    ("labels", "true", "goals", "words"),
    [
        pytest.param(50, 0.3, 0, "50, about 100 would do", id="fifty labels"),
        pytest.param(99, 0.3, 0, "99, about 100 would do", id="one too few"),
        pytest.param(150, 0.005, 0, "150, about 300 would do", id="a rare event"),
        pytest.param(1, 0.3, 0, "1, about 300 would do", id="one"),
    ],
)
def test_too_few_labels_say_how_many_would_do(labels: int, true: float, goals: int, words: str) -> None:
    found = calibrate(plain_sheet(population(2_000, true=true, judge=(0.9, 0.99)), labels, goals=goals))
    for one in (found.ppi, found.rogan_gladen, found.people):
        assert one.value is None
        assert words in str(one)


def test_labels_on_few_of_many_goals_say_how_many_goals_would_do() -> None:
    rows = population(2_000, true=0.3)
    sheet = [Row(f"{i % 10 if i < 300 else i}", s, y if i < 300 else None, 0.15) for i, (s, y) in enumerate(rows)]
    assert "on 10 goals, 20 would do" in calibrate(sheet).ppi.why


def test_one_goal_asked_a_thousand_times_says_nothing_of_others() -> None:
    rows = plain_sheet(population(1_000, true=0.3), 300, goals=1)
    assert "on 1 goals" in calibrate(rows).ppi.why


def test_a_rate_too_rare_for_its_labels_is_given_with_a_word_of_warning() -> None:
    few, many = (calibrate(plain_sheet(population(2_000, true=0.07, seed=3), labels)).ppi for labels in (200, 400))
    assert few.value is not None
    assert "about 300 would do" in str(few)
    assert many.why == ""


def test_a_rate_rarer_than_what_was_measured_says_so_unless_every_row_is_labelled() -> None:
    rows = population(8_000, true=0.008, judge=(0.9, 0.95))
    found = calibrate(stratified_sheet(rows, 400))
    assert found.ppi.value is not None and "rarer than what was measured" in found.ppi.why and not found.enough
    assert calibrate(plain_sheet(rows, 8_000)).ppi.why == ""


def test_a_small_population_labelled_whole_is_enough() -> None:
    found = calibrate(plain_sheet(population(60, true=0.4), 60))
    assert found.enough == 0
    assert found.ppi.value is not None


def test_an_instrument_no_better_than_chance_has_no_rogan_gladen_rate() -> None:
    wrong = calibrate(plain_sheet(population(3_000, true=0.4, judge=(0.3, 0.3)), 300))
    assert wrong.rogan_gladen.value is None
    assert "no more often" in wrong.rogan_gladen.why
    assert wrong.ppi.value == pytest.approx(0.4, abs=0.1)
    constant = calibrate([replace(row, score=1.0) for row in plain_sheet(population(3_000, true=0.4), 300)])
    assert constant.rogan_gladen.value is None
    assert constant.ppi.value == pytest.approx(constant.people.value or 0)


def test_labels_of_one_kind_have_no_sensitivity_but_a_rate() -> None:
    found = calibrate(plain_sheet([(0.0, 0.0)] * 1_000, 400))
    assert (found.sensitivity.value, found.rogan_gladen.value) == (None, None)
    assert found.specificity.value == 1.0
    assert found.ppi.value == 0.0
    assert found.ppi.high is not None
    assert 0.003 < found.ppi.high < 0.03


def test_an_instrument_that_always_says_yes_is_sure_to_have_specificity_zero() -> None:
    found = calibrate([replace(row, score=1.0) for row in plain_sheet(population(2_000, true=0.5), 300)]).specificity
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high is not None
    assert found.high < 0.01


def test_what_a_failed_judge_left_is_neither_yes_nor_no_and_people_s_labels_speak_for_it() -> None:
    rows = plain_sheet(population(2_000, true=0.1), 1_000)
    failed = [replace(row, score=None) if row.label == 1 else row for row in rows]
    found = calibrate(failed)
    assert found.judge_failed == sum(row.label == 1 for row in rows)
    assert found.sensitivity.value is None
    assert found.ppi.value == pytest.approx(0.1, abs=0.03)


def test_rows_with_nothing_to_judge_are_noes_that_need_no_label() -> None:
    rows = plain_sheet(population(2_000, true=0.3), 400)
    sure = [Row(f"empty {i}", 0.0, stratum=SURE) for i in range(2_000)]
    alone, whole = calibrate(rows), calibrate([*rows, *sure])
    assert whole.ppi.value == pytest.approx((alone.ppi.value or 0) / 2)
    assert (whole.labels, whole.sure, whole.rows) == (400, 2_000, 4_000)
    assert whole.specificity == alone.specificity, "an instrument earns nothing by them"


def test_a_difference_is_paired_by_goal() -> None:
    first = population(3_000, true=0.4, judge=(0.9, 0.9))
    second = [(score, label) if i % 5 else (0.0, 0.0) for i, (score, label) in enumerate(first)]
    one, two = plain_sheet(first, 600), plain_sheet(second, 600)
    paired = difference(one, two)
    apart = difference(one, [replace(row, goal=f"other {row.goal}") for row in two])
    assert paired.value == apart.value
    assert paired.low is not None
    assert paired.high is not None
    assert apart.low is not None
    assert apart.high is not None
    assert paired.high - paired.low < 0.7 * (apart.high - apart.low)
    back = difference(two, one)
    assert (back.value, back.low, back.high) == pytest.approx((-(paired.value or 0), -paired.high, -paired.low))


def test_a_difference_of_too_few_labels_is_none() -> None:
    enough, few = (plain_sheet(population(2_000, true=0.3), labels) for labels in (300, 50))
    assert difference(enough, few).value is None
    assert "too few labels" in difference(few, enough).why


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(Row("g", 0.0, label=0.5), id="half a label"),
        pytest.param(Row("g", 2.0), id="a score above 1"),
        pytest.param(Row("g", 0.0, chance=0.0), id="a row that could never be drawn"),
        pytest.param(Row("g", 1.0, stratum=SURE), id="an event where nothing was to judge"),
    ],
)
def test_rows_that_cannot_be_are_a_bug(row: Row) -> None:
    with pytest.raises(ValueError, match=r"label|score|chance"):
        calibrate([row])


ANY = st.builds(
    Row,
    goal=st.integers(0, 60).map(str),
    score=st.none() | st.floats(0, 1),
    label=st.sampled_from([None, 0, 1]),
    chance=st.floats(0.01, 1),
    stratum=st.sampled_from(["", "x", "y"]),
)


@settings(max_examples=60)
@given(st.lists(ANY, max_size=150), st.randoms())
def test_any_rows_give_shares_in_their_intervals_or_a_reason_in_any_order(rows: list[Row], draw: random.Random) -> None:
    found = calibrate(rows)
    for one in (found.ppi, found.people, found.rogan_gladen, found.sensitivity, found.specificity, found.precision):
        if one.value is None or one.low is None or one.high is None:
            assert one.why
        else:
            assert -1e-9 <= one.low <= one.value + 1e-6 <= one.high + 2e-6 <= 1 + 1e-5
        assert one.method
    shuffled = list(rows)
    draw.shuffle(shuffled)
    again = calibrate(shuffled)
    for name in ("ppi", "rogan_gladen", "sensitivity", "precision"):
        one, two = getattr(found, name), getattr(again, name)
        assert (one.value is None) == (two.value is None)
        if one.value is not None:
            assert (one.value, one.low, one.high) == pytest.approx((two.value, two.low, two.high), abs=1e-6)
