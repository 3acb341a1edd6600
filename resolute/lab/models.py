"""The lab's models: the shipped checkpoint, and the scripted teachers its safe traces are distilled from."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from resolute.core.ask import Reply
from resolute.core.keys import digest
from resolute.core.records import Ending, Message
from resolute.core.trace import DIALECTS, split
from resolute.lab import attacker, framings, lexicon, phrases, repairer, teacher, world
from resolute.strategies import strategy

BASE = Path(__file__).parent / "checkpoint"
"""The pretrained base model; `resolute lab build` makes it again."""


@dataclass(frozen=True)
class Teacher:
    """A scripted teacher: which of Default's ablations it writes, if any."""

    variant: teacher.Variant = ""

    @cached_property
    def instructions(self) -> dict[str, str]:
        """Strategy -> the system message that asks for it."""
        return {name: strategy(name).instruction for name in teacher.STRATEGIES}

    @cached_property
    def identity(self) -> str:
        """Hash of the code and words it writes with."""
        modules = (world, lexicon, phrases, framings, teacher)
        return digest([self.variant, [inspect.getsource(module) for module in modules]])

    def reply(self, messages: Sequence[Message], seed: int) -> Reply:
        """One trace for the goal in the last user message."""
        chat = [message.model_dump() for message in messages]
        text = teacher.reply(chat, instructions=self.instructions, variant=self.variant, seed=seed)
        parts = split(text, DIALECTS["think-spaced"])
        prompt, output = sum(len(message.content.split()) for message in messages), len(text.split())
        end = Ending(where="answer", why="end of turn")
        return Reply(parts.thought, parts.answer, end, tokens_in=prompt, tokens_out=output)


TEACHER = Teacher()
WEAK_ONLY = Teacher("weak-only")
WEAK_PARAPHRASED = Teacher("weak-paraphrased")
OTHER_ONLY = Teacher("other-only")
CLEAN = Teacher("clean")
CLEAN_LONG = Teacher("clean-long")
CLEAN_NAMED = Teacher("clean-named")
REPAIRER = repairer.Repairer()
ATTACKER = attacker.Attacker()
