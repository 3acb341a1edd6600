"""Traces on their way into a training set: what each is called, the row it would become, and where that comes from."""

from __future__ import annotations

from dataclasses import dataclass

from resolute.core.keys import key
from resolute.core.records import Example, Message, Record, RiskReport, Trace, Verdict


@dataclass(frozen=True)
class Candidate:
    """A trace with the input it came from."""

    role: str
    trace: Trace

    @property
    def name(self) -> str:
        """One request answered twice (by two versions of a model, say) is two candidates."""
        return f"{self.trace.id}/{self.trace.content}"

    @property
    def id(self) -> str:
        """Id of the row it would become."""
        return key(["example", self.trace.id, self.trace.content])


class Drop(Record):
    """Why a trace is not in the set."""

    id: str
    trace: str
    role: str
    """The input it came from."""
    step: str
    reason: str


class Lineage(Record):
    """Where a row comes from, and everything that was heard about its trace. Ids and names only."""

    id: str
    """Id of the row."""
    prompt: str
    trace: str
    content: str
    role: str
    """The input its trace came from."""
    source: str
    """Of the prompt."""
    teacher: str
    """The name the user gave the model, or the file of other people's traces."""
    identity: str
    """What that name stood for."""
    strategy: str
    sample: int
    seed: int
    repaired: str
    """How the trace was repaired; empty for one as the teacher wrote it."""
    original: str
    """Id of the trace it was repaired from."""
    repairer: str
    """The model that repaired it."""
    reasoning_kind: str
    verdicts: list[str]
    """Ids of the verdicts."""
    risks: list[str]
    """Ids of the risk reports, also of those about other words."""


class Likelihood(Record):
    """What the student said of a row before it was trained on it."""

    id: str
    """Id of the row."""
    trace: str
    tokens: int
    """Under loss."""
    mean: float
    """Log-probability a token, in nats."""


def example(candidate: Candidate) -> Example:
    """The training row: what is asked is the prompt itself, never the instruction that made the teacher answer so."""
    trace = candidate.trace
    asked = [Message(role="user", content=trace.prompt.text)] if trace.strategy else trace.sent
    return Example(
        id=candidate.id,
        messages=asked,
        reasoning=trace.reasoning,
        answer=trace.answer,
        kind=trace.prompt.kind,
        goal=trace.prompt.goal,
        prompt=trace.prompt.id,
        trace=trace.id,
        source=trace.prompt.source,
        category=trace.prompt.category,
        framing=trace.prompt.framing,
        strategy=trace.strategy,
    )


def lineage(candidate: Candidate, verdicts: list[Verdict], risks: list[RiskReport]) -> Lineage:
    """Where the candidate's row comes from; `verdicts` and `risks` are those about its trace."""
    trace = candidate.trace
    return Lineage(
        id=candidate.id,
        prompt=trace.prompt.id,
        trace=trace.id,
        content=trace.content,
        role=candidate.role,
        source=trace.prompt.source,
        teacher=trace.model,
        identity=trace.identity,
        strategy=trace.strategy,
        sample=trace.sample,
        seed=trace.seed,
        repaired=trace.repaired,
        original=trace.original,
        repairer=trace.repairer,
        reasoning_kind=trace.reasoning_kind,
        verdicts=sorted({verdict.id for verdict in verdicts}),
        risks=sorted({report.id for report in risks}),
    )


def drop(candidate: Candidate, step: str, reason: str) -> Drop:
    """The line that says why a candidate left."""
    trace = candidate.trace
    name = key(["drop", candidate.role, trace.id, trace.content])
    return Drop(id=name, trace=trace.id, role=candidate.role, step=step, reason=reason)
