"""Planned power is what the tests of a report really have, by simulation of these tests themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolute.core.errors import ResoluteError
from resolute.core.results.comparing import Answers
from resolute.core.statistics.paired import Comparison, compare, not_worse
from resolute.core.statistics.power.design import Design
from resolute.core.statistics.power.measured import correlation, measured
from resolute.core.statistics.power.powers import apart, clustered_kept_power, clustered_spread, mean_power
from resolute.core.statistics.power.told import told, told_measured, told_seeds
from tests.core.results.test_comparing import answers, drawn

DRAWS = 4_000


def share_of(first: float, second: float, goals: int, finds: Callable[[Comparison], bool]) -> float:
    """How often `finds` is true of two models whose events have nothing to do with each other."""
    cells = [first * second, first * (1 - second), (1 - first) * second, (1 - first) * (1 - second)]
    tables, counts = np.unique(
        np.random.default_rng(7).multinomial(goals, cells, DRAWS)[:, 1:3], axis=0, return_counts=True
    )
    found = [finds(compare(*models(goals, int(fallen), int(risen)))) for fallen, risen in tables]
    return float(np.dot(found, counts)) / DRAWS


def models(goals: int, fallen: int, risen: int) -> tuple[dict[str, float], dict[str, float]]:
    first = {str(goal): float(goal < fallen) for goal in range(goals)}
    return first, {goal: float(fallen <= int(goal) < fallen + risen) for goal in first}


def test_the_power_the_project_quotes_is_that_of_mcnemar_where_thirteen_of_a_hundred_goals_change() -> None:
    """.19 at 50 goals for 12% against 4%: between .18 for models that have nothing in common and .21, the most."""
    assert Design(0.12).power(50, 0.04) == pytest.approx(0.178, abs=0.001)
    assert Design(0.12, changed=0.13).power(50, 0.04) == pytest.approx(0.190, abs=0.001)
    assert Design(0.12, changed=0.08).power(50, 0.04) == pytest.approx(0.208, abs=0.001)


@pytest.mark.parametrize(("first", "second", "goals"), [(0.12, 0.04, 50), (0.5, 0.35, 120), (0.1, 0.25, 100)])
def test_the_power_of_a_paired_design_is_how_often_compare_finds_it(first: float, second: float, goals: int) -> None:
    found = share_of(first, second, goals, lambda one: one.p < 0.05)
    assert Design(first).power(goals, second) == pytest.approx(found, abs=0.025)


@pytest.mark.parametrize(("first", "second", "goals"), [(0.9, 0.9, 200), (0.9, 0.88, 300), (0.6, 0.55, 100)])
def test_the_power_to_find_accuracy_kept_is_how_often_not_worse_does(first: float, second: float, goals: int) -> None:
    found = share_of(first, second, goals, lambda one: not_worse(one, 0.05) < 0.05)
    assert Design(first, margin=0.05).power(goals, second) == pytest.approx(found, abs=0.025)


def test_unpaired_power_is_that_of_the_interval_by_simulation() -> None:
    rng = np.random.default_rng(5)
    ones, others = rng.binomial(50, 0.3, 40_000), rng.binomial(50, 0.1, 40_000)
    shares = (ones + 1) / 52, (others + 1) / 52
    error = np.sqrt(sum(share * (1 - share) for share in shares) / 52)
    away = abs(shares[0] - shares[1]) > 1.959964 * error
    assert Design(0.3, paired=False).power(50, 0.1) == pytest.approx(away.mean(), abs=0.01)


def test_without_a_difference_the_exact_tests_find_one_no_more_often_than_their_level() -> None:
    for goals in (10, 50, 200):
        assert Design(0.3).power(goals, 0.3) <= 0.05
        assert Design(0.3, tests=10).power(goals, 0.3) <= 0.005
    assert mean_power(80, 0.0, 0.4, alpha=0.05) == pytest.approx(0.05, abs=1e-6)


def test_one_answer_a_goal_is_the_clustered_design_at_its_end() -> None:
    """With one sample the spread over goals is what McNemar's changed share says, whatever the correlation."""
    changed = apart(0.3, 0.2)
    spread = clustered_spread(0.3, 0.2, changed, samples=1, correlation=0.7)
    assert spread**2 == pytest.approx(changed - 0.1**2)
    assert clustered_spread(0.3, 0.2, changed, samples=8, correlation=1.0) == pytest.approx(spread)


