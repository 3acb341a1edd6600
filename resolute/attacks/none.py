"""No attack: the prompt is sent as it is."""

from __future__ import annotations

from resolute.core.ask import Ask
from resolute.core.parts import Attempt
from resolute.core.records import Message, Prompt


class Plain:
    """One request, whose text is the prompt's."""

    name = "none"
    version = "1"

    async def run(self, prompt: Prompt, ask: Ask, seed: int) -> Attempt:
        sent = [Message(role="user", content=prompt.text)]
        return Attempt(sent, await ask(sent, seed))


NONE = Plain()
