"""Rows sorted by length, cut into the fewest batches whose padding stays below a share of all places.

Every cut is weighed against every other: a batch costs a price in tokens beside its padding, the cheapest cuts follow
from the cheapest cuts of fewer rows, and the highest price that keeps the share is looked for by halving.
"""

from __future__ import annotations

from collections.abc import Sequence

PADDING = 0.08
"""Of the places of all batches together, what may hold nothing."""
FEW = 32
"""So many rows of middling length are worth no batch of their own for this share of padding, whatever the others do."""
CUTS = 1_024
"""With more rows than this, cuts are looked for at some of them only,"""
STEP = 8
"""at every so many rows at most."""
_HALVINGS = 10


def runs(lengths: Sequence[int], *, room: int, more: int, rows: int) -> list[int]:
    """Rows of each batch, in the order of `lengths`: tokens of each row, the longest first.

    A batch has at most `rows` rows, and leaves each its length and `more` tokens within `room` tokens; one row is
    always a batch.
    """
    if not lengths:
        return []
    fits = [max(1, min(rows, room // max(length + more, 1))) for length in lengths]
    high = float(len(lengths) * max(lengths[0], 1))
    low = min(PADDING * FEW * max(sum(lengths) / len(lengths), 1), high)
    best = _cheapest(lengths, fits, low)
    for _ in range(_HALVINGS):
        price = (low * high) ** 0.5
        found = _cheapest(lengths, fits, price)
        if padding(lengths, found) <= PADDING:
            low, best = price, found
        else:
            high = price
    return best


def padding(lengths: Sequence[int], sizes: Sequence[int]) -> float:
    """Share of the places of these batches that hold nothing."""
    places = start = 0
    for size in sizes:
        places += lengths[start] * size
        start += size
    return 1 - sum(lengths) / places if places else 0.0


def _cheapest(lengths: Sequence[int], fits: Sequence[int], price: float) -> list[int]:
    """The cuts with the least places and prices; of two alike, that with the larger batches first."""
    import numpy as np

    count = len(lengths)
    step = max(1, min(fits[0], count // CUTS, STEP))
    cuts = np.append(np.arange(0, count, step), count)
    paid = np.full(len(cuts), np.inf)
    paid[0] = 0.0
    came = np.zeros(len(cuts), dtype=np.int64)
    for place, start in enumerate(cuts[:-1].tolist()):
        last = int(np.searchsorted(cuts, start + fits[start], side="right"))
        ends = slice(place + 1, last)
        offered = paid[place] + price + lengths[start] * (cuts[ends] - start)
        better = offered < paid[ends]
        paid[ends] = np.where(better, offered, paid[ends])
        came[ends] = np.where(better, place, came[ends])
    sizes: list[int] = []
    place = len(cuts) - 1
    while place:
        sizes.append(int(cuts[place] - cuts[came[place]]))
        place = int(came[place])
    return sizes[::-1]
