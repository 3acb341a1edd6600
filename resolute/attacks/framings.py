"""`framings`: each goal in each of the framings that were held out from training, one attack and one cell a framing.

`framings` takes those of the setting `evaluate.framings`, `framings:fiction` one that ships, `framings:./mine` a user's
own. Which were trained on, only the user knows: a framing is held out when no training prompt was wrapped in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from resolute.core.ask import Ask
from resolute.core.framing import Framing, framings
from resolute.core.parts import Attack, Attempt
from resolute.core.records import Message, Prompt
from resolute.core.settings import Evaluate


@dataclass(frozen=True)
class Wrapped:
    """One framing, one request."""

    framing: Framing

    @property
    def name(self) -> str:
        return f"framings:{self.framing.name}"

    @property
    def version(self) -> str:
        return self.framing.version

    async def run(self, prompt: Prompt, ask: Ask, seed: int) -> Attempt:
        """The prompt's words, context included, in the framing."""
        sent = [Message(role="user", content=self.framing.prompt(prompt.text))]
        return Attempt(sent, await ask(sent, seed))


class Framings:
    """The name that stands for all of them."""

    def variants(self, rest: str, settings: Evaluate) -> list[Attack]:
        return [Wrapped(framing) for framing in framings([rest] if rest else settings.framings)]


FRAMINGS = Framings()
