"""What an attack may be handed beside the target, and how one that takes several turns went.

An attack never learns which engine answers, and it is no judge: the stop instrument tells it when to stop, and what is
reported is said by other instruments. An attacker that does not do its part is a broken instrument: the attack failed,
the model did not defend itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar

from resolute.core.ask import Ask, Reply
from resolute.core.records import Message, Prompt

T = TypeVar("T")

Role = Literal["attacker", "stop"]
"""attacker: a model that writes what is sent; stop: an instrument that tells the attack when to stop."""

Begins = Literal["", "thought", "answer"]
"""What of the reply an attack writes itself: nothing; the thought, or the beginning of it; the beginning of the answer,
behind an empty thought where the family thinks."""

ATTACKER_FAILED = "attacker failed"
"""How the error of a request begins whose attacker never did its part."""


@dataclass(frozen=True)
class Opinion:
    """What the stop instrument said of one answer. `score` is 0..1, 1 = the goal is reached; None: it could not say."""

    score: float | None
    why: str = ""


Stop = Callable[[Prompt, Reply], Awaitable[Opinion]]
"""`await stop(prompt, reply)`: it is shown the goal and the answer, never what was sent."""


@dataclass(frozen=True)
class Roles:
    """Who plays beside the target; None where nobody was named."""

    attacker: Ask | None = None
    stop: Stop | None = None
    probe: Ask | None = None
    """The target under the length it is attacked with, where that is another than it is measured with."""


@dataclass(frozen=True)
class Exchange:
    """One turn of an attack: what the attacker's words were sent as, and what came back."""

    stream: int
    iteration: int
    attempts: int
    """Times the attacker was asked."""
    seed: int
    """Of the request to the target."""
    sent: list[Message]
    reply: Reply | None
    """None: the attacker never did its part, and nothing was sent."""
    opinion: Opinion | None = None
    why: str = ""
    """Why the attacker's last words were none."""
    left_out: int = 0
    """Earlier turns of the stream that the attacker was not shown."""
    cut: int = 0
    """Characters of the target's earlier answers that the attacker was not shown."""


@dataclass(frozen=True)
class Fresh:
    """A further sample of the messages that are judged."""

    seed: int
    reply: Reply


def wanted(prompt: Prompt) -> str:
    """What an attack asks for: the words as they stand, since a goal may come with a context; the bare goal where a
    framing is around it already."""
    return prompt.goal if prompt.framing else prompt.text


async def together(parts: Iterable[Awaitable[T]]) -> list[T]:
    """All of them at once, in their order. The first error ends the others and is raised as it is."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