def test_more_samples_help_the_less_the_more_alike_they_are() -> None:
    power = [Design(0.3, samples=4, correlation=icc).power(80, 0.2) for icc in (0.1, 0.5, 0.9)]
    assert power == sorted(power, reverse=True)
    kept = [clustered_kept_power(200, 0.0, spread, margin=0.05, alpha=0.05) for spread in (0.1, 0.3, 0.6)]
    assert kept == sorted(kept, reverse=True)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([0.1, 0.3, 0.6]), st.sampled_from([-0.08, 0.1, 0.25]), st.sampled_from([1, 4]))
def test_the_goals_that_are_asked_for_give_the_power_and_fewer_do_not(first: float, step: float, samples: int) -> None:
    design = Design(first, samples=samples, correlation=0.3 if samples > 1 else 0.0)
    goals = design.goals(first + step)
    assert goals is not None
    assert all(design.power(more, first + step) >= 0.8 for more in range(goals, goals + 20))
    assert design.power(goals - 1, first + step) < 0.8


def test_the_smallest_difference_is_found_with_the_power_and_half_of_it_is_not() -> None:
    for design in (Design(0.2), Design(0.2, changed=0.3), Design(0.4, samples=4, correlation=0.5)):
        step = design.difference(300, sign=1)
        assert step is not None
        assert design.power(300, design.first + step) >= 0.8 > design.power(300, design.first + step / 2)
    assert Design(0.02).difference(30, sign=-1) is None, "there is nothing left to lower"


def test_a_loss_as_large_as_the_margin_is_never_kept_by_more_goals() -> None:
    design = Design(0.9, margin=0.05)
    assert design.goals(0.85) is None
    assert design.power(2_000, 0.85) < 0.06
    step = design.difference(1_500, sign=-1)
    assert step is not None and -0.05 < step < 0


@pytest.mark.parametrize(
    ("design", "second", "words"),
    [
        (Design(1.2), None, "not a share"),
        (Design(0.1, changed=0.1), 0.5, "of goals can change"),
        (Design(0.1, samples=4, paired=False), 0.5, "unpaired"),
        (Design(0.5, samples=4, correlation=0.1, changed=0.2), 0.4, "agree"),
    ],
)
def test_a_design_that_cannot_be_is_refused(design: Design, second: float | None, words: str) -> None:
    with pytest.raises(ResoluteError, match=words):
        design.check(second)


def test_the_correlation_of_answers_is_found_again() -> None:
    rng = np.random.default_rng(3)
    chances = rng.beta(0.4 * 1.5, 0.6 * 1.5, 3_000)  # 1 / (1 + 1.5) = .4
    groups = [[float(hit) for hit in rng.random(4) < chance] for chance in chances]
    assert correlation(groups) == pytest.approx(0.4, abs=0.03)
    assert correlation([[1.0], [0.0]]) == 0.0
    assert correlation([[1.0, 1.0], [1.0, 1.0]]) == 0.0


def test_two_runs_give_the_share_of_goals_that_changed_and_never_the_power_of_what_was_found() -> None:
    base, tuned = answers("base", drawn(200, 0.6, 1)), answers("tuned", drawn(200, 0.3, 2))
    (found,) = measured(base, tuned, Design(0.0, tests=4))
    both = [drawn(200, 0.6, 1), drawn(200, 0.3, 2)]
    share = sum(both[0][goal] != both[1][goal] for goal in both[0]) / 200
    assert found.design.changed == pytest.approx(share, abs=0.004)
    assert (found.goals, found.design.samples, found.design.tests) == (200, 1, 4)
    lines = told_measured([found], -0.1, goals=None, power=0.8)
    assert "goals for -10 points" in lines[0] and len(lines) == 3


def test_shuffled_rows_plan_the_same() -> None:
    base, tuned = answers("base", drawn(90, 0.6, 1)), answers("tuned", drawn(90, 0.3, 2))
    other, way = (Answers(one.name, one.traces[::-1], one.verdicts[::-1]) for one in (base, tuned))
    assert measured(base, tuned, Design(0.0)) == measured(other, way, Design(0.0))


def test_what_is_left_out_is_what_is_told() -> None:
    design = Design(0.12)
    assert any("0.18" in line for line in told(design, goals=50, second=0.04, power=0.8))
    assert any("198" in line for line in told(design, goals=None, second=0.04, power=0.8))
    assert any("points" in line for line in told(design, goals=200, second=None, power=0.8))
    assert any("not paired" in line for line in told(replace(design, paired=False), goals=50, second=0.04, power=0.8))
    assert (
        "12% against 4% at 50 goals, 4 answers each"
        in told(replace(design, samples=4), goals=50, second=0.04, power=0.8)[0]
    )
    assert "no difference" in told_seeds(2, 0.3, None, alpha=0.05, power=0.8)[0]
