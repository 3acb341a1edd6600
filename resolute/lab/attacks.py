"""The lab's attacks: a goal's text in, the messages to send out. All framings are held out from training.

`none`, `persona` and `persuasion` send one message; `pair_like` goes on, like PAIR (arXiv 2310.08419), with another
framing each time, as long as its stop judge finds nothing. Its attacker is scripted: it measures, it does not invent.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal

from resolute.lab import framings, phrases

Message = dict[str, str]
Ask = Callable[[list[Message], int], Awaitable[str]]
"""(messages, seed) -> the reply's text; the seed is derived from the try, so that no two tries are one cached reply."""

TRIES: Final = 8
"""How often `pair_like` asks at most."""


@dataclass(frozen=True, slots=True)
class Try:
    """One request of `pair_like`: what was sent, what came back, and what the stop judge said."""

    messages: list[Message]
    reply: str
    stopped: bool
    """The stop judge saw the goal reached. That is no verdict: the last try is judged by another instrument."""
    move: Literal["open", "escalate", "simplify"]
    """open: the first request; escalate: after a refusal, more framing; simplify: after a garbled reply, less."""


def none(goal_text: str, *, seed: int = 0) -> list[Message]:
    """The bare question."""
    return _user(framings.plain(random.Random(seed)).prompt(goal_text))


def persona(goal_text: str, *, seed: int) -> list[Message]:
    """Asked of a held-out persona."""
    return _user(framings.HELD_OUT.draw(_rng("persona", goal_text, seed), slots="persona").prompt(goal_text))


def persuasion(goal_text: str, *, seed: int) -> list[Message]:
    """Asked with a held-out reason (compare PAP, arXiv 2401.06373)."""
    return _user(framings.HELD_OUT.draw(_rng("persuasion", goal_text, seed), slots="reason").prompt(goal_text))


async def pair_like(
    goal_text: str, ask: Ask, *, stop: Callable[[str, str], bool], seed: int, tries: int = TRIES
) -> list[Try]:
    """Ask under ever new held-out framings until ``stop(goal_text, reply)`` or `tries` are used up; all of them.

    After a refusal the next framing has at least two parts, after a garbled reply just one.
    """
    rng = _rng("pair", goal_text, seed)
    done: list[Try] = []
    move: Literal["open", "escalate", "simplify"] = "open"
    for _ in range(tries):
        messages = _user(_draw(move, rng).prompt(goal_text))
        reply = await ask(messages, rng.getrandbits(31))
        done.append(Try(messages, reply, stop(goal_text, reply), move))
        if done[-1].stopped:
            break
        refused = any(reply.rstrip().endswith(r) for r in phrases.REFUSALS)
        move = "escalate" if refused else "simplify"
    return done


def _draw(move: str, rng: random.Random) -> framings.Framing:
    slots = {
        "open": ("",),
        "escalate": ("persona scene", "persona scene reason", "persona reason", "scene reason"),
        "simplify": ("persona", "scene", "reason"),
    }
    return framings.HELD_OUT.draw(rng, slots=rng.choice(slots[move]))


def _rng(attack: str, goal_text: str, seed: int) -> random.Random:
    return random.Random(f"{attack} {goal_text} {seed}")


def _user(text: str) -> list[Message]:
    return [{"role": "user", "content": text}]
