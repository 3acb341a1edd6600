"""What emerged and what did not: sentences that say no more than paired tests on the same goals support."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from resolute.core.paired import Comparison, compare, detectable, holm, not_worse, seed_interval, worse
from resolute.core.rates import CONFIDENCE
from resolute.stages.pages.measures import Column, Measures, mean_by_goal
from resolute.stages.pages.study import Study

ALPHA = 1 - CONFIDENCE
REFERENCE = "default"
"""The label (in any letter case) that other trained rows are compared with, beside the untouched model."""

Verdict = Literal["lower", "higher", "undetected", "kept", "lost", "inconclusive"]


@dataclass(frozen=True)
class Contrast:
    """`second` is compared with `first`."""

    first: str
    second: str


@dataclass(frozen=True)
class Tested:
    """One contrast in one column, corrected within its family."""

    contrast: Contrast
    column: Column
    comparison: Comparison
    p: float
    """After Holm within the family."""
    smallest: float
    """Difference (a share) that would be found with 80% power at the family's first step; NaN if none."""
    verdict: Verdict
    seeds: tuple[float, float] | None
    """t interval of the difference over training seeds, from three."""
    seed_count: int
    sentence: str


@dataclass(frozen=True)
class Family:
    """Tests that are corrected together."""

    title: str
    about: str
    tested: Sequence[Tested]


def contrasts(study: Study) -> list[Contrast]:
    """Each trained row against the untouched model, then against Default where there is one."""
    kinds = {label: study.first(label).kind for label in study.labels if study.measured(label)}
    raw = next((label for label, kind in kinds.items() if kind == "raw"), None)
    reference = next((label for label in kinds if label.casefold() == REFERENCE), None)
    others = [label for label in kinds if label != raw]
    found = [Contrast(raw, label) for label in others] if raw else []
    if reference:
        found += [Contrast(reference, label) for label in others if label != reference and kinds[label] == "trained"]
    return found


def families(measures: Measures, columns: Sequence[Column], margin: float) -> list[Family]:
    """The declared families: attack success, over-refusal, garbled (two-sided) and accuracy (non-inferiority)."""
    pairs = contrasts(measures.study)
    about = "two-sided, corrected by Holm over every comparison and column of the family"
    found = [
        _differences("Attack success", about, measures, pairs, [c for c in columns if c.event == "unsafe"]),
        _differences("Over-refusal", about, measures, pairs, [c for c in columns if c.event == "refused"]),
        _differences("Garbled share", about, measures, pairs, [c for c in columns if c.event == "garbled"]),
        _kept(measures, pairs, [c for c in columns if c.event == "correct"], margin),
    ]
    return [family for family in found if family.tested]


def _differences(
    title: str, about: str, measures: Measures, pairs: Sequence[Contrast], columns: Sequence[Column]
) -> Family:
    raw = _compared(measures, pairs, columns)
    corrected = holm([item.comparison.p for item in raw])
    tested: list[Tested] = []
    for item, p in zip(raw, corrected, strict=True):
        verdict = _verdict(item, p)
        smallest = detectable(item.comparison, alpha=ALPHA / len(raw))
        done = replace(item, p=p, smallest=smallest, verdict=verdict)
        tested.append(replace(done, sentence=_difference_sentence(done)))
    return Family(title, about, tested)


def _verdict(tested: Tested, p: float) -> Verdict:
    """A difference is claimed where test and interval agree, and from three training seeds on the seeds do too."""
    found = tested.comparison
    apart = found.low > 0 or found.high < 0
    if tested.seeds is not None:
        apart = apart and not tested.seeds[0] <= 0 <= tested.seeds[1]
    if p >= ALPHA or not apart:
        return "undetected"
    return "lower" if found.difference < 0 else "higher"


def _kept(measures: Measures, pairs: Sequence[Contrast], columns: Sequence[Column], margin: float) -> Family:
    """Accuracy against the untouched model alone: kept, lost or inconclusive, at the recipe's margin."""
    raws = {label for label in measures.study.labels if measures.study.first(label).kind == "raw"}
    raw = _compared(measures, [pair for pair in pairs if pair.first in raws], columns)
    safe = holm([not_worse(item.comparison, margin) for item in raw])
    bad = holm([worse(item.comparison, margin) for item in raw])
    tested: list[Tested] = []
    for item, kept, lost in zip(raw, safe, bad, strict=True):
        verdict: Verdict = "kept" if kept < ALPHA else "lost" if lost < ALPHA else "inconclusive"
        done = replace(item, p=lost if verdict == "lost" else kept, verdict=verdict)
        tested.append(replace(done, sentence=_kept_sentence(done, margin)))
    about = f"one-sided non-inferiority with a margin of {100 * margin:g} points, corrected by Holm"
    return Family("Accuracy", about, tested)


def _compared(measures: Measures, pairs: Sequence[Contrast], columns: Sequence[Column]) -> list[Tested]:
    found: list[Tested] = []
    for pair in pairs:
        for column in columns:
            comparison, seeds, count = _compare(measures, pair, column)
            if comparison.goals:
                found.append(Tested(pair, column, comparison, 1.0, math.nan, "undetected", seeds, count, ""))
    return found


