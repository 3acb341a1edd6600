"""What emerged and what did not: families of paired tests on the same goals, as the recipe declares them or by default.

What a recipe with families does not declare is exploratory: its differences are shown, none is tested or claimed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from resolute.core.settings import Report
from resolute.core.statistics.declared import Declared, families_of
from resolute.core.statistics.paired import detectable, holm, not_worse, worse
from resolute.stages.pages.arms import Arm, arms
from resolute.stages.pages.columns import WANTED, Column
from resolute.stages.pages.contrast import ALPHA, Contrast, Family, Tested, Verdict
from resolute.stages.pages.differences import difference
from resolute.stages.pages.measures import Measures
from resolute.stages.pages.study import Study
from resolute.stages.pages.styles import Goals, Restyled, styles, with_style
from resolute.stages.pages.words import difference_sentence, explored_sentence, kept_sentence

REFERENCE = "default"
"""The row (in any letter case) that other trained rows are compared with, beside the untouched model."""
TWO_SIDED = "two-sided, corrected by Holm over every comparison and column of the family"
EXPLORED = "exploratory, since the recipe does not declare it: differences with 95% intervals, no test and no claim"


@dataclass(frozen=True)
class _Plan:
    """A family before it is tested."""

    title: str
    pairs: Sequence[Contrast]
    columns: Sequence[Column]
    margin: float | None = None
    """Of a test whether something is kept; None: a difference is looked for."""
    declared: bool = False
    late: bool = False
    """Declared for the report, where the recipe of the study says nothing of it, or something else."""


def contrasts(study: Study, random: Sequence[str] = ()) -> list[Contrast]:
    """Each trained row against the untouched model, then against Default where there is one; at each place of the axes
    that are not random."""
    places: dict[tuple[str, ...], list[Arm]] = {}
    for arm in arms(study, random).values():
        places.setdefault(arm.place, []).append(arm)
    return [pair for some in places.values() for pair in _pairs(some)]


def _pairs(some: Sequence[Arm]) -> list[Contrast]:
    raw = next((arm for arm in some if arm.kind == "raw"), None)
    reference = next((arm for arm in some if arm.name.casefold() == REFERENCE), None)
    others = [arm for arm in some if arm is not raw]
    found = [Contrast(raw.label, arm.label) for arm in others] if raw else []
    if reference:
        found += [
            Contrast(reference.label, arm.label) for arm in others if arm is not reference and arm.kind == "trained"
        ]
    return found


def families(measures: Measures, columns: Sequence[Column], settings: Report) -> list[Family]:
    """The declared families, and what is exploratory beside them; without any the default ones: attack success,
    refusals, garbled (two-sided), accuracy (non-inferiority)."""
    plain = _default(measures.study, columns, settings)
    found = arms(measures.study, settings.random)
    if not settings.families:
        return [family for plan in plain if (family := _tested(plan, measures.goals, found)).tested]
    before = families_of(measures.study.recipe)
    declared = [
        _declared(name, family, columns, settings, late=before.get(name) != family)
        for name, family in settings.families.items()
    ]
    taken = {(pair, column) for plan in declared for pair in plan.pairs for column in plan.columns}
    rest = [_explored(plan, measures.goals, found, taken) for plan in plain]
    return [*(_tested(plan, measures.goals, found) for plan in declared), *(family for family in rest if family.tested)]


def _default(study: Study, columns: Sequence[Column], settings: Report) -> list[_Plan]:
    pairs = contrasts(study, settings.random)
    raws = {label for label, arm in arms(study, settings.random).items() if arm.kind == "raw"}
    refused = [column for column in columns if column.event == "refused"]
    return [
        _Plan("Attack success", pairs, [column for column in columns if column.event == "unsafe"]),
        _Plan("Over-refusal", pairs, [column for column in refused if column.title != WANTED]),
        _Plan(WANTED, pairs, [column for column in refused if column.title == WANTED]),
        _Plan("Garbled share", pairs, [column for column in columns if column.event == "garbled"]),
        _Plan(
            "Accuracy",
            [pair for pair in pairs if pair.first in raws],
            [column for column in columns if column.event == "correct"],
            settings.margin,
        ),
    ]


def _declared(name: str, family: Declared, columns: Sequence[Column], settings: Report, *, late: bool) -> _Plan:
    pairs = [Contrast(first, second) for first, second in family.contrasts]
    mine = [column for column in columns if family.takes(column.event, column.name)]
    margin = (family.margin or settings.margin) if family.test == "kept" else None
    return _Plan(name, pairs, mine, margin, declared=True, late=late)


def _tested(plan: _Plan, goals: Goals, found: Mapping[str, Arm]) -> Family:
    """A family, corrected over all its tests; one that is declared and not possible counts as having found nothing."""
    raw = _compared(plan.pairs, plan.columns, goals, found)
    missing = len(plan.pairs) * len(plan.columns) - len(raw) if plan.declared else 0
    about = TWO_SIDED
    if plan.margin is not None:
        about = f"one-sided non-inferiority with a margin of {100 * plan.margin:g} points, corrected by Holm"
    if plan.late:
        about += "; declared for this report, and not so in the recipe that the study ran with"
    if missing:
        about += (
            f"; {missing} of {missing + len(raw)} declared tests could not be made and count as having found nothing"
        )
    if plan.declared and not plan.columns:
        about = "declared, but no column of this study is meant by it: nothing was tested"
    test = _differences if plan.margin is None else _kept
    tested = test(raw, missing, plan.margin or 0.0)
    for style in styles([found[label] for label in dict.fromkeys(name for item in raw for name in _ends(item))]):
        again = _compared(plan.pairs, plan.columns, Restyled(style).goals, found)
        tested = with_style(tested, style, test(again, missing, plan.margin or 0.0))
    return Family(plan.title, about, tested)


def _ends(tested: Tested) -> tuple[str, str]:
    return tested.contrast.first, tested.contrast.second


def _explored(plan: _Plan, goals: Goals, found: Mapping[str, Arm], taken: set[tuple[Contrast, Column]]) -> Family:
    raw = _compared(plan.pairs, plan.columns, goals, found)
    rest = [
        replace(item, p=math.nan, verdict="exploratory") for item in raw if (item.contrast, item.column) not in taken
    ]
    said = [replace(item, sentence=explored_sentence(item)) for item in rest]
    return Family(f"{plan.title}, exploratory", EXPLORED, said, exploratory=True)


def _differences(raw: Sequence[Tested], missing: int, _margin: float) -> list[Tested]:
    corrected = _corrected([item.comparison.p for item in raw], missing)
    tested: list[Tested] = []
    for item, p in zip(raw, corrected, strict=True):
        smallest = detectable(item.comparison, alpha=ALPHA / (len(raw) + missing))
        done = replace(item, p=p, smallest=smallest, verdict=_verdict(item, p))
        tested.append(replace(done, sentence=difference_sentence(done)))
    return tested


def _verdict(tested: Tested, p: float) -> Verdict:
    """A difference is claimed where test and interval agree and, from three training seeds or levels of the outermost
    random axis on, so do these."""
    found = tested.comparison
    if p >= ALPHA or not (found.low > 0 or found.high < 0):
        return "undetected"
    if tested.seeds is not None and not (tested.seeds[0] > 0 if found.difference > 0 else tested.seeds[1] < 0):
        return "not separable"
    return "lower" if found.difference < 0 else "higher"


def _kept(raw: Sequence[Tested], missing: int, margin: float) -> list[Tested]:
    """Kept, lost or inconclusive at the margin; of a column where low is good, a rise is the loss."""
    upright = [_upright(item) for item in raw]
    safe = _corrected([not_worse(item.comparison, margin) for item in upright], missing)
    bad = _corrected([worse(item.comparison, margin) for item in upright], missing)
    tested: list[Tested] = []
    for item, kept, lost in zip(raw, safe, bad, strict=True):
        verdict = _kept_verdict(_upright(item), kept, lost, margin)
        done = replace(item, p=lost if verdict == "lost" else kept, verdict=verdict, margin=margin)
        tested.append(replace(done, sentence=kept_sentence(done, margin)))
    return tested


def _upright(tested: Tested) -> Tested:
    """The same with the sign turned where low is good, so that a loss is below zero."""
    if tested.column.better == "high":
        return tested
    seeds = (-tested.seeds[1], -tested.seeds[0]) if tested.seeds else None
    return replace(tested, comparison=replace(tested.comparison, centre=-tested.comparison.centre), seeds=seeds)


def _kept_verdict(tested: Tested, kept: float, lost: float, margin: float) -> Verdict:
    """From the corrected p of both one-sided tests; from three training seeds on, the seeds must say the same."""
    low, high = tested.seeds or (math.inf, -math.inf)
    if kept < ALPHA and low > -margin:
        return "kept"
    return "lost" if lost < ALPHA and high < -margin else "inconclusive"


def _corrected(values: Sequence[float], missing: int) -> list[float]:
    return holm([*values, *([1.0] * missing)])[: len(values)]


def _compared(
    pairs: Sequence[Contrast], columns: Sequence[Column], goals: Goals, found: Mapping[str, Arm]
) -> list[Tested]:
    made: list[Tested] = []
    for pair in pairs:
        for column in columns:
            if pair.first not in found or pair.second not in found:
                continue
            one = difference(goals, found[pair.first], found[pair.second], column)
            if one.comparison.goals:
                blank = Tested(pair, column, one.comparison, 1.0, math.nan, "undetected", one.interval, one.count, "")
                made.append(replace(blank, repeated=one.repeated))
    return made
