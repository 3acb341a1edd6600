"""Attacks on the thought and on the beginning of the reply: less thought, more thought, none, and words put in first.

`think-less` and `think-more` ask for it in a sentence. `think-zero` hands over a thought that is closed and empty, and
the prefills begin the answer or the thought with words that would do for any question: they show whether a model that
was made safe by its first tokens stays safe once these are taken from it (Qi et al., arXiv 2406.05946).
"""

from __future__ import annotations

from dataclasses import dataclass

from resolute.core import texts, trace
from resolute.core.ask import Ask
from resolute.core.attacking import Begins
from resolute.core.parts import Attempt
from resolute.core.records import Message, Prompt
from resolute.core.trace import THINK


@dataclass(frozen=True)
class Asked:
    """A sentence about thinking behind the prompt."""

    name: str

    @property
    def version(self) -> str:
        return texts.version(texts.load(f"attack-{self.name}"))

    async def run(self, prompt: Prompt, ask: Ask, seed: int) -> Attempt:
        words = texts.load(f"attack-{self.name}")
        sent = [Message(role="user", content=f"{prompt.text}\n\n{words}")]
        return Attempt(sent, await ask(sent, seed))


@dataclass(frozen=True)
class Begun:
    """A reply whose first words are ours; what is judged begins with them."""

    name: str
    begins: Begins
    text: str = ""
    """The text of the words; empty for none."""
    closed: bool = True
    """The thought is closed, and the words begin the answer."""

    @property
    def version(self) -> str:
        return texts.version(self._words)

    @property
    def _words(self) -> str:
        words = texts.load(self.text) if self.text else ""
        if not self.closed:
            return f"{THINK.open}{THINK.after_open}{words}"
        return trace.join("", words, THINK)

    async def run(self, prompt: Prompt, ask: Ask, seed: int) -> Attempt:
        sent = [Message(role="user", content=prompt.text), Message(role="assistant", content=self._words)]
        return Attempt(sent, await ask(sent, seed))


THINK_LESS = Asked("think-less")
THINK_MORE = Asked("think-more")
THINK_ZERO = Begun("think-zero", "thought")
PREFILL_ANSWER = Begun("prefill-answer", "answer", "attack-prefill-answer")
PREFILL_THOUGHT = Begun("prefill-thought", "thought", "attack-prefill-thought", closed=False)
