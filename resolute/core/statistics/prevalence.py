"""How often the event happens, from an instrument's scores on every row and people's labels on a drawn few.

`calibrate` says how often the instrument is wrong (sensitivity, specificity) and what the rate is once that is taken
into account, in two ways: Rogan-Gladen, which corrects the share of yes verdicts, and prediction-powered inference
(PPI++), which uses the scores only as far as they tell something of the labels, and is never worse than the labels
alone. The target is the rate over goals like these (`two_phase`), so the intervals stand beside those of `rates`.

Where the intervals hold: `bench/judging_coverage.py` simulates them. In the stated region - 300 labels or more, or
100 or more with a rate of .1 to .9 - between 93 and 97 of 100 hold the true rate. With fewer than 100 labels, with
labels on fewer than 20 goals, or with fewer than 300 and a rate that seems below .03 or above .97, there is none:
the answer is how many labels would do. Fewer than 300 and a rate that seems below .1 or above .9 get a rate that says
that they are few: one cannot tell such a rate from one of .02, where as many as 9 of 100 such intervals are wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from resolute.core.rates import Rate, rate
from resolute.core.statistics.cells import HALF, Cells, Range, Sample, tally
from resolute.core.statistics.two_phase import Limits, accuracy, powered, precision, rogan_gladen

LEAST = 100
"""Labels below which no corrected rate is given."""
ENOUGH = 300
"""Labels that are enough at any rate of .02 to .98; `LEAST` are between `COMMON` and 1 - `COMMON`."""
COMMON = 0.1
RARE = 0.03
"""Below `ENOUGH` labels, an estimate nearer to 0 or 1 than this is not given."""
LIMIT = 0.02
"""An estimate nearer to 0 or 1 than this is given with a warning, however many labels there are, unless all rows have
one: measured intervals held the true rate in .90 to .93 of draws there."""
GOALS = 20
"""Labelled goals below which no corrected rate is given."""

SURE = "nothing to judge"
"""Stratum of rows in which the model left nothing to judge: the event did not happen, no label is needed."""

CELLS = "MOVER of Jeffreys limits by stratum and verdict, goals as clusters"


@dataclass(frozen=True)
class Row:
    """One judged row of the population."""

    goal: str
    score: float | None
    """The instrument's, 0..1; None: judge failed."""
    label: float | None = None
    """People's, 0 or 1; None: not labelled."""
    chance: float = 1.0
    """With which the row came into the sheet: above 0 for every row, drawn or not."""
    stratum: str = ""
    """Rows that were drawn together; `SURE` where nothing had to be."""


@dataclass(frozen=True)
class Estimate:
    """A share or a difference with its 95% interval, all None where it cannot be given; `why` is that, or a warning."""

    value: float | None
    low: float | None
    high: float | None
    method: str
    why: str = ""

    def __str__(self) -> str:
        if self.value is None or self.low is None or self.high is None:
            return self.why
        shown = f"{100 * self.value:.1f}% [{100 * self.low:.1f}, {100 * self.high:.1f}]"
        return f"{shown} ({self.why})" if self.why else shown


@dataclass(frozen=True)
class Calibration:
    """One instrument against people on one population of rows."""

    rows: int
    """In the population, those with nothing to judge included."""
    sure: int
    """Of them, with nothing to judge by the model's own fault: 0 in every rate here."""
    judge_failed: int
    """Rows without a verdict: in `ppi`, whose labels speak for them, and in no other figure."""
    labels: int
    goals: int
    """Different goals among the labelled rows."""
    positives: int
    """Labelled rows in which the event happened."""
    raw: Rate
    """The instrument's own rate, uncorrected."""
    sensitivity: Estimate
    specificity: Estimate
    precision: Estimate
    """Of what the instrument flags, the share that is so."""
    people: Estimate
    """The rate by the labels alone, weighted."""
    rogan_gladen: Estimate
    ppi: Estimate
    power: float
    """Lambda: how much of the scores PPI++ uses, 0 (the labels alone) to 1."""
    enough: int
    """Labels that would do; 0 where there are enough."""


