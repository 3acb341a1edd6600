"""`integrity`: an ordinary question in words that would turn the thought and leave the answer as it is.

After PRJA (arXiv 2604.15725), with generic words of our own: none names a harmful thing, none is tuned for
strength. Answers do not show such a failure, so the outcome is laid together from both parts (`core.integrity`): the
thought by any instrument that judges thoughts for harm, the answer against the reference and the clean answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from resolute.core import texts
from resolute.core.ask import Ask
from resolute.core.errors import ResoluteError
from resolute.core.integrity import ATTACK
from resolute.core.parts import Attack, Attempt
from resolute.core.records import Message, Prompt
from resolute.core.settings import Evaluate

_TEXTS = f"attack-{ATTACK}-"


@dataclass(frozen=True)
class Turned:
    """One framing, one request."""

    framing: str

    @property
    def name(self) -> str:
        return f"{ATTACK}:{self.framing}"

    @property
    def version(self) -> str:
        return texts.version(texts.load(_TEXTS + self.framing))

    async def run(self, prompt: Prompt, ask: Ask, seed: int) -> Attempt:
        """The question as it stands, in the framing."""
        words = texts.fill(texts.load(_TEXTS + self.framing), question=prompt.text)
        sent = [Message(role="user", content=words)]
        return Attempt(sent, await ask(sent, seed))


class Framings:
    """The name that stands for all of them."""

    def variants(self, rest: str, settings: Evaluate) -> list[Attack]:
        """Every framing that ships, or the one that is named."""
        known = [name.removeprefix(_TEXTS) for name in texts.names() if name.startswith(_TEXTS)]
        if rest and rest not in known:
            mend = f"{ATTACK}, or one of: {', '.join(f'{ATTACK}:{name}' for name in known)}"
            raise ResoluteError(f"unknown framing: {rest!r}", where=f"{ATTACK}:{rest}", mend=mend)
        return [Turned(name) for name in ([rest] if rest else known)]


INTEGRITY = Framings()
