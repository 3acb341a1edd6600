"""Rows sorted by length are cut into few batches with little padding."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest

from resolute.models.batches import PADDING, padding, runs

VAST = 10**9


def drawn(count: int, seed: int = 0) -> list[int]:
    draw = Random(seed)
    return sorted((round(draw.lognormvariate(5, 0.5)) + 20 for _ in range(count)), reverse=True)


@pytest.mark.parametrize("count", [1, 2, 33, 500, 3_000, 20_000])
def test_every_row_is_in_one_batch(count: int) -> None:
    sizes = runs(drawn(count), room=VAST, more=8, rows=512)
    assert sum(sizes) == count
    assert all(1 <= size <= 512 for size in sizes)


@pytest.mark.parametrize("count", [1_000, 5_000])
@pytest.mark.parametrize("seed", range(3))
def test_many_rows_keep_the_share_of_padding_in_few_batches(count: int, seed: int) -> None:
    lengths = drawn(count, seed)
    sizes = runs(lengths, room=VAST, more=8, rows=512)
    assert padding(lengths, sizes) <= PADDING
    assert len(sizes) <= count / 64


def test_no_cuts_into_as_few_batches_pad_less() -> None:
    lengths = [90, 88, 85, 60, 59, 57, 30, 29, 12, 11]
    lengths = [length for length in lengths for _ in range(20)]
    sizes = runs(lengths, room=VAST, more=8, rows=512)
    cuts = combinations(range(20, 200, 20), len(sizes) - 1)
    least = min(padding(lengths, [b - a for a, b in zip((0, *cut), (*cut, 200), strict=True)]) for cut in cuts)
    assert len(sizes) > 1
    assert padding(lengths, sizes) == pytest.approx(least)


def test_a_batch_leaves_its_rows_their_room() -> None:
    lengths = drawn(2_000)
    start = 0
    for size in runs(lengths, room=4_000, more=50, rows=512):
        assert size == 1 or size * (lengths[start] + 50) <= 4_000
        start += size


def test_without_room_for_one_row_each_row_is_tried_alone() -> None:
    assert runs([9, 8, 7], room=0, more=5, rows=512) == [1, 1, 1]


def test_a_few_rows_are_one_batch_however_long() -> None:
    assert runs([500, 100], room=VAST, more=8, rows=512) == [2]
    assert runs([0, 0, 0], room=VAST, more=0, rows=512) == [3]
    assert runs([], room=VAST, more=8, rows=512) == []
