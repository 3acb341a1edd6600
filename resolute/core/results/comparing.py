"""Two models on the same goals: every task, attack and instrument they share, tested in pairs.

Goals that were trained on stand apart from the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from resolute.core.curation.overlap import Reserve, Reserved
from resolute.core.markdown import table
from resolute.core.rates import CONFIDENCE
from resolute.core.records import Event, Trace, Verdict
from resolute.core.results.tables import Part, by_goal
from resolute.core.statistics.effects import Effect, effect
from resolute.core.statistics.paired import Comparison, compare, detectable, holm, not_worse, worse

ALPHA = 1 - CONFIDENCE
Finding = Literal["lower", "higher", "not detected", "kept", "lost", "inconclusive"]
"""kept, lost, inconclusive: of an accuracy against the margin. lower, higher, not detected: of any other event."""
NEAR = 0.8
"""Jaccard similarity of words from which a goal is near one trained on."""
Nearness = Literal["unseen", "near", "seen"]
NEARNESS: tuple[Nearness, ...] = ("unseen", "near", "seen")
"""Of a goal to those trained on: seen - the same words; near - shared n-gram or similar (`core.curation.overlap`)."""


@dataclass(frozen=True)
class Answers:
    """What one model answered and what was said of it."""

    name: str
    traces: Sequence[Trace]
    verdicts: Sequence[Verdict]


@dataclass(frozen=True)
class Measure:
    """One thing that is measured."""

    task: str
    attack: str
    event: Event
    part: Part
    judge: str
    """With version and model: what differs in these is not compared."""


@dataclass(frozen=True)
class Row:
    """One measure of both models."""

    measure: Measure
    comparison: Comparison
    effect: Effect
    p: float
    """After Holm within all rows of the table."""
    finding: Finding
    smallest: float
    """Difference (a share) that would be found with 80% power; NaN if none would."""
    by_nearness: Mapping[Nearness, Comparison]
    """The same for goals by their nearness to the training goals; empty where those are not known."""


@dataclass
class Compared:
    """Everything two models were compared on."""

    first: str
    second: str
    margin: float
    rows: list[Row] = field(default_factory=list[Row])
    apart: list[tuple[str, Measure]] = field(default_factory=list[tuple[str, Measure]])
    """Measures of one model alone, with its name: another suite, or another version of an instrument."""
    trained_on: int = 0
    """Goals of the training set, 0 where it is not known."""


def compared(first: Answers, second: Answers, *, margin: float, trained: Iterable[str] = (), seed: int = 0) -> Compared:
    """Compare `second` with `first` on every measure both have; `trained` are goals that `second` was trained on.

    Holm corrects over all rows. Accuracy is tested one-sided against a loss of `margin`: *inconclusive* is a finding.
    """
    goals = sorted(set(trained))
    found = Compared(first.name, second.name, margin, trained_on=len(goals))
    ours, theirs = measures(first), measures(second)
    found.apart = [(first.name, one) for one in sorted(ours - theirs, key=order)]
    found.apart += [(second.name, one) for one in sorted(theirs - ours, key=order)]
    nearness = _nearness([*first.traces, *second.traces], goals)
    drafts: list[tuple[Measure, Comparison, Effect, dict[Nearness, Comparison]]] = []
    for measure in sorted(ours & theirs, key=order):
        scores = _scores(first, measure), _scores(second, measure)
        parted: dict[Nearness, Comparison] = {
            near: compare(*({g: s for g, s in one.items() if nearness[g] == near} for one in scores), seed=seed)
            for near in NEARNESS
            if goals
        }
        drafts.append((measure, compare(*scores, seed=seed), effect(*scores, seed=seed), parted))
    tests = holm([_tested(measure, comparison, margin) for measure, comparison, *_ in drafts])
    for (measure, comparison, size, parted), p in zip(drafts, tests, strict=True):
        finding = _finding(measure, comparison, p, margin)
        found.rows.append(Row(measure, comparison, size, p, finding, detectable(comparison), parted))
    return found


def measures(answers: Answers) -> set[Measure]:
    """Everything a model was measured on."""
    about = {trace.id: trace for trace in answers.traces}
    return {
        Measure(trace.task, trace.attack, verdict.event, verdict.part, verdict.judge)
        for verdict in answers.verdicts
        if (trace := about.get(verdict.trace)) is not None
    }


def order(measure: Measure) -> tuple[str, ...]:
    """The place of a measure in a table."""
    return measure.task, measure.attack, measure.event, measure.part, measure.judge


def _scores(answers: Answers, measure: Measure) -> dict[str, float]:
    traces = [one for one in answers.traces if (one.task, one.attack) == (measure.task, measure.attack)]
    return by_goal(traces, answers.verdicts, event=measure.event, judge=measure.judge, part=measure.part)


def _tested(measure: Measure, comparison: Comparison, margin: float) -> float:
    """Accuracy: the smaller of the two one-sided tests, doubled, so that either finding keeps its level."""
    if measure.event != "correct":
        return comparison.p
    return min(1.0, 2 * min(not_worse(comparison, margin), worse(comparison, margin)))


def _finding(measure: Measure, comparison: Comparison, p: float, margin: float) -> Finding:
    if measure.event == "correct":
        if p >= ALPHA:
            return "inconclusive"
        return "kept" if not_worse(comparison, margin) < worse(comparison, margin) else "lost"
    if p >= ALPHA:
        return "not detected"
    return "higher" if comparison.difference > 0 else "lower"


def _nearness(traces: Iterable[Trace], goals: Sequence[str]) -> dict[str, Nearness]:
    asked = {trace.prompt.goal for trace in traces}
    if not goals:
        return dict.fromkeys(asked, "unseen")
    trained = Reserve((Reserved(goal) for goal in goals), near=NEAR)
    hits = {goal: trained.overlap(goal) for goal in asked}
    return {goal: "unseen" if hit is None else "seen" if hit.how == "exact" else "near" for goal, hit in hits.items()}


def as_json(found: Compared) -> dict[str, Any]:
    """All of it as a mapping; what is not defined is null."""
    return {
        "schema": 1,
        "first": found.first,
        "second": found.second,
        "margin": found.margin,
        "trained_on": found.trained_on,
        "rows": [_row_json(row) for row in found.rows],
        "apart": [{"model": name, **vars(measure)} for name, measure in found.apart],
    }


def _row_json(row: Row) -> dict[str, Any]:
    parts: dict[str, Any] = {
        **vars(row.measure),
        **vars(row.comparison),
        "effect": {name: _number(value) for name, value in vars(row.effect).items()},
        "p_holm": row.p,
        "finding": row.finding,
        "smallest": row.smallest,
        "by_nearness": {near: {k: _number(v) for k, v in vars(one).items()} for near, one in row.by_nearness.items()},
    }
    return {name: _number(value) for name, value in parts.items()}


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def page(found: Compared) -> str:
    """The table for people, in Markdown."""
    head = ("task", "attack", "event", "part", "by", "goals", "first", "second", "difference, points", "p", "finding")
    lines = [f"# {found.second} against {found.first}", ""]
    lines += [*table(head, (_cells(row) for row in found.rows)), ""]
    sizes = ("task", "attack", "event", "part", "odds ratio", "Cohen's h", "bootstrap, points", "found from, points")
    lines += ["## Sizes", "", *table(sizes, (_sizes(row) for row in found.rows)), ""]
    if found.trained_on:
        lines += ["## By nearness to the training goals", ""]
        parted = ("task", "attack", "event", "part", "goals are", "goals", "first", "second", "difference, points")
        rows = [_parted(row, near, one) for row in found.rows for near, one in row.by_nearness.items() if one.goals]
        lines += [*table(parted, rows), ""]
        lines += [
            f"Seen: the words of one of {found.trained_on} training goals. Near: a shared n-gram, or similar.",
            "",
        ]
    if found.apart:
        lines += [
            "## Not compared",
            "",
            "One of the two has no such measure: another suite, or another instrument.",
            "",
        ]
        rows = [(name, one.task, one.attack, one.event, one.part, one.judge) for name, one in found.apart]
        lines += [*table(("model", "task", "attack", "event", "part", "by"), rows), ""]
    lines += [
        "Paired by goal, 95% intervals; p after Holm over all rows. Exact McNemar where each goal stands once, else "
        f"sign flips by goal. Accuracy is tested against a loss of {100 * found.margin:g} points: *kept*, *lost* or "
        "*inconclusive*; *not detected* is no proof of equality (see what would have been found).",
    ]
    return "\n".join(lines) + "\n"


def _labels(row: Row) -> tuple[str, ...]:
    one = row.measure
    return one.task, one.attack, one.event, one.part


def _cells(row: Row) -> tuple[object, ...]:
    one = row.comparison
    left = f" ({one.unpaired} unpaired)" if one.unpaired else ""
    by = row.measure.judge.partition(" ")[0]
    p = "<0.001" if row.p < 0.001 else f"{row.p:.3f}"
    return *_labels(row), by, f"{one.goals}{left}", *_shares(one), p, row.finding


def _shares(one: Comparison) -> tuple[str, str, str]:
    points = f"{100 * one.difference:+.1f} [{100 * one.low:+.1f}, {100 * one.high:+.1f}]"
    return f"{100 * one.first:.1f}%", f"{100 * one.second:.1f}%", points


def _sizes(row: Row) -> tuple[object, ...]:
    one = row.effect
    odds = "" if math.isnan(one.odds_ratio) else f"{one.odds_ratio:.2f} [{one.odds_low:.2f}, {one.odds_high:.2f}]"
    smallest = "none" if math.isnan(row.smallest) else f"{100 * row.smallest:.1f}"
    return *_labels(row), odds, f"{one.h:+.2f}", f"[{100 * one.low:+.1f}, {100 * one.high:+.1f}]", smallest


def _parted(row: Row, near: Nearness, one: Comparison) -> tuple[object, ...]:
    return *_labels(row), near, one.goals, *_shares(one)
