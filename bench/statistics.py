"""Whether every interval holds what it says, every test its level, and every planned power is the real one.

Run: python -m bench.statistics [--out docs/measured]

Each line is one simulation with a seed of its own, through the functions that a report is written with. Intervals must
hold the truth in .93 or more of the draws, tests must find what is not there in no more than their level (and what the
draws allow: three standard errors), and planned power must be within .03, and as much again as the draws allow, of the
share of draws that found the difference. Above .97 an interval is wider than it need be, which is no fault: where few
goals change it cannot be else.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bench.coverage import covered
from bench.page import write_page
from resolute.core.statistics.nested import nested_interval
from resolute.core.statistics.paired import Comparison, compare, holm, not_worse, seed_interval, worse
from resolute.core.statistics.power.design import Design
from resolute.core.statistics.power.powers import apart, mean_power

DRAWS, FEW = 2_000, 600
"""Draws of a line; of one in which every draw flips signs."""
LOW = 0.93
LEVEL = 0.05
Kind = Literal["coverage", "level", "power"]
Random = np.random.Generator


@dataclass(frozen=True)
class Line:
    """One simulation."""

    what: str
    where: str
    kind: Kind
    found: float
    wanted: float
    """Level of a test, planned power; of an interval .95."""
    draws: int = DRAWS
    promised: bool = True
    """A line that is there to show why something else is done promises nothing."""

    @property
    def good(self) -> bool:
        noise = 3 * math.sqrt(max(self.wanted * (1 - self.wanted), 1e-9) / self.draws)
        if not self.promised:
            return True
        if self.kind == "coverage":
            return self.found >= LOW
        return (
            self.found <= self.wanted + noise if self.kind == "level" else abs(self.found - self.wanted) <= 0.03 + noise
        )

    def __str__(self) -> str:
        wanted = {"coverage": f">= {LOW}", "level": f"<= {self.wanted:g}", "power": f"{self.wanted:.3f} planned"}[
            self.kind
        ]
        mark = "" if self.good else " **outside**"
        return f"| {self.what} | {self.where} | {wanted if self.promised else 'shown only'} | {self.found:.3f}{mark} |"


def chances(rng: Random, rate: float, icc: float, quantile: Any) -> Any:
    """A goal's own chance: beta around `rate`, so that two answers to a goal correlate by `icc`."""
    from scipy import stats

    if not icc:
        return np.full(quantile.shape, rate)
    spread = 1 / icc - 1
    return stats.beta.ppf(quantile, rate * spread, (1 - rate) * spread)


def arms(rng: Random, goals: int, samples: int, rates: tuple[float, float], icc: float, alike: float) -> list[Any]:
    """(goals,) mean scores of two models; a share `alike` of goals is as hard for the one as for the other."""
    common, other = rng.random((2, goals))
    own = np.where(rng.random(goals) < alike, common, other)
    made = [chances(rng, rate, icc, quantile) for rate, quantile in zip(rates, (common, own), strict=True)]
    return [rng.binomial(samples, chance) / samples for chance in made]


def named(values: Any) -> dict[str, float]:
    return {str(place): float(value) for place, value in enumerate(values)}


@cache
def table(goals: int, fallen: int, risen: int) -> Comparison:
    """Goals that both or neither did are no part of a paired test: how many are which is not drawn."""
    first = [1.0] * fallen + [0.0] * (goals - fallen)
    second = [0.0] * fallen + [1.0] * risen + [0.0] * (goals - fallen - risen)
    return compare(named(first), named(second))


def tables(
    rng: Random, goals: int, rates: tuple[float, float], changed: float | None, draws: int
) -> Iterator[Comparison]:
    """Comparisons of two models with one answer to each goal; `changed` None: their events are independent."""
    first, second = rates
    changed = apart(first, second) if changed is None else changed
    up, down = (changed + second - first) / 2, (changed - second + first) / 2
    for fallen, risen, _ in rng.multinomial(goals, [down, up, 1 - down - up], draws):
        yield table(goals, int(fallen), int(risen))


