"""Traces through an auditor that asks a model: one question each, and one more where the reply is no audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from resolute.core.jobs import Progress
from resolute.core.judging.findings import Complaint
from resolute.core.judging.instruments import AskedAuditor, NamesRisk, Question
from resolute.core.records import Finding, Outcome, RiskReport, Saw, Trace
from resolute.models.identity import Model
from resolute.models.instruments.heard import Heard
from resolute.models.instruments.judging import label
from resolute.models.instruments.manner import Manner
from resolute.models.instruments.questions import name_of, put


@dataclass(frozen=True)
class Audited:
    """What came of it."""

    reports: list[RiskReport]
    again: int
    """Reports that failed by an error that may pass."""
    asked_twice: int
    tokens: int
    """Of all requests, as far as the server says."""


@dataclass(frozen=True)
class _Asked:
    """A trace, what was asked about it, and what came back."""

    trace: Trace
    question: Question
    heard: Heard
    findings: list[Finding] | Complaint


def audited(
    auditor: AskedAuditor,
    model: Model,
    traces: Sequence[Trace],
    manner: Manner,
    *,
    names_risk: NamesRisk,
    folder: Path,
    progress: Progress,
) -> Audited:
    """One report a trace. A reply that is no audit is answered with the reason, once; then the judge has failed."""

    def ask(some: Mapping[str, Trace], complaints: Mapping[str, str], place: Path) -> tuple[dict[str, _Asked], int]:
        questions = {
            name: question
            for name, trace in some.items()
            if isinstance(question := auditor.question(trace, complaint=complaints.get(name, "")), Question)
        }
        heard = put(list(questions.values()), model, manner, folder=place, progress=progress)
        found: dict[str, _Asked] = {}
        for name, question in questions.items():
            one = heard[name_of(question)]
            read = auditor.read(one.said, some[name], names_risk) if one.said is not None else Complaint(one.why)
            found[name] = _Asked(some[name], question, one, read)
        return found, sum(one.tokens for one in heard.values())

    by_id = {trace.id: trace for trace in traces}
    first, tokens = ask(by_id, {}, folder)
    wanting = {
        name: one.findings.why
        for name, one in first.items()
        if isinstance(one.findings, Complaint) and one.heard.said is not None
    }
    second, more = ask({name: by_id[name] for name in wanting}, wanting, folder / "again")
    final = first | second
    reports = [_report(auditor, model, trace, final.get(trace.id)) for trace in traces]
    return Audited(reports, sum(one.heard.again for one in final.values()), len(wanting), tokens + more)


def _report(auditor: AskedAuditor, model: Model, trace: Trace, asked: _Asked | None) -> RiskReport:
    """A trace without a thought has nothing to audit: its model's failure, and in no rate."""
    outcome: Outcome = "model failed"
    findings: list[Finding] = []
    why, raw, saw = "there is no thought", "", Saw(goal=False, parts=[], characters=0)
    if asked is not None:
        saw = asked.question.saw.model_copy(update={"tokens": asked.heard.tokens})
        raw = asked.heard.said.words if asked.heard.said is not None else ""
        if isinstance(asked.findings, Complaint):
            outcome, why = "judge failed", asked.findings.why
        else:
            outcome, findings, why = "scored", asked.findings, ""
    return RiskReport(
        trace=trace.id,
        content=trace.content,
        auditor=label(auditor, model),
        outcome=outcome,
        findings=findings,
        raw=raw,
        saw=saw,
        why=why,
    )