def calibrate(rows: Sequence[Row]) -> Calibration:
    """Sensitivity, specificity and corrected rates. Rows may come in any order.

    Raises `ValueError` for scores, labels or chances that are none.
    """
    _check(rows)
    labelled = [row for row in rows if row.label is not None and row.stratum != SURE]
    scored = [row for row in rows if row.score is not None]
    enough, ppi, why = _answer(rows)
    alone = _powered([replace(row, score=None) for row in rows]) if ppi else None
    return Calibration(
        rows=len(rows),
        sure=sum(row.stratum == SURE for row in rows),
        judge_failed=len(rows) - len(scored),
        labels=len(labelled),
        goals=len({row.goal for row in labelled}),
        positives=sum(row.label == 1 for row in labelled),
        raw=rate([row.score for row in rows], [row.goal for row in rows]),
        sensitivity=_accuracy(scored, of=1),
        specificity=_accuracy(scored, of=0),
        precision=_precision(scored),
        people=_estimate(alone, f"labels alone; {CELLS}", why),
        rogan_gladen=_rogan_gladen(scored, why, given=ppi is not None),
        ppi=_estimate(ppi, f"PPI++; {CELLS}", why),
        power=float(ppi.power) if ppi is not None else 0.0,
        enough=enough,
    )


def difference(first: Sequence[Row], second: Sequence[Row]) -> Estimate:
    """Rate of `first` minus that of `second`, each from labels of its own; goals that both have are paired.

    MOVER for a difference of correlated estimates (Zou and Donner 2008), with the correlation of the goals' influences
    on the two. Neither arm's instrument need be right, nor wrong in the same way, since each has its own labels.
    """
    import numpy as np

    method = "PPI++ in each arm, MOVER for their difference, paired by goal"
    aligned: list[Limits] = []
    arms: list[Limits] = []
    for rows in (first, second):
        _check(rows)
        _, found, why = _answer(rows)
        if found is None:
            return Estimate(None, None, None, method, why)
        arms.append(found)
    goals = [sorted({row.goal for row in rows}) for rows in (first, second)]
    place = {goal: number for number, goal in enumerate(sorted({*goals[0], *goals[1]}))}
    for arm, names in zip(arms, goals, strict=True):
        wide = np.zeros(len(place))
        wide[[place[name] for name in names]] = arm.influence
        aligned.append(replace(arm, influence=wide))
    value, low, high = gap(*aligned)
    return Estimate(float(value), float(low), float(high), method)


def gap(first: Limits, second: Limits) -> tuple[Any, Any, Any]:
    """The difference of two estimates with its limits; their influences are of the same goals."""
    import numpy as np

    shared = (first.influence * second.influence).sum(-1)
    spread = np.sqrt((first.influence**2).sum(-1) * (second.influence**2).sum(-1))
    correlation = np.divide(shared, spread, out=np.zeros_like(spread), where=spread > 0)
    down, up = first.value - first.low, first.high - first.value
    below, above = second.value - second.low, second.high - second.value
    value = first.value - second.value
    low = np.sqrt(np.maximum(down**2 + above**2 - 2 * correlation * down * above, 0.0))
    high = np.sqrt(np.maximum(up**2 + below**2 - 2 * correlation * up * below, 0.0))
    return value, np.maximum(value - low, -1.0), np.minimum(value + high, 1.0)


def sample(rows: Sequence[Row]) -> Sample:
    """The arrays of a population. Strata without a label are put together with the others, whose weights speak for
    them; rows with nothing to judge keep a stratum of their own."""
    import numpy as np

    ordered = sorted(rows, key=lambda row: row.goal)
    wanted = {row.stratum for row in ordered if row.stratum != SURE}
    having = {row.stratum for row in ordered if row.stratum != SURE and row.label is not None}
    names = [row.stratum if row.stratum == SURE or wanted == having else "" for row in ordered]
    codes = {name: code for code, name in enumerate(sorted(set(names)))}
    goals = [row.goal for row in ordered]
    sure = [row.stratum == SURE for row in ordered]
    return Sample(
        score=np.array([math.nan if row.score is None else row.score for row in ordered]),
        label=np.array([0.0 if s else math.nan if row.label is None else row.label for row, s in _with(ordered, sure)]),
        weight=np.array([1.0 if s else 1 / row.chance for row, s in _with(ordered, sure)]),
        stratum=np.array([codes[name] for name in names], dtype=int),
        strata=len(codes),
        starts=np.array([i for i, goal in enumerate(goals) if not i or goal != goals[i - 1]], dtype=int),
    )


def _with(rows: Sequence[Row], sure: Sequence[bool]) -> list[tuple[Row, bool]]:
    return list(zip(rows, sure, strict=True))