def share(hits: Iterator[bool], draws: int) -> float:
    return sum(hits) / draws


def rates() -> Iterator[Line]:
    cells = ((50, 1, 0.1, 0.0), (200, 1, 0.04, 0.0), (30, 4, 0.1, 0.5), (200, 4, 0.3, 0.3))
    for number, cell in enumerate(cells):
        ours, blind = covered(*cell, seed=700 + number)
        goals, samples, rate, icc = cell
        where = f"{goals} goals x {samples}, rate {rate}" + (f", correlation {icc}" if icc else "")
        yield Line("interval of a rate", where, "coverage", ours, 0.95)
        if icc:
            yield Line("Wilson, blind to goals", where, "coverage", blind, 0.95, promised=False)


def pairs() -> Iterator[Line]:
    cells = ((50, (0.12, 0.04), 0.1), (50, (0.5, 0.3), None), (200, (0.1, 0.1), 0.02), (200, (0.66, 0.12), None))
    for number, (goals, both, changed) in enumerate(cells):
        rng = np.random.default_rng([1, number])
        true = both[1] - both[0]
        held = share((one.low <= true <= one.high for one in tables(rng, goals, both, changed, DRAWS)), DRAWS)
        where = f"{goals} goals, {both[0]} against {both[1]}" + (f", {changed} change" if changed else "")
        yield Line("interval of a paired difference", where, "coverage", held, 0.95)
    for number, (goals, rate, changed) in enumerate(((50, 0.3, None), (200, 0.1, 0.05), (200, 0.5, None))):
        rng = np.random.default_rng([2, number])
        hits = share((one.p < LEVEL for one in tables(rng, goals, (rate, rate), changed, DRAWS)), DRAWS)
        yield Line("exact McNemar, no difference", f"{goals} goals, both {rate}", "level", hits, LEVEL)


def clusters() -> Iterator[Line]:
    cells = ((30, 4, 0.3, 0.5, 0.5), (50, 4, 0.06, 0.3, 0.8), (200, 4, 0.3, 0.5, 0.5))
    for number, (goals, samples, rate, icc, alike) in enumerate(cells):
        rng = np.random.default_rng([3, number])
        where = f"{goals} goals x {samples}, both {rate}, correlation {icc}"
        made = [arms(rng, goals, samples, (rate, rate), icc, alike) for _ in range(FEW)]
        found = [compare(named(a), named(b)) for a, b in made]
        held = share((one.low <= 0 <= one.high for one in found), FEW)
        yield Line("interval of a paired difference, by goal", where, "coverage", held, 0.95, FEW)
        yield Line(
            "sign flips by goal, no difference", where, "level", share((f.p < LEVEL for f in found), FEW), LEVEL, FEW
        )
        blind = share((_blind(a, b, samples) < LEVEL for a, b in made), FEW)
        yield Line("two rates, blind to goals", where, "level", blind, LEVEL, FEW, promised=False)


def _blind(first: Any, second: Any, samples: int) -> float:
    """Two-sided p of the usual test of two rates, on answers as if each stood alone."""
    from statistics import NormalDist

    n = len(first) * samples
    a, b = float(first.mean()), float(second.mean())
    error = math.sqrt(max((a + b) / 2 * (1 - (a + b) / 2) * 2 / n, 1e-12))
    return 2 * (1 - NormalDist().cdf(abs(a - b) / error))


