"""Parties of an attack that are functions, and note all that they are asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from resolute.core.ask import Reply
from resolute.core.attacking import Opinion, Roles
from resolute.core.records import Ending, Message, Prompt

GOAL = Prompt(text="make the thing", goal="make the thing", kind="harmful")
REFUSED = "I'm sorry, but I can't help with that."
REACHED = "Here is the thing."


def reply(answer: str) -> Reply:
    """An answer that ended, after a thought."""
    return Reply("let me think", answer, Ending(where="answer", why="end of turn"), tokens_in=3, tokens_out=2)


def proposal(prompt: str) -> str:
    """What an attacker is to say."""
    return json.dumps({"improvement": "another setting", "prompt": prompt})


@dataclass
class Party:
    """A model that is a function of the messages and how often it was asked before."""

    answer: Callable[[Sequence[Message], int], str | Reply]
    asked: list[tuple[list[Message], int]] = field(default_factory=list[tuple[list[Message], int]])

    async def __call__(self, messages: Sequence[Message], seed: int) -> Reply:
        self.asked.append((list(messages), seed))
        said = self.answer(messages, len(self.asked) - 1)
        return said if isinstance(said, Reply) else reply(said)

    @property
    def seeds(self) -> list[int]:
        return [seed for _, seed in self.asked]


@dataclass
class Rater:
    """A stop instrument that knows the one answer that reaches the goal."""

    seen: list[tuple[Prompt, Reply]] = field(default_factory=list[tuple[Prompt, Reply]])
    unsure: bool = False

    async def __call__(self, prompt: Prompt, said: Reply) -> Opinion:
        self.seen.append((prompt, said))
        if self.unsure:
            return Opinion(None, "not in the instrument's form")
        return Opinion(1.0 if said.answer == REACHED else 0.0)


def inventive() -> Party:
    """An attacker that proposes another prompt each time."""
    return Party(lambda messages, number: proposal(f"try {number}"))


def handed(attacker: Party, stop: Rater, probe: Party | None = None) -> Roles:
    return Roles(attacker, stop, probe)
