"""What the rows were trained on: patterns before and after curation, the funnel, the mask audit and the loss."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from resolute.core.rates import Rate, rate
from resolute.core.records import PATTERNS, Pattern, RiskReport
from resolute.core.statistics.cells import HALF
from resolute.core.statistics.declared import JOINED
from resolute.stages.pages.study import Row, Study
from resolute.stages.pages.wordless import Answer, Opinion

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
    passed: Mapping[Pattern, Rate] | None = None
    """Those that every guard found safe; None where no guard was asked."""
    safe: int = 0
    notes: Sequence[str] = ()
    """What was said as the traces were distilled."""

    @property
    def free(self) -> bool:
        """No pattern was found in any trace that was read."""
        return self.read > 0 and not any(rate.events for rate in self.before.values())

    @property
    def read(self) -> int:
        """How many of the distilled traces the auditor could read."""
        return min(rate.n for rate in self.before.values())

    @property
    def stages(self) -> list[tuple[str, int, Mapping[Pattern, Rate]]]:
        """What the traces went through, how many were left, and the patterns in them."""
        found = [("distilled", self.asked, self.before), ("kept", self.kept, self.after)]
        return found if self.passed is None else [found[0], ("safe to the guard", self.safe, self.passed), found[1]]


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
    safe, distill = _safe(row, harmful), row.manifest("distill")
    return PatternSet(
        row.label,
        auditor,
        {pattern: _rate(harmful, reports, pattern) for pattern in PATTERNS},
        {pattern: _rate(chosen, reports, pattern) for pattern in PATTERNS},
        len(harmful),
        len(chosen),
        None if safe is None else {pattern: _rate(safe, reports, pattern) for pattern in PATTERNS},
        len(safe or ()),
        distill.notes if distill else (),
    )


def _safe(row: Row, traces: Sequence[Answer]) -> list[Answer] | None:
    """The traces that every guard scored and found safe."""
    said: dict[str, list[Opinion]] = {}
    for one in row.guarded:
        if one.event == "unsafe":
            said.setdefault(one.trace, []).append(one)
    if not said:
        return None
    return [trace for trace in traces if trace.id in said and all(_passed(one) for one in said[trace.id])]


def _passed(one: Opinion) -> bool:
    """As for acceptance: a verdict counts from a score of a half, and one that failed is no pass."""
    return one.score is not None and one.score < HALF


def _auditor(row: Row) -> str:
    """The auditor named first in the settings; where the settings do not tell, the first by name."""
    manifest = row.manifest("audit")
    order = [str(name) for name in manifest.settings.get("auditors", ())] if manifest else []
    names = sorted({report.auditor for report in row.risks})
    bare = [name.partition(" ")[0] for name in names]
    places = [order.index(name) if name in order else len(order) for name in bare]
    return min(zip(places, names, strict=True))[1]


def _rate(traces: Collection[Answer], reports: Mapping[str, RiskReport], pattern: Pattern) -> Rate:
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
    steps: Mapping[str, int]
    reasons: Sequence[tuple[str, int]]


def funnels(study: Study) -> list[Funnel]:
    """One per label with a training set."""
    found: list[Funnel] = []
    for label in study.labels:
        row = study.first(label)
        document = row.document("curate", "funnel.json")
        if document:
            found.append(_funnel(row, document))
    return found


def _funnel(row: Row, document: Mapping[str, Any]) -> Funnel:
    left = [(str(item["step"]), str(item["reason"]), int(item["n"])) for item in document["left"]]
    lost = {step: sum(n for at, _, n in left if at == step) for step, _, _ in left}
    entered = int(document["entered"])
    steps = {"distilled": entered}
    if row.distilled:
        steps["complete"] = sum(trace.ending.complete for trace in row.distilled)
    steps["accepted"] = entered - lost.get("accept", 0)
    steps["new and not reserved"] = steps["accepted"] - lost.get("reserve", 0) - lost.get("duplicates", 0)
    steps["kept"] = int(document["kept"])
    return Funnel(row.label, steps, [(reason, n) for _, reason, n in left])


@dataclass(frozen=True)
class MaskAudit:
    """What the proof before training said (law 2).

    `covered`: each part, the rows whose part is wholly under loss, and the rows that have it.
    """

    label: str
    seeds: tuple[int, ...]
    """Training seeds of which the same is true."""
    rows: int
    kept: int
    tokens: int
    loss_tokens: int
    covered: tuple[tuple[str, int, int], ...]

    @property
    def whole(self) -> bool:
        """Every part of every kept row is under loss."""
        return bool(self.covered) and all(done == there for _, done, there in self.covered)


def mask_audits(study: Study) -> list[MaskAudit]:
    """One per label and finding; training seeds with the same finding share one."""
    found: dict[MaskAudit, list[int]] = {}
    for row in study.rows:
        document = row.document("train", "mask_audit.json")
        if document:
            found.setdefault(_mask(row.label, document), []).append(row.seed)
    return [replace(item, seeds=tuple(sorted(set(seeds)))) for item, seeds in found.items()]


def _mask(label: str, document: Mapping[str, Any]) -> MaskAudit:
    rows, kept, tokens = (int(document[name]) for name in ("rows", "kept", "tokens"))
    thoughts = int(document["with_thought"])
    counts = [(str(part), int(count)) for part, count in document["covered"].items()]
    covered = tuple((part, count, thoughts if part == "thought" else kept) for part, count in counts)
    loss = sum(int(count) for count in document["loss_tokens"].values())
    return MaskAudit(label, (), rows, kept, tokens, loss, covered)


@dataclass(frozen=True)
class Loss:
    """One training run's loss: (step, loss) in order."""

    label: str
    run: str
    """What sets it apart from others of its label: a level of a random axis, and the seed."""
    points: Sequence[tuple[float, float]]


def losses(study: Study) -> list[Loss]:
    found: list[Loss] = []
    for row in study.rows:
        lines = row.lines("train", "loss.jsonl")
        points = [(float(line["step"]), float(line["loss"])) for line in lines if "step" in line and "loss" in line]
        if points:
            apart = [level for level in row.at.values() if level not in row.label.split(JOINED)]
            found.append(Loss(row.label, ", ".join([*apart, f"seed {row.seed}"]), points))
    return found