def seeds() -> Iterator[Line]:
    for number, (count, spread) in enumerate(((3, 0.05), (5, 0.05), (3, 0.01))):
        rng = np.random.default_rng([4, number])
        where = f"{count} seeds, spread {spread}, 200 goals at .3"
        drawn = _over_goals(rng, 0.3 + spread * rng.standard_normal((DRAWS, count)))
        held = share((low <= 0.3 <= high for low, high in map(seed_interval, drawn.tolist())), DRAWS)
        yield Line("t over training seeds", where, "coverage", held, 0.95)
        if count == 3:
            means = np.sort(drawn[:, list(np.ndindex(3, 3, 3))].mean(-1), axis=1)  # every resample of three
            holds = (means[:, 0] <= 0.3) & (means[:, -1] >= 0.3)
            yield Line("widest bootstrap over the seeds", where, "coverage", float(holds.mean()), 0.95, promised=False)
    for number, (outer, inner) in enumerate(((0.06, 0.03), (0.02, 0.05))):
        rng = np.random.default_rng([5, number])
        where = f"3 bases x 3 seeds, spread {outer} of bases, {inner} of seeds"
        means = 0.3 + outer * rng.standard_normal((DRAWS, 3, 1)) + inner * rng.standard_normal((DRAWS, 3, 3))
        drawn = _over_goals(rng, means)
        nested = [nested_interval({str(base): some for base, some in enumerate(one)}) for one in drawn.tolist()]
        held = share((low <= 0.3 <= high for low, high in (one or (1.0, 0.0) for one in nested)), DRAWS)
        yield Line("nested t, over bases", where, "coverage", held, 0.95)
        flat = share((low <= 0.3 <= high for low, high in map(seed_interval, drawn.reshape(DRAWS, 9).tolist())), DRAWS)
        yield Line("t over nine seeds, blind to bases", where, "coverage", flat, 0.95, promised=False)


def _over_goals(rng: Random, means: Any) -> Any:
    return rng.binomial(200, np.clip(means, 0, 1)) / 200


def claims() -> Iterator[Line]:
    """A recipe that changes nothing, whose trainings differ by luck: how often is a difference claimed?"""
    draws = 1_000
    for count, bases in ((3, 0), (3, 3)):
        rng = np.random.default_rng([6, count, bases])
        alone = both = 0
        for _ in range(draws):
            luck = 0.08 * rng.standard_normal((max(bases, 1), 1)) * bool(bases) + 0.05 * rng.standard_normal(
                (max(bases, 1), count)
            )
            hard = rng.random(200)
            trained = (hard[None, None, :] < (0.3 + luck)[..., None]).astype(float)
            found = compare(named(hard < 0.3), named(trained.mean((0, 1))))
            steps = {
                str(base): [float(seed.mean() - (hard < 0.3).mean()) for seed in some]
                for base, some in enumerate(trained)
            }
            low, high = nested_interval(steps) if bases else seed_interval(steps["0"])  # type: ignore[misc]
            apart_ = found.p < LEVEL and (found.low > 0 or found.high < 0)
            alone += apart_
            both += apart_ and not low <= 0 <= high
        where = f"{f'{bases} bases x ' if bases else ''}{count} seeds that differ by luck, 200 goals"
        yield Line("claim by goals and by repeats", where, "level", both / draws, LEVEL, draws)
        yield Line("claim by goals alone", where, "level", alone / draws, LEVEL, draws, promised=False)


def kept() -> Iterator[Line]:
    cells = ((50, 0.8, None), (200, 0.9, 0.12), (200, 0.6, None), (1000, 0.9, None))
    for number, (goals, rate, changed) in enumerate(cells):
        rng = np.random.default_rng([7, number])
        found = list(tables(rng, goals, (rate, rate - 0.05), changed, DRAWS))
        where = f"{goals} goals, {rate} against {rate - 0.05:g}, margin .05"
        hits = share((not_worse(one, 0.05) < LEVEL for one in found), DRAWS)
        yield Line("kept, where as much is lost as the margin", where, "level", hits, LEVEL)
        hits = share((worse(one, 0.05) < LEVEL for one in found), DRAWS)
        yield Line("lost more, where as much is lost as the margin", where, "level", hits, LEVEL)
    rng = np.random.default_rng([7, 99])
    made = [arms(rng, 100, 4, (0.8, 0.75), 0.5, 0.5) for _ in range(FEW)]
    hits = share((not_worse(compare(named(a), named(b)), 0.05) < LEVEL for a, b in made), FEW)
    yield Line(
        "kept, where as much is lost as the margin",
        "100 goals x 4, 0.8 against 0.75, by goal",
        "level",
        hits,
        LEVEL,
        FEW,
    )


