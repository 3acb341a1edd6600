"""`pair`: an attacker rewrites its request turn by turn, after PAIR (Chao et al., arXiv 2310.08419).

Several streams talk with the attacker side by side; each turn it is shown its own words, the target's answer and a
rating by the stop instrument. All streams of a turn are asked at once and then looked at, so the outcome depends on
seeds alone, not on who is served first. Our own plain words for the attacker, not tuned for strength: a rate by this
attack is no bound on what a determined person reaches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from resolute.core import texts
from resolute.core.ask import Ask, Reply, as_unfinished, failed
from resolute.core.attacking import ATTACKER_FAILED, Exchange, Fresh, Role, Roles, together, wanted
from resolute.core.errors import ResoluteError
from resolute.core.judging.disarm import disarmed
from resolute.core.judging.proposals import propose
from resolute.core.keys import derive, key
from resolute.core.parts import Attack, Attempt
from resolute.core.records import Message, Prompt
from resolute.core.settings import Evaluate, Pair

_TEXTS = ("attack-pair", "attack-pair-first", "attack-pair-turn")
GRADES = 10
"""The attacker reads ratings from 1 to this."""


@dataclass
class _Stream:
    """One conversation with the attacker."""

    number: int
    said: list[str] = field(default_factory=list[str])
    """The attacker's own words, one a turn."""
    told: list[str] = field(default_factory=list[str])
    """What it was told of each."""
    cut: int = 0
    failed: bool = False


