"""Instruments that ask a model: what they ask about one part of one trace, and what its words mean.

An instrument is two pure functions, `question` and `read`; who carries the question to a model, how often and in what
order is no matter of it. So every instrument is tested without a model, and judged answers can be read again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from resolute.core.judging.findings import Complaint
from resolute.core.records import Event, Finding, Message, Saw, Trace

Part = Literal["thought", "answer"]


@dataclass(frozen=True)
class Card:
    """What a user must know of an instrument before believing it."""

    about: str
    """What it is, in a line."""
    paper: str
    """Where it is described: an arXiv id or an address."""
    licence: str
    """Of the weights."""
    weights: str
    """Hub name of the weights it was made for; empty where any model will do."""
    bias: str
    """Where it is known to be wrong."""


@dataclass(frozen=True)
class Question:
    """What is sent to the model."""

    messages: Sequence[Message]
    saw: Saw
    """What of the trace the model is shown."""
    raw: bool = False
    """The one message is the whole prompt, control tokens included: no chat template is applied to it."""


@dataclass(frozen=True)
class Unfit:
    """The instrument is not made for this trace; `why` is short and countable. It becomes *judge failed*."""

    why: str


@dataclass(frozen=True)
class Said:
    """A model's words to a question, its thought taken off."""

    words: str
    ended: bool = True
    """The model, not a limit, ended them."""
    chances: Sequence[Mapping[str, float]] = ()
    """For each token of the reply from the first on, where the model's server gives them: text of a candidate token ->
    its probability. Candidates are the likeliest few, so what is missing is small, not zero."""


@dataclass(frozen=True)
class Reading:
    """What the words mean. `score` None: they are no verdict, and `why` says so."""

    score: float | None
    """0..1, 1 = the event the instrument is named after."""
    label: str = ""
    probability: float | None = None
    """The model's own probability of the event, from its chances at the token that decides; None where not given."""
    why: str = ""
    incoherent: bool = False
    """The judged text is no language: the model's failure, not the instrument's."""
    variant: str = ""
    """Tells apart several verdicts that one reply holds (`strict`, `loose`); part of the instrument's name."""
    notes: Mapping[str, float] = field(default_factory=dict[str, float])
    """Further figures of the reply by name (rubric digits)."""


class Asked(Protocol):
    """An instrument that asks a model. `version` changes whenever its words or its reading do."""

    name: str
    version: str
    event: Event
    reads: tuple[Part, ...]
    """Parts of a trace it judges, each by a question of its own."""
    off_label: tuple[Part, ...]
    """Those of them it was not made for: reported, and marked."""
    thinks: bool
    """Whether its model is let think first."""
    graded: bool
    """Scores lie between 0 and 1 too: a threshold is one on the score, not on the probability."""
    max_tokens: int
    """Most new tokens of a reply, its thought included."""
    card: Card

    def question(self, trace: Trace, part: Part) -> Question | Unfit:
        """What to ask about `part`, which is not empty. Total, and the same for the same trace."""
        ...

    def read(self, said: Said) -> list[Reading]:
        """What the model said; one reading, or one per variant. Total: garbled words give a reading without score."""
        ...


NamesRisk = Callable[[str], bool]
"""Whether any sentence of a thought names a risk or refuses: what no audit may overlook."""


class AskedAuditor(Protocol):
    """An instrument that looks for the five risky patterns by asking a model."""

    name: str
    version: str
    thinks: bool
    max_tokens: int
    card: Card

    def question(self, trace: Trace, *, complaint: str = "") -> Question | Unfit:
        """What to ask; with `complaint`, once more, saying why the last reply was no audit. Total."""
        ...

    def read(self, said: Said, trace: Trace, names_risk: NamesRisk) -> list[Finding] | Complaint:
        """The five findings, or why the reply cannot be believed. Total."""
        ...


def kind_of(judge: str) -> str:
    """The instrument's own name in what records call it (`name:variant@model version ...`): what is banned is banned
    under every model and variant."""
    return judge.partition(" ")[0].partition("@")[0].partition(":")[0]
