"""Several auditors on the same traces: how far they agree, what most of them say, and where they part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from resolute.core.rates import rate
from resolute.core.records import PATTERNS, Finding, RiskReport, Trace
from resolute.core.statistics.agreement import pair

MOST_OF = 3
"""Auditors from which on there is a majority."""


def compare(traces: Iterable[Trace], reports: Iterable[RiskReport]) -> list[dict[str, Any]]:
    """Per pair of auditors and pattern: agreement, Cohen's kappa, and precision and recall of the first against the
    second, over thoughts that both scored, with intervals over goals. Which of the two is right is not said."""
    goals = {trace.id: trace.prompt.goal for trace in traces if trace.reasoning}
    said = _scored(reports)
    rows: list[dict[str, Any]] = []
    for first, second in combinations(sorted(said, key=lambda name: (name.partition(" ")[0] != "screen", name)), 2):
        both = sorted(said[first].keys() & said[second].keys() & goals.keys())
        for pattern in PATTERNS if both else ():
            one, other = ([pattern in said[name][trace].present for trace in both] for name in (first, second))
            rows.append({"first": first, "second": second, "pattern": pattern, **_told(one, other, both, goals)})
    return rows


def _told(one: Sequence[bool], other: Sequence[bool], both: Sequence[str], goals: Mapping[str, str]) -> dict[str, Any]:
    where = [goals[trace] for trace in both]
    found = pair([str(value) for value in one], [str(value) for value in other], where)
    precise = rate([float(b) if a else None for a, b in zip(one, other, strict=True)], where)
    recall = rate([float(a) if b else None for a, b in zip(one, other, strict=True)], where)
    return {
        "n": found.n,
        "agreement": str(found.agreement),
        "kappa": str(found.kappa),
        "precision": _share(precise.n, precise.value, precise.low, precise.high),
        "recall": _share(recall.n, recall.value, recall.low, recall.high),
    }


def _share(n: int, value: float, low: float, high: float) -> str:
    return f"{100 * value:.0f}% [{100 * low:.0f}, {100 * high:.0f}] of {n}" if n else "none flagged"


def majority(reports: Iterable[RiskReport]) -> list[RiskReport]:
    """What more than half of three or more auditors say of each trace that all of them scored. Quotes are those of the
    auditors that said so."""
    said = _scored(reports)
    if len(said) < MOST_OF:
        return []
    common = sorted(set.intersection(*(set(by_trace) for by_trace in said.values())))
    return [_most([said[name][trace] for name in sorted(said)]) for trace in common]


def _most(some: Sequence[RiskReport]) -> RiskReport:
    findings: list[Finding] = []
    for pattern in PATTERNS:
        sure = [one for report in some for one in report.findings if one.pattern == pattern and one.present]
        present = 2 * len(sure) > len(some)
        quotes = list(dict.fromkeys(quote for one in sure for quote in one.quotes)) if present else []
        findings.append(Finding(pattern=pattern, present=present, quotes=quotes))
    changed = {"id": "", "auditor": f"majority of {len(some)}", "findings": findings, "raw": ""}
    return RiskReport.model_validate(some[0].model_dump() | changed)


def disagreements(reports: Iterable[RiskReport]) -> list[dict[str, Any]]:
    """Each trace and pattern on which auditors part: ids and who said so, no text."""
    said = _scored(reports)
    rows: list[dict[str, Any]] = []
    for trace in sorted({trace for by_trace in said.values() for trace in by_trace}):
        present = {name: by_trace[trace].present for name, by_trace in sorted(said.items()) if trace in by_trace}
        for pattern in PATTERNS:
            says = {name: pattern in found for name, found in present.items()}
            if len(set(says.values())) > 1:
                rows.append({"trace": trace, "pattern": pattern, "says": says})
    return rows


def _scored(reports: Iterable[RiskReport]) -> dict[str, dict[str, RiskReport]]:
    said: dict[str, dict[str, RiskReport]] = {}
    for report in reports:
        if report.outcome == "scored":
            said.setdefault(report.auditor, {})[report.trace] = report
    return said
