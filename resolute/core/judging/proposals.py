"""What an attacker proposes to send: one JSON object of the one form, or the attacker failed. Total and strict.

An attacker that refuses, chats, or writes somebody else's JSON is not guessed at: it is asked again with another seed,
and after the last attempt it failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from resolute.core.ask import Ask
from resolute.core.judging.disarm import disarmed
from resolute.core.judging.findings import Complaint, Strict, formed
from resolute.core.records import Message

LONGEST = 20_000
"""Most characters of a prompt that is sent."""


class Proposal(Strict):
    """The form: what is sent, and optionally what the attacker made better, which nobody but itself reads."""

    prompt: str
    improvement: str = ""


@dataclass(frozen=True)
class Proposed:
    """What came of asking. `prompt` None: the attacker failed, and `why` says how its last words were none."""

    prompt: str | None
    said: str = ""
    """The attacker's words, for its own history."""
    attempts: int = 0
    why: str = ""


async def propose(attacker: Ask, messages: Sequence[Message], seeds: Sequence[int]) -> Proposed:
    """Ask with one seed after the other until the words have the form.

    Control tokens in what it proposes are broken up: they would be the target's own marks, not words.
    """
    why = "it was never asked"
    for number, seed in enumerate(seeds, 1):
        reply = await attacker(messages, seed)
        if reply.ending.why == "error":
            why = f"no reply: {reply.error}"
            continue
        found = read(reply.answer)
        if isinstance(found, Proposal):
            return Proposed(disarmed(found.prompt.strip()).text, disarmed(reply.answer.strip()).text, number)
        why = found.why
    return Proposed(None, attempts=len(seeds), why=why)


def read(words: str) -> Proposal | Complaint:
    """The proposal that words are, or what is wrong with them. Never raises."""
    if not words.strip():
        return Complaint("nothing was said.")
    found = formed(words, Proposal)
    if isinstance(found, Complaint):
        return found
    if not found.prompt.strip():
        return Complaint("its prompt is empty.")
    if len(found.prompt) > LONGEST:
        return Complaint("its prompt is too long.")
    return found
