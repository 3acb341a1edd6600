"""Laws and known values of the paired tests."""

import math
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.statistics.paired import (
    compare,
    detectable,
    holm,
    mcnemar,
    mcnemar_power,
    not_worse,
    seed_interval,
    sign_flip,
    worse,
)

scores = st.dictionaries(st.sampled_from([f"g{i}" for i in range(30)]), st.sampled_from([0.0, 1.0]), min_size=1)
shares = st.dictionaries(st.sampled_from([f"g{i}" for i in range(9)]), st.floats(0, 1), min_size=1)


def _models(both: int, fallen: int, risen: int, neither: int) -> tuple[dict[str, float], dict[str, float]]:
    pairs = [(1.0, 1.0)] * both + [(1.0, 0.0)] * fallen + [(0.0, 1.0)] * risen + [(0.0, 0.0)] * neither
    return {f"g{i}": a for i, (a, _) in enumerate(pairs)}, {f"g{i}": b for i, (_, b) in enumerate(pairs)}


@pytest.mark.parametrize(
    ("risen", "fallen", "p"),
    [(0, 5, 0.0625), (0, 6, 0.03125), (1, 9, 0.021484375), (5, 5, 1.0), (0, 0, 1.0), (2, 8, 0.109375)],
    ids=["five one way is not enough", "six one way is", "textbook 1:9", "even", "nothing changed", "2:8"],
)
def test_exact_mcnemar_gives_the_binomial_values(risen: int, fallen: int, p: float) -> None:
    assert mcnemar(risen, fallen) == pytest.approx(p, abs=1e-12)


def test_the_interval_is_bonett_and_price_s() -> None:
    """Wald after one more goal is changed each way (Bonett and Price 2012), worked by hand for 1 and 7 of 21."""
    found = compare(*_models(1, 7, 1, 12))
    a, b = (1 + 1) / 23, (7 + 1) / 23
    error = math.sqrt((a + b - (a - b) ** 2) / 23)
    assert found.low == pytest.approx(a - b - 1.959964 * error, abs=1e-6)
    assert (round(found.low, 2), round(found.high, 2)) == (-0.51, -0.01)
    assert found.p == pytest.approx(0.0703125)


def test_a_sign_flip_of_equal_steps_is_mcnemar() -> None:
    assert sign_flip([-1.0] * 9 + [1.0]) == pytest.approx(mcnemar(1, 9), abs=1e-12)


def test_drawn_flips_agree_with_the_exact_test_and_do_not_change_between_runs() -> None:
    gaps = [-0.5] * 24 + [0.5] * 8
    assert sign_flip(gaps, seed=3) == sign_flip(gaps, seed=3)
    assert sign_flip(gaps) == pytest.approx(mcnemar(8, 24), abs=0.003)


def test_holm_multiplies_the_smallest_p_by_the_size_of_the_family() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_that_of_statsmodels(pvalues: list[float]) -> None:
    from statsmodels.stats.multitest import multipletests

    theirs: Any = multipletests(pvalues, method="holm")[1]
    assert holm(pvalues) == pytest.approx(list(theirs))


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 0.75]), min_size=20, max_size=40), st.randoms())
def test_no_order_of_goals_changes_a_drawn_p_and_turning_every_sign_does_not_either(
    gaps: list[float], random: Random
) -> None:
    turned = [-gap for gap in gaps]
    random.shuffle(turned)
    assert sign_flip(gaps) == sign_flip(turned)


@given(scores, scores)
def test_comparing_the_other_way_round_mirrors_everything(first: dict[str, float], second: dict[str, float]) -> None:
    there, back = compare(first, second), compare(second, first)
    assert there.p == back.p and there.goals == back.goals and there.unpaired == back.unpaired
    if there.goals:
        assert there.difference == -back.difference
        assert there.low == pytest.approx(-back.high)


@given(shares, shares)
def test_repeated_goals_mirror_too_and_the_interval_holds_the_smoothed_difference(
    first: dict[str, float], second: dict[str, float]
) -> None:
    found = compare(first, second)
    assert 0 <= found.p <= 1
    assert found.p == pytest.approx(compare(second, first).p)
    assert found.low < found.high


def test_goals_scored_for_one_model_only_are_counted_and_never_compared() -> None:
    found = compare({"a": 1.0, "b": 0.0}, {"b": 1.0, "c": 1.0})
    assert (found.goals, found.unpaired) == (1, 2)
    assert compare({"a": 1.0}, {"b": 1.0}).method == "none"


@pytest.mark.parametrize(("difference", "changed"), [(0.08, 0.16), (0.2, 0.2), (0.02, 0.3)])
def test_the_power_of_mcnemar_agrees_with_simulation(difference: float, changed: float) -> None:
    import numpy as np
    from scipy import stats

    goals, draws = 120, 4000
    up, down = (changed + difference) / 2, (changed - difference) / 2
    tables = np.random.default_rng(0).multinomial(goals, [up, down, 1 - up - down], draws)
    counts, returned = np.unique(tables[:, :2], axis=0, return_counts=True)
    rejected = [stats.binomtest(int(a), int(a + b)).pvalue <= 0.05 if a + b else False for a, b in counts]
    assert mcnemar_power(goals, difference, changed) == pytest.approx(np.dot(rejected, returned) / draws, abs=0.025)


def test_twelve_against_four_percent_at_fifty_goals_has_little_power() -> None:
    """The advice behind n >= 200: at n = 50 the difference of the study's 12% and 4% is mostly missed."""
    assert mcnemar_power(50, 0.08, 0.16) < 0.25
    assert mcnemar_power(400, 0.08, 0.16) > 0.9


def test_the_detectable_difference_has_eighty_percent_power() -> None:
    found = compare(*_models(10, 12, 6, 172))
    assert mcnemar_power(200, detectable(found), 18 / 200) == pytest.approx(0.8, abs=0.02)


def test_where_no_difference_could_be_found_the_detectable_one_is_not_a_number() -> None:
    assert math.isnan(detectable(compare(*_models(1, 1, 1, 1))))
    assert math.isnan(detectable(compare({}, {})))


def test_kept_lost_and_inconclusive_are_three_different_findings() -> None:
    kept, lost = compare(*_models(180, 4, 4, 12)), compare(*_models(100, 60, 2, 38))
    unclear = compare(*_models(20, 4, 3, 3))
    assert not_worse(kept, 0.05) < 0.05 < worse(kept, 0.05)
    assert worse(lost, 0.05) < 0.05 < not_worse(lost, 0.05)
    assert not_worse(unclear, 0.05) > 0.05 < worse(unclear, 0.05)


def test_three_seeds_get_a_t_interval_and_two_get_none() -> None:
    assert seed_interval([1.0, 2.0, 3.0]) == pytest.approx((2 - 4.302653 / math.sqrt(3), 2 + 4.302653 / math.sqrt(3)))
    with pytest.raises(ValueError, match="three"):
        seed_interval([0.1, 0.2])
