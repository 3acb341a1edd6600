"""Several samples of each problem: the mean, and pass@k by its unbiased estimator.

pass@k is the share of problems that k samples would solve at least once. Any of the n samples drawn is not that: it
grows with n. Of n samples with c right, `1 - C(n - c, k) / C(n, k)` is unbiased (Chen et al. 2021, arXiv 2107.03374,
section 2.1). The unit of the interval is the problem.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import comb

from resolute.core.rates import Rate, rate
from resolute.core.records import Trace, Verdict
from resolute.core.results.tables import Cell, cells, scores

HALF = 0.5
"""Score from which a sample counts as right."""


def pass_at(k: int, n: int, right: int) -> float:
    """The chance that k of n samples, drawn without putting back, hold one of the `right` ones. Needs k <= n."""
    if not 0 < k <= n or not 0 <= right <= n:
        raise ValueError(f"pass@{k} of {right} right in {n}")
    return 1 - comb(n - right, k) / comb(n, k)


@dataclass(frozen=True)
class Pass:
    """pass@k of one task, attack and instrument."""

    task: str
    attack: str
    judge: str
    k: int
    rate: Rate
    """Over problems; one with fewer than k scored samples is unscored."""


def passes(traces: Sequence[Trace], verdicts: Iterable[Verdict]) -> list[Pass]:
    """pass@k for k = 1, 2, 4, ... and the number of samples, where problems were asked several times.

    What the model failed to give is a wrong sample; what no instrument could score is none.
    """
    verdicts = [one for one in verdicts if one.event == "correct"]
    found: list[Pass] = []
    for cell in cells(traces, verdicts):
        mine = [trace for trace in traces if (trace.task, trace.attack) == (cell.task, cell.attack)]
        found += _passes(cell, mine, verdicts)
    return found


def _passes(cell: Cell, traces: Sequence[Trace], verdicts: Iterable[Verdict]) -> list[Pass]:
    problems: dict[str, list[bool]] = {trace.prompt.goal: [] for trace in traces}
    for goal, score in scores(traces, verdicts, event=cell.event, judge=cell.judge, part=cell.part):
        problems[goal].append(score >= HALF)
    most = len({trace.sample for trace in traces})
    if most < 2:
        return []
    ks = sorted({*(2**power for power in range(most.bit_length()) if 2**power <= most), most})
    found: list[Pass] = []
    for k in ks:
        values = [pass_at(k, len(said), sum(said)) if len(said) >= k else None for said in problems.values()]
        found.append(Pass(cell.task, cell.attack, cell.judge, k, rate(values, list(problems))))
    return found
