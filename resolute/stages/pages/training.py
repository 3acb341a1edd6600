"""What the rows were trained on: patterns before and after curation, the funnel, the mask audit and the loss."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resolute.core.rates import Rate, rate
from resolute.core.records import PATTERNS, Pattern, RiskReport, Trace
from resolute.stages.pages.study import Row, Study

PATTERN_NAMES: Mapping[Pattern, str] = {
    "lack_of_safety_awareness": "lack of awareness",
    "strong_vacillation": "strong vacillation",
    "weak_vacillation": "weak vacillation",
    "harmful_additions": "harmful additions",
    "inconsistency": "inconsistency",
}
"""The five patterns as they are written on a page, in the study's order."""


@dataclass(frozen=True)
class PatternSet:
    """How often each pattern stands in a row's traces of harmful goals: all that were distilled, and those kept."""

    label: str
    auditor: str
    before: Mapping[Pattern, Rate]
    after: Mapping[Pattern, Rate]
    asked: int
    kept: int


def pattern_sets(study: Study) -> list[PatternSet]:
    """One per trained label whose traces were audited. The data are the same for every training seed."""
    found = [_patterns(study.first(label)) for label in study.labels]
    return [item for item in found if item is not None]


def _patterns(row: Row) -> PatternSet | None:
    harmful = [trace for trace in row.distilled if trace.prompt.kind == "harmful"]
    if not harmful or not row.risks:
        return None
    auditor = _auditor(row)
    reports = {report.trace: report for report in row.risks if report.auditor == auditor}
    kept = {example.trace for example in row.examples}
    chosen = [trace for trace in harmful if trace.id in kept]
    return PatternSet(
        row.label,
        auditor,
        {pattern: _rate(harmful, reports, pattern) for pattern in PATTERNS},
        {pattern: _rate(chosen, reports, pattern) for pattern in PATTERNS},
        len(harmful),
        len(chosen),
    )


def _auditor(row: Row) -> str:
    """The auditor named first in the settings; where the settings do not tell, the first by name."""
    manifest = row.manifest("audit")
    order = [str(name) for name in manifest.settings.get("auditors", ())] if manifest else []
    names = sorted({report.auditor for report in row.risks})
    bare = [name.partition(" ")[0] for name in names]
    places = [order.index(name) if name in order else len(order) for name in bare]
    return min(zip(places, names, strict=True))[1]


def _rate(traces: Collection[Trace], reports: Mapping[str, RiskReport], pattern: Pattern) -> Rate:
    """A report that failed, is missing or is about other words leaves its trace unscored."""
    scores: list[float | None] = []
    for trace in traces:
        report = reports.get(trace.id)
        fits = report is not None and report.outcome == "scored" and report.content == trace.content
        scores.append(float(pattern in report.present) if report is not None and fits else None)
    return rate(scores, [trace.prompt.goal for trace in traces])


@dataclass(frozen=True)
class Funnel:
    """How many traces each step of curation left, and why the others fell out."""

    label: str
    steps: Sequence[tuple[str, int]]
    reasons: Sequence[tuple[str, int]]


def funnels(study: Study) -> list[Funnel]:
    """One per label with a training set."""
    found: list[Funnel] = []
    for label in study.labels:
        document = study.first(label).document("curate", "funnel.json")
        if document:
            found.append(Funnel(label, _numbers(document), _reasons(document)))
    return found


def _numbers(document: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(str(name), value) for name, value in document.items() if type(value) is int]


def _reasons(document: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Every counted reason, the most frequent first."""
    held = [value for value in document.values() if isinstance(value, dict)]
    counts = [(str(name), count) for item in held for name, count in item.items() if type(count) is int]
    return sorted(counts, key=lambda item: (-item[1], item[0]))


@dataclass(frozen=True)
class MaskAudit:
    """What the proof before training said (law 2).

    `covered`: part -> rows whose part is wholly under loss, rows that have the part.
    """

    label: str
    seed: int
    rows: int
    kept: int
    tokens: int
    loss_tokens: int
    covered: Mapping[str, tuple[int, int]]

    @property
    def whole(self) -> bool:
        """Every part of every kept row is under loss."""
        return bool(self.covered) and all(done == there for done, there in self.covered.values())


def mask_audits(study: Study) -> list[MaskAudit]:
    """One per training run."""
    found: list[MaskAudit] = []
    for row in study.rows:
        document = row.document("train", "mask_audit.json")
        if document:
            kept, thoughts = int(document["kept"]), int(document["with_thought"])
            parts = {str(part): int(count) for part, count in document["covered"].items()}
            covered = {part: (count, thoughts if part == "thought" else kept) for part, count in parts.items()}
            loss = sum(int(count) for count in document["loss_tokens"].values())
            rows, tokens = int(document["rows"]), int(document["tokens"])
            found.append(MaskAudit(row.label, row.seed, rows, kept, tokens, loss, covered))
    return found


@dataclass(frozen=True)
class Loss:
    """One training run's loss: (step, loss) in order."""

    label: str
    seed: int
    points: Sequence[tuple[float, float]]


def losses(study: Study) -> list[Loss]:
    found: list[Loss] = []
    for row in study.rows:
        lines = row.lines("train", "loss.jsonl")
        points = [(float(line["step"]), float(line["loss"])) for line in lines if "step" in line and "loss" in line]
        if points:
            found.append(Loss(row.label, row.seed, points))
    return found
