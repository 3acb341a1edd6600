"""Requests that an attack on one model ended with, sent to another as they stand: what transfers, not what it resists.

Nothing is searched again, so a rate of a replay is no rate of the attack: the words were found against somebody else.
It says so in its name: `pair:replayed`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from resolute.core.ask import Ask
from resolute.core.integrity import is_integrity
from resolute.core.keys import key
from resolute.core.parts import Attempt
from resolute.core.records import Message, Prompt, Trace

PLAIN = ("", "none")
SUFFIX = ":replayed"
FRESH = ":fresh"
"""Further samples of a request that stands among the others already."""


@dataclass(frozen=True)
class Again:
    """One stored request as an attack. A system prompt is the new evaluation's, not the stored one's."""

    attack: str
    """Of the run that the request was found in."""
    task: str
    prompt: Prompt
    sent: tuple[Message, ...]
    number: int
    """Among those of one task, attack and prompt."""

    @property
    def name(self) -> str:
        return self.attack.removesuffix(SUFFIX) + SUFFIX

    @property
    def version(self) -> str:
        """Of its words."""
        return key(["replayed", [message.model_dump() for message in self.sent]])

    async def run(self, prompt: Prompt, ask: Ask, seed: int) -> Attempt:
        """Send it once."""
        sent = list(self.sent)
        return Attempt(sent, await ask(sent, seed))


@dataclass(frozen=True)
class Stored:
    """What of a run can be replayed."""

    requests: tuple[Again, ...]
    left_out: tuple[tuple[str, int], ...]
    """Why an attacked request is not replayed -> how many are not."""


def stored(traces: Iterable[Trace]) -> Stored:
    """Every different attacked request of some traces, by task, attack and prompt; row order does not matter."""
    found: dict[tuple[str, str, str], dict[str, Again]] = {}
    left_out: Counter[str] = Counter()
    for trace in sorted(traces, key=lambda one: (one.task, one.attack, one.prompt.id, one.sample, one.id)):
        if trace.attack in PLAIN or trace.attack.endswith(FRESH):
            continue
        sent = tuple(message for message in trace.sent if message.role != "system")
        if trace.ending.why == "error":
            left_out["got no output, so what was sent is not known"] += 1
        elif is_integrity(trace.attack) or not sent or sent[-1].role != "user":
            left_out["are asked again with --attack: nothing in them was searched"] += 1
        else:
            mine = found.setdefault((trace.task, trace.attack, trace.prompt.id), {})
            again = Again(trace.attack, trace.task, trace.prompt, sent, len(mine))
            mine.setdefault(again.version, again)
    requests = (again for _, mine in sorted(found.items()) for again in mine.values())
    return Stored(tuple(requests), tuple(sorted(left_out.items())))
