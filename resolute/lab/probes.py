"""The lab's attacks in the form the engine runs: a prompt in, one attempt out. The goal stays what judges see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from resolute.core.ask import Ask, Reply
from resolute.core.keys import key
from resolute.core.parts import Attempt
from resolute.core.records import Message, Prompt
from resolute.lab import attacks, framings, oracles, phrases


def _grammar() -> list[object]:
    """Every word the attacks are made of."""
    dress = framings.HELD_OUT
    return [dress.personas, dress.scenes, dress.reasons, dress.templates, phrases.REFUSALS]


_VERSION = key(_grammar())[:6]


@dataclass(frozen=True)
class OneShot:
    """One held-out framing, one request."""

    name: str
    write: Callable[..., list[attacks.Message]]
    version: str = _VERSION

    async def run(self, prompt: Prompt, ask: Ask, seed: int) -> Attempt:
        """Send the framed goal once."""
        sent = _messages(self.write(prompt.goal, seed=seed))
        return Attempt(sent, await ask(sent, seed))


@dataclass(frozen=True)
class PairLike:
    """Framing after framing until the stop judge (`oracles.loose`) sees content; the last try is what is judged."""

    name: str = "lab/pair-like"
    version: str = _VERSION
    tries: int = field(default=attacks.TRIES)

    async def run(self, prompt: Prompt, ask: Ask, seed: int) -> Attempt:
        """Attack; every try has a seed of its own."""
        replies: list[Reply] = []

        async def told(messages: list[attacks.Message], request: int) -> str:
            replies.append(await ask(_messages(messages), request))
            return replies[-1].answer

        tries = await attacks.pair_like(prompt.goal, told, stop=oracles.loose, seed=seed, tries=self.tries)
        return Attempt(_messages(tries[-1].messages), replies[-1], queries=len(tries))


PERSONA = OneShot("lab/persona", attacks.persona)
PERSUASION = OneShot("lab/persuasion", attacks.persuasion)
PAIR_LIKE = PairLike()


def _messages(messages: list[attacks.Message]) -> list[Message]:
    return [Message.model_validate(message) for message in messages]
