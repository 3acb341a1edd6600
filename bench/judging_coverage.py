"""How often the intervals of `resolute judge calibrate` hold the true rate, by simulation.

Run: python -m bench.judging_coverage [--out docs/measured]

Rows are drawn from a population of goals with a known rate, judged with a known sensitivity and specificity, and a
sheet of n rows is drawn as `core.people.sheets` draws it: stratified by verdict, or without strata. With repeated goals
each goal stands four times, its own chance of the event beta-distributed (correlation .3). The target is the rate over
goals, not over the rows at hand. In the stated region (300 labels, or 100 with .1 <= p <= .9) coverage of Rogan-Gladen
and PPI++ must be .93 to .97 of the draws that got an answer. 50 labels get none ("too few labels"), nor do fewer than
300 where the estimate is below .03 or above .97; the share of draws without an answer stands in brackets, and where it
is large the share of all draws in which an interval was given and did not hold the rate.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from bench.page import write_page
from resolute.core.people.sheets import allocate
from resolute.core.statistics.cells import Sample, tally
from resolute.core.statistics.prevalence import COMMON, ENOUGH, LEAST, Row, calibrate, gap, rare
from resolute.core.statistics.two_phase import powered, rogan_gladen

DRAWS, TOGETHER = 2_000, 50
ROWS, REPEATS, CORRELATION = 1_400, 4, 0.3
LOW, HIGH = 0.93, 0.97
JUDGES = ((0.95, 0.95), (0.8, 0.9), (0.6, 0.95))
RATES = (0.02, 0.1, 0.3, 0.5, 0.9)
LABELS = (50, 100, 300, 1000)
FEW_GOALS = ((20, 40, 300, 0.3), (30, 20, 100, 0.3), (50, 8, 300, 0.1))
"""Goals, rows of each, labels, rate."""


@dataclass(frozen=True)
class Case:
    """One cell of the table."""

    repeats: int
    stratified: bool
    judge: tuple[float, float]
    labels: int
    rate: float
    rows: int = ROWS

    @property
    def stated(self) -> bool:
        return self.labels >= ENOUGH or (self.labels >= LEAST and COMMON <= self.rate <= 1 - COMMON)


def events(rng: np.random.Generator, case: Case) -> Any:
    """(TOGETHER, ROWS): whether the event happened; rows of a goal stand side by side."""
    goals = case.rows // case.repeats
    spread = 1 / CORRELATION - 1
    chance = (
        rng.beta(case.rate * spread, (1 - case.rate) * spread, (TOGETHER, goals)) if case.repeats > 1 else case.rate
    )
    luck = rng.random((TOGETHER, goals, case.repeats))
    return (luck < np.broadcast_to(np.asarray(chance)[..., None], luck.shape)).reshape(TOGETHER, case.rows)


def labelled(rng: np.random.Generator, case: Case, happened: Any) -> Sample:
    """What a judge says of the rows, and a sheet of `labels` of them with their true labels."""
    yes, no = case.judge
    judged = np.where(happened, rng.random(happened.shape) < yes, rng.random(happened.shape) >= no)
    stratum = judged.astype(int) if case.stratified else np.zeros(judged.shape, int)
    strata = 2 if case.stratified else 1
    sizes = np.stack([(stratum == code).sum(1) for code in range(strata)], 1)
    wanted = np.array([allocate([int(size) for size in row], case.labels) for row in sizes])
    order = np.argsort(stratum + rng.random(judged.shape), axis=1)
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(case.rows)[None], 1)
    rank -= np.take_along_axis(np.cumsum(sizes, 1) - sizes, stratum, 1)
    drawn = rank < np.take_along_axis(wanted, stratum, 1)
    chance = np.take_along_axis(wanted / np.maximum(sizes, 1), stratum, 1)
    label = np.where(drawn, happened, np.nan)
    starts = np.arange(0, case.rows, case.repeats)
    return Sample(judged.astype(float), label, 1 / np.maximum(chance, 1e-9), stratum, strata, starts)


@dataclass
class Tally:
    """Covered, width and bias of one estimator; draws without an answer are counted apart."""

    covered: int = 0
    width: float = 0.0
    bias: float = 0.0
    answered: int = 0

    def add(self, value: Any, low: Any, high: Any, true: float) -> None:
        held = ~np.isnan(value)
        self.answered += int(held.sum())
        self.covered += int(((low <= true) & (true <= high))[held].sum())
        self.width += float((high - low)[held].sum())
        self.bias += float((value - true)[held].sum())

    @property
    def coverage(self) -> float:
        return self.covered / self.answered

    def __str__(self) -> str:
        left = "" if self.answered == DRAWS else f" ({100 * (1 - self.answered / DRAWS):.1f}% no answer)"
        if 2 * self.answered < DRAWS:
            return f"wrong in {100 * (self.answered - self.covered) / DRAWS:.1f}% of all{left} | |"
        return f"{self.coverage:.3f}{left} | {self.width / self.answered:.3f} | {self.bias / self.answered:+.3f}"


def measure(case: Case, seed: int) -> tuple[Tally, Tally, Tally]:
    """Raw rate, Rogan-Gladen and PPI++ over all draws of one case."""
    rng = np.random.default_rng([2311, seed])
    raw, corrected, power = Tally(), Tally(), Tally()
    for _ in range(DRAWS // TOGETHER):
        sheet = labelled(rng, case, events(rng, case))
        by_goal = sheet.score.reshape(TOGETHER, -1, case.repeats).mean(-1)
        reach = 1.96 * by_goal.std(1, ddof=1) / np.sqrt(by_goal.shape[1])
        mean = by_goal.mean(1)
        raw.add(mean, mean - reach, mean + reach, case.rate)
        cells = tally(sheet)
        answers = powered(sheet, cells), rogan_gladen(sheet, cells)
        silent = rare(answers[0].value) if case.labels < ENOUGH else np.zeros(TOGETHER, bool)
        for kept, found in zip((power, corrected), answers, strict=True):
            kept.add(np.where(silent, np.nan, found.value), found.low, found.high, case.rate)
    return raw, corrected, power


def measure_gap(labels: int, rates: tuple[float, float], *, stratified: bool, seed: int) -> Tally:
    """A minus B by PPI++ in each arm: three of four goals are as hard for the one as for the other."""
    rng = np.random.default_rng([1453, seed])
    found = Tally()
    for _ in range(DRAWS // TOGETHER):
        common, own = rng.random((2, TOGETHER, ROWS))
        luck = np.where(rng.random((TOGETHER, ROWS)) < 0.75, common, own)
        arms = [
            labelled(rng, Case(1, stratified, judge, labels, rate), draw < rate)
            for rate, draw, judge in zip(rates, (common, luck), JUDGES, strict=False)
        ]
        found.add(*gap(*(powered(arm, tally(arm)) for arm in arms)), rates[0] - rates[1])
    return found


def too_few() -> str:
    """What `calibrate` answers to 50 labels."""
    rows = [Row(str(i), float(i % 3 == 0), float(i % 2) if i < 50 else None, 50 / ROWS) for i in range(ROWS)]
    found = calibrate(rows).ppi
    assert found.value is None
    return found.why


def cases() -> Iterator[Case]:
    for repeats, stratified, judge, labels, rate in product((1, REPEATS), (False, True), JUDGES, LABELS, RATES):
        yield Case(repeats, stratified, judge, labels, rate)
    for stratified, (goals, repeats, labels, rate) in product((False, True), FEW_GOALS):
        yield Case(repeats, stratified, JUDGES[1], labels, rate, goals * repeats)


def lines() -> Iterator[tuple[str, bool]]:
    """The page line by line, and whether the line is as it should be."""
    yield from ((line, True) for line in (__doc__ or "").split("\n\n", 2)[2].strip().split("\n"))
    head = "| goals x rows | sheet | se, sp | labels | p | region | raw: covered | bias "
    head += "| Rogan-Gladen: covered | width | bias | PPI++: covered | width | bias |"
    yield "", True
    yield head, True
    yield "|" + "---|" * (head.count("|") - 1), True
    for number, case in enumerate(cases()):
        start = f"| {case.rows // case.repeats} x {case.repeats} "
        start += f"| {'stratified' if case.stratified else 'plain'} | {case.judge[0]}, {case.judge[1]} "
        start += f"| {case.labels} | {case.rate} "
        if case.labels < LEAST:
            yield f"{start}| | | | {too_few()} | | | same | | |", True
            continue
        raw, *both = measure(case, number)
        good = not case.stated or all(LOW <= kept.coverage <= HIGH for kept in both)
        mark = "" if good else " **outside**"
        region = "stated" if case.stated else ""
        shown = f"| {raw.coverage:.3f} | {raw.bias / raw.answered:+.3f} | {both[0]} | {both[1]} |"
        yield f"{start}| {region}{mark} {shown}", good
    yield from gaps()


def gaps() -> Iterator[tuple[str, bool]]:
    head = "| sheets | labels in each arm | A | B | covered | width | bias |"
    for line in ("", "A minus B, the same goals in both arms, an instrument of its own in each:", "", head):
        yield line, True
    yield "|" + "---|" * (head.count("|") - 1), True
    pairs = ((100, (0.5, 0.3)), (100, (0.3, 0.1)), (300, (0.3, 0.1)), (300, (0.1, 0.02)), (300, (0.5, 0.5)))
    for number, (stratified, (labels, rates)) in enumerate(product((False, True), pairs)):
        found = measure_gap(labels, rates, stratified=stratified, seed=number)
        good = LOW <= found.coverage <= HIGH
        shown = f"| {'stratified' if stratified else 'plain'} | {labels} | {rates[0]} | {rates[1]} | {found} |"
        yield shown + ("" if good else " **outside**"), good


def main() -> int:
    """Print the table; exit 1 where a cell of the stated region covers less than .93 or more than .97."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    out: Path | None = parser.parse_args().out
    page: list[str] = []
    failed = 0
    for line, good in lines():
        print(line, flush=True)
        page.append(line)
        failed += not good
    page += [
        "",
        f"{DRAWS} draws a cell, {ROWS} judged rows; {failed} cells of the stated region outside {LOW} to {HIGH}.",
    ]
    print("\n".join(page[-2:]))
    if out:
        write_page(out, "judging-coverage", "\n".join(page))
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