def _check(rows: Sequence[Row]) -> None:
    for row in rows:
        if row.label not in (None, 0, 1):
            raise ValueError(f"a label is 0 or 1, not {row.label!r}")
        if row.score is not None and not 0 <= row.score <= 1:
            raise ValueError(f"a score lies in 0..1, not at {row.score!r}")
        if not 0 < row.chance <= 1:
            raise ValueError(f"every row has a chance above 0 and up to 1, not {row.chance!r}")
        if row.stratum == SURE and row.score:
            raise ValueError("a row with nothing to judge has score 0")


def _answer(rows: Sequence[Row]) -> tuple[int, Limits | None, str]:
    """How many labels would do (0: these do); PPI++ where these allow it; and what to say of them."""
    there = sum(row.stratum != SURE for row in rows)
    labelled = [row for row in rows if row.label is not None and row.stratum != SURE]
    goals = len({row.goal for row in labelled})
    found = _powered(rows) if labelled else None
    share = float(found.value) if found else math.nan
    need = min(LEAST if COMMON <= share <= 1 - COMMON else ENOUGH, there)
    enough = need if len(labelled) < need else 0
    if len(labelled) < min(LEAST, there) or (enough and rare(share)):
        return enough, None, f"too few labels: {len(labelled)}, about {need} would do"
    if goals < GOALS:
        return enough, None, f"too few labels: they are on {goals} goals, {GOALS} would do"
    if enough:
        return enough, found, f"few labels for so rare a rate: about {need} would do"
    untried = len(labelled) < there and not LIMIT <= share <= 1 - LIMIT
    return enough, found, "rarer than what was measured: such intervals may hold in 90 of 100" if untried else ""


def rare(share: Any) -> Any:
    """Whether an estimate is one that fewer than `ENOUGH` labels do not allow."""
    return (share < RARE) | (share > 1 - RARE)


def _powered(rows: Sequence[Row]) -> Limits:
    found = sample(rows)
    return powered(found, tally(found))


def _rogan_gladen(scored: Sequence[Row], why: str, *, given: bool) -> Estimate:
    """Over rows with a verdict alone: where judges failed, what they left unscored is not in it."""
    method = f"Rogan-Gladen, (q + sp - 1) / (se + sp - 1) at a score of {HALF}; {CELLS}"
    missing = _one_sided(scored) if given else why
    if missing:
        return Estimate(None, None, None, method, missing)
    found = sample(scored)
    limits = rogan_gladen(found, tally(found))
    if math.isnan(float(limits.value)):
        return Estimate(None, None, None, method, "the instrument says yes no more often where people do")
    return _estimate(limits, method, why)


def _one_sided(rows: Sequence[Row]) -> str:
    """Sensitivity needs rows that are so, specificity rows that are not."""
    labels = {row.label for row in rows if row.label is not None or row.stratum == SURE}
    return "" if labels >= {0, 1} else f"every label is {'yes' if labels == {1} else 'no'}" if labels else "no labels"


def _accuracy(scored: Sequence[Row], *, of: int) -> Estimate:
    """Over rows that were judged: those with nothing to judge say nothing of an instrument."""
    method = "weighted by inclusion probability; MOVER of Jeffreys limits for a ratio, goals as clusters"
    judged = [row for row in scored if row.stratum != SURE]
    if not any(row.label == of for row in judged):
        return Estimate(None, None, None, method, f"no row is labelled {'yes' if of else 'no'}")
    found = sample(judged)
    cells: Cells = tally(found)
    return _estimate(accuracy(found, cells, of=of), method, "")


def _precision(scored: Sequence[Row]) -> Estimate:
    method = f"weighted by inclusion probability, among scores from {HALF}; {CELLS}"
    judged = [row for row in scored if row.stratum != SURE]
    flagged = [row for row in judged if row.score is not None and row.score >= HALF]
    if not any(row.label is not None for row in flagged):
        return Estimate(None, None, None, method, "no flagged row is labelled" if flagged else "it flags no row")
    found = sample(judged)
    return _estimate(precision(found, tally(found)), method, "")


def _estimate(found: Limits | Range | None, method: str, why: str) -> Estimate:
    if found is None:
        return Estimate(None, None, None, method, why)
    return Estimate(float(found.value), float(found.low), float(found.high), method, why)
