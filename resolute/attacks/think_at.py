"""`think-at:100`: the model's own thought, closed after so many words; then it answers.

An intervention more than an attack: two models that think at different lengths are asked with equal budgets of thought,
so that what is left of a difference is not one of length. A thought that ends by itself before that is left alone;
a longer one is cut between two words, closed, and the model goes on from there. Words are what white space parts.
"""

from __future__ import annotations

from dataclasses import dataclass

from resolute.core import trace
from resolute.core.ask import Ask
from resolute.core.attacking import Begins
from resolute.core.errors import ResoluteError
from resolute.core.judging.rewrites import first_words
from resolute.core.keys import derive
from resolute.core.parts import Attack, Attempt
from resolute.core.records import Message, Prompt
from resolute.core.settings import Evaluate
from resolute.core.trace import THINK

NAME = "think-at"


@dataclass(frozen=True)
class ThinkAt:
    """A thought of at most `words` words."""

    words: int
    begins: Begins = "thought"
    version: str = "1"

    @property
    def name(self) -> str:
        return f"{NAME}:{self.words}"

    async def run(self, prompt: Prompt, ask: Ask, seed: int) -> Attempt:
        """One request, and where the thought is longer a second one that begins with it."""
        sent = [Message(role="user", content=prompt.text)]
        free = await ask(sent, seed)
        kept = first_words(free.reasoning, self.words)
        if free.ending.why == "error" or kept == free.reasoning.strip():
            return Attempt(sent, free)
        begun = [*sent, Message(role="assistant", content=trace.join(kept, "", THINK))]
        return Attempt(begun, await ask(begun, derive(seed, NAME, self.words)), queries=2)


class ThinkAts:
    """The name, which needs a number behind its colon."""

    def variants(self, rest: str, settings: Evaluate) -> list[Attack]:
        if not rest.isdecimal() or not int(rest):
            raise ResoluteError(f"{NAME} needs a number of words, not {rest!r}", mend=f"{NAME}:100")
        return [ThinkAt(int(rest))]


THINK_AT = ThinkAts()
