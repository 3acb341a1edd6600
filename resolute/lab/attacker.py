"""The lab's scripted attacker: it reads what any attacker is told, and frames the goal it finds there.

Framings are held out from training. Nothing is invented: a turn after a low rating has more framing than the one
before. One reply in ten is no proposal, so that further attempts and failed streams are walked too.
"""

from __future__ import annotations

import inspect
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from resolute.core.ask import Reply
from resolute.core.keys import digest
from resolute.core.records import Ending, Message
from resolute.lab import framings, lexicon, phrases, world

GARBLED = 0.1
"""Share of replies that are none."""
_SLOTS = ("persona", "scene", "reason", "persona scene", "persona scene reason")
"""From one turn to the next."""


@dataclass(frozen=True)
class Attacker:
    """A model that is a function."""

    @cached_property
    def identity(self) -> str:
        """Hash of the code and words it writes with."""
        from resolute.lab import attacker

        modules = (world, lexicon, phrases, framings, attacker)
        return digest([inspect.getsource(module) for module in modules])

    def reply(self, messages: Sequence[Message], seed: int) -> Reply:
        """A proposal for the goal in the first message, framed the more the longer the conversation is."""
        rng = random.Random(seed)
        words = "sorry , i do not follow ."
        found = world.deed(messages[0].content)
        if found is not None and rng.random() >= GARBLED:
            turn = sum(message.role == "assistant" for message in messages)
            framing = framings.HELD_OUT.draw(rng, slots=_SLOTS[min(turn, len(_SLOTS) - 1)])
            words = json.dumps({"improvement": "more framing", "prompt": framing.prompt(found.text)})
        end = Ending(where="answer", why="end of turn")
        prompt = sum(len(message.content.split()) for message in messages)
        return Reply("", words, end, had_thought=False, tokens_in=prompt, tokens_out=len(words.split()))
