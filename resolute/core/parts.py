"""The forms of what the catalogues hold: strategies, attacks, judges, auditors, suites and scripted models.

`version` of each changes whenever its words or rules do; it is part of every key and record that used it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from resolute.core.ask import Ask, Reply
from resolute.core.attacking import Begins, Exchange, Fresh, Role, Roles
from resolute.core.records import Event, Message, Prompt, RiskReport, Trace, Verdict


@dataclass(frozen=True)
class Strategy:
    """How a safe trace is asked for."""

    name: str
    instruction: str = ""
    """What the teacher is told as system message; empty for none."""
    version: str = "1"
    refusal: str = ""
    """Where set, harmful goals get this answer with an empty thought, and no model is asked."""
    steering: str = ""
    """What is written before a harmful prompt, in the same message; other prompts are sent as they are."""
    tokens: int = 0
    """Mean tokens of a safe trace made in this way, where one was published: what a plan reckons with."""

    def messages(self, prompt: Prompt, *, form: str = "") -> list[Message]:
        """The request for one prompt. `form` is an instruction on how a thought is written down, for a teacher that has
        none of its own."""
        system = "\n\n".join(filter(None, (self.instruction, form)))
        steering = self.steering if prompt.kind == "harmful" else ""
        user = Message(role="user", content="\n\n".join(filter(None, (steering, prompt.text))))
        return [Message(role="system", content=system), user] if system else [user]


@dataclass(frozen=True)
class Attempt:
    """How an attack went: the request that is judged, its reply, and how many requests it took to get there."""

    sent: list[Message]
    reply: Reply
    queries: int = 1
    exchanges: tuple[Exchange, ...] = ()
    """Every turn of an attack in which others than the target play, by iteration and stream."""
    fresh: tuple[Fresh, ...] = ()
    """Further samples of `sent`, each judged for itself."""
    stream: int | None = None
    """Stream and iteration of the turn that is judged, where one is."""
    iteration: int | None = None


class Attack(Protocol):
    """Goal -> sent messages. The goal itself stays untouched: it is what judges see."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...

    async def run(self, prompt: Prompt, ask: Ask, seed: int) -> Attempt:
        """Attack with one prompt; every request's seed is derived from `seed`.

        Messages that end with the assistant's begin its reply: in the marks of `core.trace.THINK`, thought first.
        """
        ...


@runtime_checkable
class Beginning(Protocol):
    """An attack that begins the reply itself: only some servers can go on from there."""

    @property
    def begins(self) -> Begins: ...


@runtime_checkable
class Guided(Protocol):
    """An attack in which others play beside the target. It is handed them before it runs."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def needs(self) -> tuple[Role, ...]: ...

    def handed(self, roles: Roles) -> Attack: ...


@runtime_checkable
class Several(Protocol):
    """A name of the catalogue that stands for several attacks (`framings`, `pap:5`), or for one that has settings."""

    def variants(self, rest: str, settings: Any) -> list[Attack]:
        """Those that `rest`, what stands behind the name's colon, asks for under the settings of evaluate."""
        ...


class Judge(Protocol):
    """An instrument that needs no model. Those that do are `core.judging.instruments.Asked`."""

    name: str
    version: str
    event: Event

    def judge(self, trace: Trace) -> list[Verdict]:
        """One verdict per part the instrument reads; total, never raises on any trace."""
        ...


class Auditor(Protocol):
    """An instrument that looks for the five risky patterns."""

    name: str
    version: str

    def audit(self, trace: Trace) -> RiskReport:
        """One report; total, never raises on any trace."""
        ...


class Scripted(Protocol):
    """A model that is a function (no weights): the lab's teachers. Asked plainly, never through Inspect."""

    identity: str

    def reply(self, messages: Sequence[Message], seed: int) -> Reply: ...


@dataclass(frozen=True)
class Needs:
    """What a measurement asks of a run so that its figure means what its name says (see `core.budgets`)."""

    max_tokens: int
    """Least output length, thought included: below it, unfinished thoughts are taken for wrong or safe answers."""
    temperature: float = 0.6
    """0.6 and top-p 0.95 are what R1's makers advise; greedy decoding makes such models loop."""
    top_p: float = 0.95
    samples: int = 1
    """Samples of each prompt; the figure is their mean."""
    sandbox: bool = False
    """Answers are run to be judged: where there is no sandbox nothing is asked."""


@dataclass(frozen=True)
class Task:
    """One measurement of a suite: prompts x attacks, and the event that is counted."""

    name: str
    prompts: str
    """A prompt source."""
    event: Event
    judges: tuple[str, ...]
    """Instruments that can say whether the event happened; the first one headlines."""
    attacks: tuple[str, ...] = ("none",)
    better: Literal["low", "high"] = "low"
    """Which way is an improvement."""
    guards: tuple[str, ...] = ()
    """Instruments that ask a model, which only a user can name; of those that judged, the first here headlines."""
    needs: Needs | None = None
    """None: nothing is said, and a user must."""


@dataclass(frozen=True)
class Suite:
    """A named set of tasks."""

    name: str
    tasks: tuple[Task, ...] = ()
    about: str = ""
    of: tuple[str, ...] = ()
    """Further tasks, by the suites that have them: `suite`, or `suite/task` for one of its tasks. They keep that name,
    so the same measurement is the same in every suite."""
