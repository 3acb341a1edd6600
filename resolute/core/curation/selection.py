"""Which rows are taken where more are accepted than asked for: an order of them, of which the first so many are drawn.

Every way is an order that depends on the rows and the seed alone: the order of the inputs changes nothing, and a
smaller set is part of a larger one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from resolute.core.keys import derive

Select = Literal["random", "balance", "shortest", "likelihood"]
"""random: by a hash of seed and row. balance: even over categories, within each even over framings, as far as they go.
shortest: fewest tokens (words without a tokenizer) of thought and answer; brief safe thoughts were enough in the study
(Short CoT: 155 tokens a row), at the price of leaning towards easy goals. likelihood: what the student itself would
most likely have written, by mean log-probability a loss token; the further a trace lies from the student, the more
reasoning its training costs (arXiv 2602.02136)."""


@dataclass(frozen=True)
class Choice:
    """What is looked at of a row: `value` is its length or its log-probability where the way needs one."""

    name: str
    category: str = ""
    framing: str = ""
    value: float = 0.0


def ranked(choices: Iterable[Choice], how: Select, *, seed: int) -> list[str]:
    """The names of the choices, the first to be taken first. Ties go by the hash of seed and name."""
    drawn = sorted(choices, key=lambda choice: (derive(seed, "draw", choice.name), choice.name))
    if how == "shortest":
        drawn.sort(key=lambda choice: choice.value)
    elif how == "likelihood":
        drawn.sort(key=lambda choice: -choice.value)
    elif how == "balance":
        drawn = _even(drawn, seed)
    return [choice.name for choice in drawn]


def _even(drawn: list[Choice], seed: int) -> list[Choice]:
    """Each category gives its first row, then each its second; the rows of a category take turns over its framings."""
    turns: dict[tuple[str, str], int] = defaultdict(int)
    within: dict[str, list[tuple[int, int, Choice]]] = defaultdict(list)
    for choice in drawn:
        turn = turns[choice.category, choice.framing]
        turns[choice.category, choice.framing] += 1
        within[choice.category].append((turn, derive(seed, "framing", choice.category, choice.framing), choice))
    rows: list[tuple[int, int, str, Choice]] = []
    for category, members in within.items():
        members.sort(key=lambda member: member[:2])
        place = derive(seed, "category", category)
        rows += [(turn, place, category, choice) for turn, (_, _, choice) in enumerate(members)]
    return [row[3] for row in sorted(rows, key=lambda row: row[:3])]
