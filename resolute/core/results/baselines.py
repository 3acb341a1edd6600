"""A model beside its untouched base and beside what words alone do: rates with intervals, differences paired by goal.

Leakage is about goals and about framings: goals stand apart by their nearness to those trained on, and a framing that
training prompts were wrapped in is named so.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any, Literal

from resolute.core.markdown import table
from resolute.core.rates import Rate
from resolute.core.records import Example
from resolute.core.results.comparing import Answers, Compared, Measure, Row, as_json
from resolute.core.results.tables import cells
from resolute.core.statistics.paired import Comparison

Framed = Literal["trained framing", "held out", ""]
"""What the framing of an attack is to a model; empty where the attack has none, or nobody knows."""
_FRAMINGS = "framings:"


def framings_of(examples: Collection[Example]) -> frozenset[str]:
    """Names of the framings that training prompts were wrapped in; one in two of them counts for each."""
    return frozenset(name for example in examples for name in example.framing.split("+") if name)


def framed(attack: str, trained: Collection[str] | None) -> Framed:
    """What the framing that an attack names is to a model trained on these; None where those are not known."""
    if trained is None or not attack.startswith(_FRAMINGS):
        return ""
    return "trained framing" if attack.removeprefix(_FRAMINGS).partition(":")[0] in trained else "held out"


def plain(main: Answers, arms: Sequence[Answers], found: Sequence[Compared], trained: Collection[str] | None) -> Any:
    """All of it as plain values."""
    rates = [_rates(one) for one in (main, *arms)]
    names = [one.name for one in (main, *arms)]
    rows = [
        {
            **vars(measure),
            "framing": framed(measure.attack, trained),
            "rates": {name: some[measure].plain() for name, some in zip(names, rates, strict=True) if measure in some},
        }
        for measure in _measures(rates)
    ]
    return {"schema": 1, "model": main.name, "rates": rows, "against": [as_json(one) for one in found]}


def written(main: Answers, arms: Sequence[Answers], found: Sequence[Compared], trained: Collection[str] | None) -> str:
    """The page, in Markdown."""
    rates = [_rates(one) for one in (main, *arms)]
    head = ("task", "attack", "event", "part", "by", main.name, *(one.name for one in arms))
    body = ((*_labels(one, trained), *(str(some.get(one, "-")) for some in rates)) for one in _measures(rates))
    lines = [f"# {main.name} beside its baselines", "", *table(head, body), ""]
    rows = [(one.first, row) for one in found for row in one.rows]
    head = ("against", "task", "attack", "event", "part", "by", "goals", "difference, points", "p", "finding")
    lines += ["## Differences", "", *table(head, (_difference(name, row, trained) for name, row in rows)), ""]
    lines += [
        "Paired by goal, 95% intervals; p after Holm over the rows against one baseline. *not detected* is no proof of "
        "equality. `resolute compare` has sizes and what would have been found.",
        "",
    ]
    return "\n".join([*lines, *_nearness(found, rows, trained)])


def _nearness(found: Sequence[Compared], rows: Sequence[tuple[str, Row]], trained: Collection[str] | None) -> list[str]:
    goals = max((one.trained_on for one in found), default=0)
    if not goals:
        return ["Goals that were trained on are not known: nothing is split by them.", ""]
    parted = [
        (name, *_labels(row.measure, trained), near, one.goals, *_shares(one), _points(one))
        for name, row in rows
        if any(one.goals for near, one in row.by_nearness.items() if near != "unseen")
        for near, one in row.by_nearness.items()
        if one.goals
    ]
    if not parted:
        return [f"No goal asked here is one of the {goals} training goals, or near one.", ""]
    head = ("against", "task", "attack", "event", "part", "by", "goals are", "goals", "its rate", "here", "points")
    about = (
        f"Seen: the words of one of {goals} training goals. Near: a shared n-gram, or similar. Others are all unseen."
    )
    return ["## By nearness to the training goals", "", *table(head, parted), "", about, ""]


def _rates(answers: Answers) -> dict[Measure, Rate]:
    return {
        Measure(cell.task, cell.attack, cell.event, cell.part, cell.judge): cell.rate
        for cell in cells(answers.traces, list(answers.verdicts))
    }


def _measures(rates: Sequence[dict[Measure, Rate]]) -> list[Measure]:
    """Those of any, in one order."""
    found = {measure for some in rates for measure in some}
    return sorted(found, key=lambda one: (one.task, one.attack, one.event, one.part, one.judge))


def _labels(one: Measure, trained: Collection[str] | None) -> tuple[str, ...]:
    about = framed(one.attack, trained)
    attack = f"{one.attack} ({about})" if about else one.attack
    return one.task, attack, one.event, one.part, one.judge.partition(" ")[0]


def _difference(name: str, row: Row, trained: Collection[str] | None) -> tuple[object, ...]:
    one = row.comparison
    left = f" ({one.unpaired} unpaired)" if one.unpaired else ""
    p = "<0.001" if row.p < 0.001 else f"{row.p:.3f}"
    return name, *_labels(row.measure, trained), f"{one.goals}{left}", _points(one), p, row.finding


def _points(one: Comparison) -> str:
    if math.isnan(one.difference):
        return "-"
    return f"{100 * one.difference:+.1f} [{100 * one.low:+.1f}, {100 * one.high:+.1f}]"


def _shares(one: Comparison) -> tuple[str, str]:
    return f"{100 * one.first:.1f}%", f"{100 * one.second:.1f}%"