def families() -> Iterator[Line]:
    for number, (tests, real) in enumerate(((12, 0), (12, 4), (5, 0))):
        rng = np.random.default_rng([8, number])
        wrong = bare = 0
        for _ in range(DRAWS):
            null = [one.p for one in tables(rng, 200, (0.3, 0.3), 0.2, tests - real)]
            true = [one.p for one in tables(rng, 200, (0.5, 0.3), 0.3, real)] if real else []
            wrong += any(p < LEVEL for p in holm([*null, *true])[: len(null)])
            bare += any(p < LEVEL for p in null)
        where = f"{tests} McNemar tests on 200 goals, {real} with a difference"
        yield Line("Holm: any false claim in a family", where, "level", wrong / DRAWS, LEVEL)
        yield Line("without Holm", where, "level", bare / DRAWS, LEVEL, promised=False)


def powers() -> Iterator[Line]:
    cells: Sequence[tuple[int, tuple[float, float], float | None]] = (
        (50, (0.12, 0.04), None), (50, (0.12, 0.04), 0.13), (198, (0.12, 0.04), None), (120, (0.5, 0.35), 0.3),
    )  # fmt: skip
    for number, (goals, both, changed) in enumerate(cells):
        rng = np.random.default_rng([9, number])
        hits = share((one.p < LEVEL for one in tables(rng, goals, both, changed, DRAWS)), DRAWS)
        planned = Design(both[0], changed=changed).power(goals, both[1])
        yield Line(
            "power, McNemar",
            f"{goals} goals, {both[0]} against {both[1]}, {changed or 'by chance'}",
            "power",
            hits,
            planned,
        )
    for number, (goals, samples, both, icc) in enumerate(
        ((50, 4, (0.3, 0.15), 0.5), (30, 8, (0.5, 0.3), 0.3), (100, 4, (0.12, 0.04), 0.3))
    ):
        rng = np.random.default_rng([10, number])
        made = [arms(rng, goals, samples, both, icc, 0.0) for _ in range(FEW)]
        hits = share((compare(named(a), named(b)).p < LEVEL for a, b in made), FEW)
        planned = Design(both[0], samples=samples, correlation=icc).power(goals, both[1])
        where = f"{goals} goals x {samples}, {both[0]} against {both[1]}, correlation {icc}"
        yield Line("power, sign flips by goal", where, "power", hits, planned, FEW)
    yield from _other_powers()


def _other_powers() -> Iterator[Line]:
    rng = np.random.default_rng(11)
    hits = share((not_worse(one, 0.05) < LEVEL for one in tables(rng, 256, (0.9, 0.9), 0.1, DRAWS)), DRAWS)
    planned = Design(0.9, margin=0.05, changed=0.1).power(256, 0.9)
    yield Line("power, kept within .05", "256 goals at .9, 10% change", "power", hits, planned)
    steps = -0.13 + 0.04 * rng.standard_normal((DRAWS, 3))
    hits = share((high < 0 or low > 0 for low, high in map(seed_interval, steps.tolist())), DRAWS)
    yield Line(
        "power, t over seeds", "3 seeds, .13 at a spread of .04", "power", hits, mean_power(3, 0.13, 0.04, alpha=LEVEL)
    )


PARTS: tuple[Callable[[], Iterator[Line]], ...] = (rates, pairs, clusters, seeds, claims, kept, families, powers)


def main() -> int:
    """Print the table; exit 1 where a promise does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    out: Path | None = parser.parse_args().out
    page = (__doc__ or "").split("\n\n", 2)[2].strip().split("\n")
    page += ["", "| what | where | wanted | found |", "|---|---|---|---|"]
    print("\n".join(page[-2:]), flush=True)
    failed = 0
    for part in PARTS:
        for line in part():
            failed += not line.good
            page.append(str(line))
            print(line, flush=True)
    page += ["", f"{DRAWS} draws a line, {FEW} where signs are flipped; {failed} lines outside what is wanted."]
    print(page[-1])
    if out:
        write_page(out, "statistics-coverage", "\n".join(page))
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
