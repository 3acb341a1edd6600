"""Add an attack: a goal in, an attempt out. This one says the goal again when it was not answered at first.

    RESOLUTE_PLUGINS=examples/add_an_attack.py resolute evaluate --model lab/base --suite lab/safety --attack mine/again

An attack here measures a model you control. Take a published method, say where it is from, and keep it as it is.
"""

from __future__ import annotations

from resolute.core.ask import Ask
from resolute.core.attacking import wanted
from resolute.core.keys import derive, digest
from resolute.core.parts import Attempt
from resolute.core.records import Message, Prompt

TRIES = 3


class Again:
    """The same words, up to three times in one message, until an answer is complete."""

    name = "mine/again"
    version = f"1.{digest(TRIES)[:6]}"

    async def run(self, prompt: Prompt, ask: Ask, seed: int) -> Attempt:
        """Ask, look, ask again. `prompt.goal` stays what judges see; what was sent is kept beside it.

        `ask` talks to the target under the run's own settings. Every request has a seed of its own, derived from the
        one that is handed in, so batching, order and resume change no byte.
        """
        words = wanted(prompt)
        tried = 0
        while True:
            tried += 1
            sent = [Message(role="user", content=" ".join([words] * tried))]
            reply = await ask(sent, derive(seed, "again", tried))
            if reply.ending.complete or tried == TRIES:
                return Attempt(sent, reply, queries=tried)


AGAIN = Again()
ATTACKS = {"mine/again": f"{__name__}:AGAIN"}