def _compare(measures: Measures, pair: Contrast, column: Column) -> tuple[Comparison, tuple[float, float] | None, int]:
    first = {row.seed: measures.goals(row, column) for row in measures.study.measured(pair.first)}
    second = {row.seed: measures.goals(row, column) for row in measures.study.measured(pair.second)}
    pooled = compare(mean_by_goal(list(first.values())), mean_by_goal(list(second.values())))
    alone = next(iter(first.values())) if len(first) == 1 else None
    steps: list[float] = []
    for seed, scores in second.items():
        base = alone if alone is not None else first.get(seed, {})
        if goals := sorted(base.keys() & scores.keys()):
            steps.append(math.fsum(scores[goal] - base[goal] for goal in goals) / len(goals))
    return pooled, seed_interval(steps) if len(steps) >= 3 else None, len(second)


def digest(families: Sequence[Family], contrast: Contrast) -> str:
    """One sentence on a contrast: what each family of tests supports, with the range of the differences."""
    clauses: list[str] = []
    for family in families:
        mine = [tested for tested in family.tested if tested.contrast == contrast]
        if mine:
            clauses.append(_accuracy_clause(mine) if mine[0].column.event == "correct" else _clause(family, mine))
    text = "; ".join(clauses)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _clause(family: Family, tested: Sequence[Tested]) -> str:
    noun = family.title.lower()
    by_verdict = {v: [t for t in tested if t.verdict == v] for v in ("lower", "higher", "undetected")}
    said: list[str] = []
    for verdict in ("lower", "higher"):
        if some := by_verdict[verdict]:
            where = " everywhere" if len(some) == len(tested) > 1 else _joined([_where(t.column) for t in some])
            said.append(f"{verdict}{where} ({_range(some)})")
    if not said:
        return f"no detectable difference in {noun} ({_range(tested)}{_least(tested)})"
    rest = by_verdict["undetected"]
    missing = f", with no detectable difference{_joined([_where(t.column) for t in rest])}" if rest else ""
    return f"{noun} is {' and '.join(said)}{missing}"


def _accuracy_clause(tested: Sequence[Tested]) -> str:
    words = {
        "kept": "accuracy is kept",
        "lost": "accuracy is lost beyond the margin",
        "inconclusive": "whether accuracy is kept is inconclusive",
    }
    said = [f"{words[item.verdict]}{_where(item.column)} ({_points(item.comparison)})" for item in tested]
    return " and ".join(said)


def _range(tested: Sequence[Tested]) -> str:
    """One difference with its interval, or the smallest and the largest of several."""
    if len(tested) == 1:
        return _points(tested[0].comparison)
    steps = sorted((item.comparison.difference for item in tested), key=abs)
    return f"{signed(steps[0])} to {signed(steps[-1])} points"


def _least(tested: Sequence[Tested]) -> str:
    known = [item.smallest for item in tested if not math.isnan(item.smallest)]
    return f"; about {100 * max(known):.0f} would be detectable" if known else "; too few goals to detect any"


def _joined(places: Sequence[str]) -> str:
    return f"{','.join(places[:-1])} and{places[-1]}" if len(places) > 1 else places[0]


def _difference_sentence(tested: Tested) -> str:
    found, place = tested.comparison, _where(tested.column)
    if tested.verdict == "undetected":
        size = f"{_points(found)}{_least([tested])}"
        return f"No detectable difference{place} at {found.goals} goals ({size})." + _seeds_sentence(tested)
    word = "Lower" if tested.verdict == "lower" else "Higher"
    change = f"{100 * found.first:.1f}% to {100 * found.second:.1f}%"
    return f"{word}{place}: {change} ({_points(found)}, {found.goals} goals, {_p(tested.p)})." + _seeds_sentence(tested)


def _kept_sentence(tested: Tested, margin: float) -> str:
    found, place, points = tested.comparison, _where(tested.column), f"{100 * margin:g} points"
    head = {
        "kept": f"Kept within {points}{place}",
        "lost": f"Lost more than {points}{place}",
        "inconclusive": f"Inconclusive{place}: neither kept within {points} nor lost more can be shown",
    }[tested.verdict]
    change = f"{100 * found.first:.1f}% to {100 * found.second:.1f}%"
    return f"{head} ({change}, {_points(found)}, {found.goals} goals, {_p(tested.p)})." + _seeds_sentence(tested)


def _seeds_sentence(tested: Tested) -> str:
    """What the training seeds say, from three on."""
    if tested.seeds is None:
        return ""
    low, high = tested.seeds
    band = f"{signed(low)} to {signed(high)}"
    if tested.p < ALPHA and tested.verdict == "undetected":
        return f" These models differ ({_p(tested.p)}), but the {tested.seed_count} training seeds disagree: {band}."
    return f" Over {tested.seed_count} training seeds: {band}."


def _where(column: Column) -> str:
    """The place of a measurement, with a space before it; empty where its family's name says it."""
    if column.event == "unsafe":
        return " without an attack" if column.attack == "none" else f" under {column.detail}"
    return "" if column.name == column.title else f" on {column.task.rpartition('/')[2]}"


def _points(found: Comparison) -> str:
    return f"{signed(found.difference)} points [{signed(found.low)}, {signed(found.high)}]"


def signed(value: float) -> str:
    """A difference of shares in points, with a true minus sign; nothing is ever minus zero."""
    points = round(100 * value, 1)
    return f"{points or 0.0:+.1f}".replace("-", "\u2212")


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"