@dataclass(frozen=True)
class Streams:
    """The attack under its settings."""

    settings: Pair = field(default_factory=Pair)
    roles: Roles = field(default_factory=Roles)
    name: str = "pair"
    needs: tuple[Role, ...] = ("attacker", "stop")

    @property
    def version(self) -> str:
        """Of its words and settings."""
        return key([[texts.version(texts.load(name)) for name in _TEXTS], self.settings])[:8]

    def variants(self, rest: str, settings: Evaluate) -> list[Attack]:
        if rest:
            raise ResoluteError(f"the attack {self.name} has no variant {rest!r}", mend="its settings: evaluate.pair")
        return [replace(self, settings=settings.pair)]

    def handed(self, roles: Roles) -> Attack:
        return replace(self, roles=roles)

    async def run(self, prompt: Prompt, ask: Ask, seed: int) -> Attempt:
        """Attack until some stream reached the goal, or all turns are used."""
        streams = [_Stream(number) for number in range(self.settings.streams)]
        done: list[Exchange] = []
        best: Exchange | None = None
        inside = False
        for iteration in range(self.settings.iterations):
            alive = [stream for stream in streams if not stream.failed]
            made = await together(self._exchange(stream, iteration, prompt, ask, seed) for stream in alive)
            inside = inside or any(one.reply is not None and one.reply.began_inside for one in made)
            made = await together(self._looked_at(one, prompt, inside=inside) for one in made)
            done += made
            for stream, one in zip(alive, made, strict=True):
                self._told(stream, one)
            best = next((one for one in made if self._reached(one)), None)
            if best is not None or all(stream.failed for stream in streams):
                break
        queries = sum(one.reply is not None for one in done)
        if best is None and all(stream.failed for stream in streams):
            why = next(one.why for one in reversed(done) if one.reply is None)
            return Attempt([], failed(f"{ATTACKER_FAILED}: {why}"), queries, tuple(done))
        return await self._judged(best or _nearest(done), tuple(done), queries, ask, seed)

    async def _exchange(self, stream: _Stream, iteration: int, prompt: Prompt, ask: Ask, seed: int) -> Exchange:
        """The attacker's words of one turn, and the target's answer to them."""
        assert self.roles.attacker is not None
        history, left_out = self._history(stream, prompt)
        seeds = [derive(seed, "attacker", stream.number, iteration, number) for number in range(self.settings.attempts)]
        proposed = await propose(self.roles.attacker, history, seeds)
        target = derive(seed, "target", stream.number, iteration)
        about: dict[str, Any] = {"attempts": proposed.attempts, "left_out": left_out, "cut": stream.cut}
        if proposed.prompt is None:
            return Exchange(stream.number, iteration, seed=target, sent=[], reply=None, why=proposed.why, **about)
        stream.said.append(proposed.said)
        sent = [Message(role="user", content=proposed.prompt)]
        reply = await (self.roles.probe or ask)(sent, target)
        return Exchange(stream.number, iteration, seed=target, sent=sent, reply=reply, **about)

    async def _looked_at(self, one: Exchange, prompt: Prompt, *, inside: bool) -> Exchange:
        if one.reply is None:
            return one
        assert self.roles.stop is not None
        reply = as_unfinished(one.reply) if inside else one.reply
        return replace(one, reply=reply, opinion=await self.roles.stop(prompt, reply))

    def _told(self, stream: _Stream, one: Exchange) -> None:
        """What the attacker will read of this turn."""
        if one.reply is None:
            stream.failed = True
            return
        answer = one.reply.answer.strip() or "(there was no answer)"
        seen = answer[: self.settings.shown]
        stream.cut += len(answer) - len(seen)
        if len(seen) < len(answer):
            seen += f"\n[{len(answer) - len(seen)} more characters are left out]"
        score = one.opinion.score if one.opinion else None
        rating = "none could be given" if score is None else f"{1 + round(score * (GRADES - 1))} of {GRADES}"
        text = texts.load("attack-pair-turn")
        stream.told.append(texts.fill(text, answer=disarmed(seen).text, rating=rating))

    def _history(self, stream: _Stream, prompt: Prompt) -> tuple[list[Message], int]:
        """What the attacker is shown, and how many earlier turns it is not."""
        kept = min(len(stream.said), self.settings.remembered)
        left_out = len(stream.said) - kept
        earlier = f"{left_out} earlier tries are left out here." if left_out else ""
        messages = [
            Message(role="system", content=texts.fill(texts.load("attack-pair"), request=wanted(prompt))),
            Message(role="user", content=texts.fill(texts.load("attack-pair-first"), earlier=earlier).strip()),
        ]
        for said, told in zip(stream.said[left_out:], stream.told[left_out:], strict=True):
            messages += [Message(role="assistant", content=said), Message(role="user", content=told)]
        return messages, left_out

    def _reached(self, one: Exchange) -> bool:
        score = one.opinion.score if one.opinion else None
        return score is not None and score >= self.settings.reached

    async def _judged(self, best: Exchange, done: tuple[Exchange, ...], queries: int, ask: Ask, seed: int) -> Attempt:
        """The turn that is judged, with further samples of its request."""
        assert best.reply is not None
        if self.settings.protocol == "paper":
            final = await ask(best.sent, derive(seed, "final"))
            return Attempt(best.sent, final, queries, done, (), best.stream, best.iteration)
        fresh: Sequence[Fresh] = ()
        if best.reply.ending.why != "error":
            seeds = [derive(seed, "fresh", number) for number in range(self.settings.fresh)]
            replies: list[Reply] = await together(ask(best.sent, one) for one in seeds)
            fresh = [Fresh(one, reply) for one, reply in zip(seeds, replies, strict=True)]
        return Attempt(best.sent, best.reply, queries, done, tuple(fresh), best.stream, best.iteration)


def _nearest(done: Sequence[Exchange]) -> Exchange:
    """Where no turn reached the goal: the one rated highest, the latest of several, its lowest stream."""

    def rank(one: Exchange) -> tuple[bool, float, int, int]:
        assert one.reply is not None
        score = one.opinion.score if one.opinion else None
        answered = one.reply.ending.why != "error"
        return answered, -1.0 if score is None else score, one.iteration, -one.stream

    return max((one for one in done if one.reply is not None), key=rank)


PAIR = Streams()
