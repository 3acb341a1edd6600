"""Orders to draw by: they depend on rows and seed alone, and a smaller set is part of a larger one."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.curation.selection import Choice, Select, ranked

CHOICES = st.lists(
    st.builds(Choice, st.uuids().map(str), st.sampled_from("abc"), st.sampled_from("xy"), st.floats(-9, 9)),
    max_size=40,
    unique_by=lambda choice: choice.name,
)
WAYS: list[Select] = ["random", "balance", "shortest", "likelihood"]


@given(CHOICES, st.sampled_from(WAYS), st.integers(0, 5), st.randoms(use_true_random=False))
def test_every_row_stands_once_and_the_order_of_the_inputs_changes_nothing(
    choices: list[Choice], how: Select, seed: int, chance: random.Random
) -> None:
    order = ranked(choices, how, seed=seed)
    assert sorted(order) == sorted(choice.name for choice in choices)
    assert ranked(chance.sample(choices, len(choices)), how, seed=seed) == order


@given(CHOICES, st.integers(0, 40))
def test_balance_is_even_over_categories_then_framings_as_far_as_they_go(choices: list[Choice], count: int) -> None:
    by_name = {choice.name: choice for choice in choices}
    taken = [by_name[name] for name in ranked(choices, "balance", seed=0)[:count]]
    there, drawn = Counter(c.category for c in choices), Counter(c.category for c in taken)
    most = max(drawn.values(), default=0)
    for category, number in there.items():
        assert drawn[category] in (most, most - 1) or drawn[category] == number < most
        inside = Counter(c.framing for c in choices if c.category == category)
        got = Counter(c.framing for c in taken if c.category == category)
        for framing, held in inside.items():
            top = max(got.values(), default=0)
            assert got[framing] in (top, top - 1) or got[framing] == held < top


@given(CHOICES)
def test_shortest_takes_the_smallest_and_likelihood_the_largest_value_first(choices: list[Choice]) -> None:
    value = {choice.name: choice.value for choice in choices}
    short = [value[name] for name in ranked(choices, "shortest", seed=0)]
    likely = [value[name] for name in ranked(choices, "likelihood", seed=0)]
    assert short == sorted(short)
    assert likely == sorted(likely, reverse=True)


@pytest.mark.parametrize("how", WAYS)
def test_another_seed_draws_other_rows_among_equals(how: Select) -> None:
    choices = [Choice(str(number)) for number in range(30)]
    assert ranked(choices, how, seed=0) != ranked(choices, how, seed=1)
