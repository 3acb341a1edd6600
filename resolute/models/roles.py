"""Who plays beside the target: the attacker and the stop instrument, asked in the same loop and from the same purse.

A role's server that is away is no attacker that failed: the request is left for the next run, and says whose server it
was. What a role's server refuses for good (too long, filtered) is the role's failure of that one turn.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from resolute.core.ask import Ask, Reply, Sampling, failed
from resolute.core.attacking import Role, Roles
from resolute.core.errors import ResoluteError
from resolute.core.keys import key
from resolute.core.records import Message
from resolute.models.identity import Model
from resolute.models.instruments.named import Named
from resolute.models.instruments.stopping import Stopping, stopping
from resolute.models.purse import BudgetSpentError
from resolute.models.requests import with_system
from resolute.models.running import RoleError, Tally, cause, is_the_rows


@dataclass(frozen=True)
class Cast:
    """Who plays beside the target; None where nobody was named."""

    attacker: Model | None = None
    attacker_sampling: Sampling | None = None
    stop: Named | None = None
    probe: Sampling | None = None
    """How the attacked target answers, where that is not as it is measured."""

    @property
    def models(self) -> list[Model]:
        """Every model of a role."""
        return [one for one in (self.attacker, self.stop.model if self.stop else None) if one is not None]

    def check(self, attack: str, needs: Sequence[Role]) -> None:
        """Raises `ResoluteError` where an attack needs a role that nobody plays."""
        lacking = {
            "attacker": (self.attacker, "a model that writes what is sent", "--attacker MODEL"),
            "stop": (self.stop, "an instrument that tells it when to stop", "--stop NAME or --stop NAME@MODEL"),
        }
        for role in needs:
            there, what, mend = lacking[role]
            if there is None:
                raise ResoluteError(f"the attack {attack} needs {what}", mend=f"name it: {mend}")

    def model(self, who: str) -> Model | None:
        """The model that plays a role; None where none does."""
        return self.attacker if who == "attacker" else self.stop.model if self.stop else None

    def identity(self, role: Role) -> str:
        """What keys hold of whoever plays a role: the model and how it is drawn from; the instrument, its version."""
        if role == "attacker":
            return key([self.attacker.identity, self.attacker_sampling]) if self.attacker else ""
        return f"{self.stop.name} {self.stop.instrument.version}" if self.stop else ""


@dataclass
class Spent:
    """What the calls of one request came to."""

    calls: dict[str, tuple[int, int, int]] = field(default_factory=dict[str, tuple[int, int, int]])
    """Who was asked -> tokens in, tokens out and calls."""
    began_inside: bool = False
    """Some reply of the target closed a thought it never opened."""

    def note(self, who: str, tokens_in: int, tokens_out: int) -> None:
        """One more call."""
        before = self.calls.get(who, (0, 0, 0))
        self.calls[who] = (before[0] + tokens_in, before[1] + tokens_out, before[2] + 1)


@dataclass
class Voice:
    """One model that is asked for replies, in this loop."""

    model: Model
    sampling: Sampling
    tally: Tally
    at_once: int
    served: set[str] = field(default_factory=set[str])
    """What its server said it was."""
    _speaker: Any = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Open it. Raises `ResoluteError` for a key, address or package that is missing."""
        if self.model.scripted is None:
            from resolute.models import calls

            self._speaker = calls.speaker(self.model, self.sampling, self.tally, at_once=self.at_once)

    async def say(self, messages: Sequence[Message], seed: int) -> Reply:
        """One reply, paid from the tally's purse."""
        if self.model.scripted is not None:
            reply = self.model.scripted.reply(messages, seed)
            self.tally.purse.pay(None, reply.tokens_in, reply.tokens_out)
            return reply
        from resolute.models.beginning import to_continue, with_beginning
        from resolute.models.reply import read_output

        remote = self.model.kind == "inspect" and self.model.path is None
        sent, body = to_continue(messages, self.model.name) if remote else (messages, {})
        output = await self._speaker.say(sent, seed, body)
        self.served.add(output.model)
        return with_beginning(read_output(output), messages)


@dataclass
class Voices:
    """The target and all roles of one run of requests."""

    target: Voice
    probe: Voice | None
    attacker: Voice | None
    stop: Stopping | None

    @classmethod
    @contextmanager
    def opened(cls, model: Model, sampling: Sampling, cast: Cast, tally: Tally, *, at_once: int) -> Generator[Voices]:
        """Everybody's model is opened, and nothing asked. Raises `ResoluteError` where one cannot be."""
        with ExitStack() as stack:
            attacker = None
            if cast.attacker is not None and cast.attacker_sampling is not None:
                attacker = Voice(cast.attacker, cast.attacker_sampling, tally, at_once)
            yield cls(
                Voice(model, sampling, tally, at_once),
                Voice(model, cast.probe, tally, at_once) if cast.probe else None,
                attacker,
                stack.enter_context(stopping(cast.stop, tally, at_once)) if cast.stop else None,
            )

    def roles(self, system: str, spent: Spent) -> Roles:
        """What one attack is handed; `spent` is told of every call."""
        return Roles(
            attacker=self.attacker and metered(self.attacker, spent, "attacker"),
            stop=self.stop and self.stop.metered(spent.note),
            probe=self.probe and metered(self.probe, spent, "target", system=system, lenient=True),
        )


def metered(voice: Voice, spent: Spent, who: str, *, system: str = "", lenient: bool = False) -> Ask:
    """An `Ask` whose tokens are counted. A role's own refused request is a reply without output, and so is the
    target's where `lenient`; any other error of a role says whose it was."""
    role = who != "target"

    async def ask(messages: Sequence[Message], seed: int) -> Reply:
        try:
            reply = await voice.say(with_system(messages, system), seed)
        except Exception as error:
            if (role or lenient) and is_the_rows(error):
                reply = failed(cause(error))
            elif role and not isinstance(error, BudgetSpentError):
                raise RoleError(who, voice.model.name) from error
            else:
                raise
        spent.note(who, reply.tokens_in, reply.tokens_out)
        spent.began_inside = spent.began_inside or (not role and reply.began_inside)
        return reply

    return ask
