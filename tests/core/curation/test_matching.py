"""Matched arms: the same prompts, one trace each, in one order; with tokens, none has more than the smallest."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from resolute.core.curation.candidates import Candidate
from resolute.core.curation.matching import Matched, matched, strategies
from tests.stages.curation import trace

ARMS = ("a", "b", "c")
ANSWERED = st.lists(st.tuples(st.integers(0, 11), st.sampled_from(ARMS), st.integers(0, 2)), max_size=40, unique=True)


def candidates(answered: list[tuple[int, str, int]]) -> list[Candidate]:
    return [Candidate("traces", trace(number, arm, sample=sample)) for number, arm, sample in answered]


def length(candidate: Candidate) -> int:
    """As uneven over arms and prompts as can be."""
    return 1 + sum(map(ord, candidate.name)) % 17


def made(pool: list[Candidate], count: int, *, equal: bool, seed: int = 0) -> Matched:
    return matched(pool, ARMS, count, how="random", seed=seed, tokens=length, equal=equal)


def prompts(found: Matched, arm: str) -> list[str]:
    return [row.trace.prompt.id for row in found.arm(arm).rows]


@given(ANSWERED, st.integers(0, 12))
def test_every_arm_has_the_same_prompts_in_the_same_order_and_its_own_traces(
    answered: list[tuple[int, str, int]], count: int
) -> None:
    pool = candidates(answered)
    found = made(pool, count, equal=False)
    whole = {n for n, _, _ in answered if {(n, arm) for arm in ARMS} <= {(m, arm) for m, arm, _ in answered}}
    assert found.prompts == len(whole)
    for arm in ARMS:
        assert prompts(found, arm) == prompts(found, ARMS[0])
        assert {row.trace.strategy for row in found.arm(arm).rows} <= {arm}
        assert len(found.arm(arm).rows) == min(count, len(whole)) == len(set(prompts(found, arm)))
        assert found.arm(arm).loss_tokens == sum(map(length, found.arm(arm).rows))


@given(ANSWERED, st.integers(0, 12))
def test_equal_tokens_end_each_arm_before_the_smallest_total_is_passed(
    answered: list[tuple[int, str, int]], count: int
) -> None:
    pool = candidates(answered)
    free, equal = made(pool, count, equal=False), made(pool, count, equal=True)
    fewest = min(arm.loss_tokens or 0 for arm in free.arms)
    for arm in ARMS:
        kept, could = equal.arm(arm).rows, free.arm(arm).rows
        assert kept == could[: len(kept)], "the first prompts of the one order"
        assert sum(map(length, kept)) <= fewest
        assert len(kept) == len(could) or sum(map(length, could[: len(kept) + 1])) > fewest
    assert max(arm.loss_tokens or 0 for arm in equal.arms) == fewest


@given(ANSWERED, st.randoms(use_true_random=False), st.integers(0, 3))
def test_the_order_of_the_inputs_changes_nothing_and_every_trace_is_accounted_for(
    answered: list[tuple[int, str, int]], chance: random.Random, seed: int
) -> None:
    pool = candidates(answered)
    found = made(pool, 3, equal=True, seed=seed)
    assert made(chance.sample(pool, len(pool)), 3, equal=True, seed=seed) == found
    kept = {row.name for arm in found.arms for row in arm.rows}
    assert kept.isdisjoint(found.reasons)
    assert kept | set(found.reasons) == {candidate.name for candidate in pool}


def test_strategies_are_told_by_kind() -> None:
    pool = [Candidate("traces", trace(1, "a")), Candidate("traces", trace(2, "b"))]
    pool.append(Candidate("traces", trace(3, "a", kind="benign")))
    assert strategies(pool) == {"harmful": ("a", "b"), "benign": ("a",)}
