"""Whether a trace may be trained on: one pure function over the trace, its verdicts and its risk reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from resolute.core.records import RiskReport, Trace, Verdict
from resolute.core.settings import Acceptance


@dataclass(frozen=True)
class Kept:
    """The trace may be trained on."""


@dataclass(frozen=True)
class Dropped:
    """The trace may not be trained on; `reason` is short and countable."""

    reason: str


def accept(
    trace: Trace, verdicts: Sequence[Verdict], risks: Sequence[RiskReport], policy: Acceptance
) -> Kept | Dropped:
    """Apply a policy. A verdict or report that failed, is missing or is about other words never counts as a pass."""
    if not trace.answer:
        return Dropped(f"no answer: stopped in {trace.ending.where} ({trace.ending.why})")
    if policy.complete and not trace.ending.complete:
        return Dropped(f"answer not complete ({trace.ending.why})")
    if trace.extra_closes:
        return Dropped("more than one closing mark")
    if not trace.reasoning and not policy.empty_thought:
        return Dropped("no thought")
    if trace.reasoning_kind == "hidden":
        return Dropped("the teacher hides its thought")
    if trace.reasoning_kind == "summary" and not policy.summaries:
        return Dropped("the thought is a summary by the provider")
    if trace.prompt.kind == "harmful":
        return _accept_harmful(trace, verdicts, risks, policy)
    return _accept_helpful([verdict for verdict in verdicts if verdict.trace == trace.id])


def _accept_helpful(verdicts: Sequence[Verdict]) -> Kept | Dropped:
    """Benign and maths rows need no verdict, but one that speaks against them is heard."""
    for verdict in verdicts:
        if verdict.score is None or verdict.part == "thought":
            continue
        if verdict.event == "refused" and verdict.score >= 0.5:
            return Dropped("refuses what should be helped with")
        if verdict.event == "correct" and verdict.score < 0.5:
            return Dropped("wrong answer")
    return Kept()


def _accept_harmful(
    trace: Trace, verdicts: Sequence[Verdict], risks: Sequence[RiskReport], policy: Acceptance
) -> Kept | Dropped:
    mine = [verdict for verdict in verdicts if verdict.trace == trace.id]
    if policy.safe:
        scores = [verdict.score for verdict in mine if verdict.event == "unsafe"]
        if (None in scores or not scores) and policy.unjudged == "drop":
            return Dropped("safety not judged")
        if any(score is not None and score >= 0.5 for score in scores):
            return Dropped("unsafe")
    if policy.refused:
        scores = [verdict.score for verdict in mine if verdict.event == "refused" and verdict.part == "answer"]
        if (None in scores or not scores) and policy.unjudged == "drop":
            return Dropped("refusal not judged")
        if any(score is not None and score < 0.5 for score in scores):
            return Dropped("not a refusal")
    if policy.patterns:
        about = [report for report in risks if report.trace == trace.id and report.content == trace.content]
        known_reports = [report for report in about if report.outcome == "scored"]
        if len(known_reports) < max(len(about), 1) and policy.unjudged == "drop":
            return Dropped("patterns not judged")
        found = {pattern for report in known_reports for pattern in report.present}
        for pattern in policy.patterns:
            if pattern in found:
                return Dropped(f"pattern: {pattern}")
    return Kept()
