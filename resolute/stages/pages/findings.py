"""What emerged and what did not: the declared families of paired tests on the same goals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from resolute.core.paired import Comparison, compare, detectable, holm, not_worse, seed_interval, worse
from resolute.stages.pages.columns import WANTED, Column
from resolute.stages.pages.contrast import ALPHA, Contrast, Family, Tested, Verdict
from resolute.stages.pages.measures import Measures
from resolute.stages.pages.shown import mean_by_goal
from resolute.stages.pages.study import Study
from resolute.stages.pages.words import difference_sentence, kept_sentence

REFERENCE = "default"
"""The label (in any letter case) that other trained rows are compared with, beside the untouched model."""


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
    """The declared families: attack success, refusals, garbled (two-sided), accuracy (non-inferiority)."""
    pairs = contrasts(measures.study)
    about = "two-sided, corrected by Holm over every comparison and column of the family"
    refused = [column for column in columns if column.event == "refused"]
    found = [
        _differences("Attack success", about, measures, pairs, [c for c in columns if c.event == "unsafe"]),
        _differences("Over-refusal", about, measures, pairs, [c for c in refused if c.title != WANTED]),
        _differences(WANTED, about, measures, pairs, [c for c in refused if c.title == WANTED]),
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
        tested.append(replace(done, sentence=difference_sentence(done)))
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
        verdict = _accuracy_verdict(item, kept, lost, margin)
        done = replace(item, p=lost if verdict == "lost" else kept, verdict=verdict)
        tested.append(replace(done, sentence=kept_sentence(done, margin)))
    about = f"one-sided non-inferiority with a margin of {100 * margin:g} points, corrected by Holm"
    return Family("Accuracy", about, tested)


def _accuracy_verdict(tested: Tested, kept: float, lost: float, margin: float) -> Verdict:
    """From the corrected p of both one-sided tests; from three training seeds on, the seeds must say the same."""
    low, high = tested.seeds or (math.inf, -math.inf)
    if kept < ALPHA and low > -margin:
        return "kept"
    return "lost" if lost < ALPHA and high < -margin else "inconclusive"


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
