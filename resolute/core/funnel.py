"""A funnel: items go in, each leaves by one named reason or stays, and the numbers always add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")
Step = Literal["accept", "reserve", "duplicates", "student", "match", "draw"]
"""accept: may it be trained on; reserve: is it kept for evaluation; duplicates: is it there already; student: can the
student say it; match: is it of this arm, on prompts of every arm; draw: is it asked for."""


@dataclass
class Funnel(Generic[T]):
    """The items that are still in, and where the others left."""

    items: list[T]
    entered: int = 0
    left: list[tuple[T, Step, str]] = field(default_factory=list[tuple[T, Step, str]])
    """Item, step and reason, in the order in which they left."""

    def __post_init__(self) -> None:
        self.entered = len(self.items)

    def sift(self, step: Step, reason: Callable[[T], str]) -> None:
        """Let every item go for which there is a reason ("" keeps it)."""
        kept: list[T] = []
        for item in self.items:
            if why := reason(item):
                self.left.append((item, step, why))
            else:
                kept.append(item)
        self.items = kept

    def rows(self) -> list[dict[str, Any]]:
        """Step, reason and number of items, in order of steps, the most frequent reason first."""
        tally = Counter((step, why) for _, step, why in self.left)
        order = list(dict.fromkeys(step for _, step, _ in self.left))
        ranked = sorted(tally.items(), key=lambda item: (order.index(item[0][0]), -item[1], item[0][1]))
        return [{"step": step, "reason": why, "n": n} for (step, why), n in ranked]


def count_by(items: Iterable[T], label: Callable[[T], str]) -> dict[str, int]:
    """How many items have each label, by label."""
    return dict(sorted(Counter(label(item) for item in items).items()))
