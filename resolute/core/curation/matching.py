"""The same prompts in every strategy, and equal loss tokens: training arms that differ in their strategy alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from resolute.core.curation.candidates import Candidate
from resolute.core.curation.selection import Choice, Select, ranked
from resolute.core.keys import derive
from resolute.core.records import Kind

Match = Literal["prompts", "tokens"]
"""prompts: the same prompts in every strategy, one trace each. tokens: and no more loss tokens than the arm with the
fewest has."""


@dataclass(frozen=True)
class Arm:
    """What one strategy would train on."""

    strategy: str
    rows: tuple[Candidate, ...]
    loss_tokens: int | None
    """None where nobody counted."""


@dataclass(frozen=True)
class Matched:
    """Arms over one pool of prompts."""

    prompts: int
    """Prompts that every strategy has an accepted trace for."""
    arms: tuple[Arm, ...]
    reasons: Mapping[str, str]
    """Name of a candidate that is in no arm -> why."""

    def arm(self, strategy: str) -> Arm:
        return next(arm for arm in self.arms if arm.strategy == strategy)


def strategies(candidates: Iterable[Candidate]) -> dict[Kind, tuple[str, ...]]:
    """The strategies that each kind of goal was answered in. Rows of a kind with one are the same in every arm."""
    found: dict[Kind, set[str]] = defaultdict(set)
    for candidate in candidates:
        found[candidate.trace.prompt.kind].add(candidate.trace.strategy)
    return {kind: tuple(sorted(names)) for kind, names in found.items()}


def matched(
    pool: Sequence[Candidate],
    arms: Collection[str],
    count: int,
    *,
    how: Select,
    seed: int,
    tokens: Callable[[Candidate], int] | None,
    equal: bool,
) -> Matched:
    """`count` prompts that every arm has an accepted trace for, in one order for all arms.

    Of several samples of a prompt one is drawn. `equal`: an arm ends before the row with which its loss tokens would
    exceed those of the arm that has the fewest on these prompts. `how` is an order of prompts: random or balance.
    """
    by_prompt: dict[str, dict[str, list[Candidate]]] = defaultdict(lambda: defaultdict(list))
    for candidate in pool:
        by_prompt[candidate.trace.prompt.id][candidate.trace.strategy].append(candidate)
    whole = {name: samples for name, samples in by_prompt.items() if set(arms) <= set(samples)}
    reasons = {c.name: "its prompt lacks an accepted trace of another strategy" for c in pool}
    drawn: dict[tuple[str, str], Candidate] = {}
    for name, samples in whole.items():
        for strategy, some in samples.items():
            reasons |= {candidate.name: "another sample of its prompt is drawn" for candidate in some}
            drawn[name, strategy] = min(some, key=lambda c: (derive(seed, "sample", c.name), c.name))
    order = ranked((_choice(whole[name]) for name in whole), how, seed=seed)
    reasons |= {drawn[name, strategy].name: "not drawn" for name in order for strategy in arms}
    rows = {strategy: [drawn[name, strategy] for name in order[:count]] for strategy in sorted(arms)}
    sums = {strategy: [tokens(row) for row in each] if tokens else [] for strategy, each in rows.items()}
    fewest = min((sum(each) for each in sums.values()), default=0)
    made: list[Arm] = []
    for strategy, each in rows.items():
        fit = _within(sums[strategy], fewest) if equal else len(each)
        reasons |= {row.name: "the loss tokens of the smallest arm are reached" for row in each[fit:]}
        for row in each[:fit]:
            del reasons[row.name]
        made.append(Arm(strategy, tuple(each[:fit]), sum(sums[strategy][:fit]) if tokens else None))
    return Matched(len(whole), tuple(made), reasons)


def _choice(samples: Mapping[str, Sequence[Candidate]]) -> Choice:
    prompt = next(iter(samples.values()))[0].trace.prompt
    return Choice(prompt.id, prompt.category, prompt.framing)


def _within(tokens: Sequence[int], budget: int) -> int:
    """How many of the first rows stay within the budget."""
    total = 0
    for place, number in enumerate(tokens):
        total += number
        if total > budget:
            return place
    return len(tokens)
