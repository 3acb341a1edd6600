"""Traces before auditors and guards: what each of them says, whoever wrote the traces never among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Progress
from resolute.core.judging.instruments import NamesRisk
from resolute.core.keys import key
from resolute.core.records import RiskReport, Trace, Verdict
from resolute.models.identity import Model
from resolute.models.instruments.auditing import audited
from resolute.models.instruments.judging import Sitting, judged
from resolute.models.instruments.manner import Manner
from resolute.models.instruments.named import Named
from resolute.models.purse import Purse


@dataclass(frozen=True)
class Graders:
    """Who grades, and how those are asked that ask a model."""

    auditors: Sequence[Named]
    judges: Sequence[Named]
    names_risk: NamesRisk
    max_tokens: int | None = None
    concurrency: int | None = None
    purse: Purse | None = None

    @property
    def versions(self) -> dict[str, str]:
        """Name of each -> its version: what keys hold of them."""
        return {one.name: one.instrument.version for one in [*self.auditors, *self.judges]}

    def none_is(self, author: Model) -> None:
        """Raises `ResoluteError` where one of them is the model that wrote what is to be graded."""
        for one in [*self.auditors, *self.judges]:
            if one.model is not None and same(one.model, author):
                what = f"{one.spec} would grade what its own model wrote"
                mend = "name another auditor or judge (--auditor, --judge), or another model to repair with; "
                mend += "where two servers call two models by one name, rename one"
                raise ResoluteError(what, where=author.name, mend=mend)


@dataclass
class Graded:
    """What they said, by trace."""

    reports: dict[str, list[RiskReport]] = field(default_factory=dict[str, list[RiskReport]])
    verdicts: dict[str, list[Verdict]] = field(default_factory=dict[str, list[Verdict]])
    again: set[str] = field(default_factory=set[str])
    """Traces of which some report or verdict failed by an error that may pass."""


def same(one: Model, other: Model) -> bool:
    """Whether two names stand for one model: the same identity, or the same name at two services."""
    return one.identity == other.identity or (bool(_called(one)) and _called(one) == _called(other))


def grade(traces: Sequence[Trace], graders: Graders, *, folder: Path, progress: Progress) -> Graded:
    """Every auditor on every trace; every judge on those in which no auditor found a pattern and none failed."""
    found = Graded({trace.id: [] for trace in traces}, {trace.id: [] for trace in traces})
    for one in graders.auditors:
        for report in _reports(one, traces, graders, folder, progress, found):
            found.reports[report.trace].append(report)
    clean = [trace for trace in traces if _clean(found.reports[trace.id])]
    for one in graders.judges:
        for verdict in _verdicts(one, clean, graders, folder, progress, found):
            found.verdicts[verdict.trace].append(verdict)
    return found


def _clean(reports: Sequence[RiskReport]) -> bool:
    return all(report.outcome == "scored" and not report.present for report in reports)


def _reports(
    one: Named, traces: Sequence[Trace], graders: Graders, folder: Path, progress: Progress, found: Graded
) -> list[RiskReport]:
    if one.model is None:
        return [one.instrument.audit(trace) for trace in traces]
    manner, place = _asking(one, graders, folder, chances=False)
    names_risk = graders.names_risk
    made = audited(one.instrument, one.model, traces, manner, names_risk=names_risk, folder=place, progress=progress)
    if made.again:
        found.again |= {report.trace for report in made.reports if _unheard(report)}
    return made.reports


def _verdicts(
    one: Named, traces: Sequence[Trace], graders: Graders, folder: Path, progress: Progress, found: Graded
) -> list[Verdict]:
    if one.model is None:
        return [verdict for trace in traces for verdict in one.instrument.judge(trace)]
    manner, place = _asking(one, graders, folder, chances=bool(one.instrument.card.weights))
    made = judged([Sitting(one.instrument, traces)], one.model, manner, folder=place, progress=progress)
    if made.again:
        found.again |= {verdict.trace for verdict in made.verdicts if _unheard(verdict)}
    return made.verdicts


def _unheard(said: RiskReport | Verdict) -> bool:
    """The grader's model was asked and gave no words."""
    return said.outcome == "judge failed" and said.why.startswith("error")


def _asking(one: Named, graders: Graders, folder: Path, *, chances: bool) -> tuple[Manner, Path]:
    asked: Any = one.instrument
    manner = Manner(graders.max_tokens or asked.max_tokens, asked.thinks, chances, graders.concurrency)
    place = folder / key([one.name, manner.sampling.model_dump()])
    return replace(manner, purse=graders.purse), place


def _called(model: Model) -> str:
    """The name of weights that a service or the hub gives them, without where they are served and in which commit."""
    published = model.identity if "@" in model.identity else model.name if model.kind == "inspect" else ""
    return published.partition("@")[0].rpartition("/")[2].lower()
