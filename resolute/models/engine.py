"""Asking a model many things: the only place where prompts become outcomes.

Every request runs its attack, which calls the model as often as it likes; its outcome is appended to a ledger in our
key's folder the moment it is there. A request's seed is its own, so order, number at once and resume change no byte.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from resolute.core.ask import Reply, Sampling
from resolute.core.jobs import Progress
from resolute.core.parts import Attempt, Scripted
from resolute.core.records import Message
from resolute.models.identity import Model
from resolute.models.ledger import Ledger, ledger
from resolute.models.purse import Purse
from resolute.models.requests import Outcomes, Request, failed, with_system
from resolute.models.running import Patience, Tally

LEDGER = Path("work") / "outcomes.jsonl"
"""In the folder of an artifact: what was answered so far."""


@dataclass(frozen=True)
class _Kept:
    """An outcome as the ledger keeps it."""

    attempt: Attempt
    began_inside: bool = False
    """Some reply closed a thought it never opened: the server's template opens thoughts."""
    served: tuple[str, ...] = ()
    """What the server said it was."""


_FORM = TypeAdapter(_Kept)


def run_requests(
    requests: Sequence[Request],
    *,
    model: Model,
    sampling: Sampling,
    folder: Path,
    progress: Progress,
    concurrency: int | None = None,
    patience: Patience | None = None,
    purse: Purse | None = None,
) -> Outcomes:
    """Ask everything; the outcome of every request by its id. Interrupted work in `folder` is taken up again.

    Requests that failed after all retries have the ending (nothing, error); in the next run exactly these are asked
    again. Raises `ResoluteError` where the server is away or refuses everything: what was answered stays in `folder`.
    `concurrency` is the most calls in flight (None: enough to keep a local model busy, or `calls.REMOTE_CALLS`).
    """
    if len({asked.id for asked in requests}) != len(requests):
        raise ValueError("two requests have one id")
    if model.scripted is not None:
        return asyncio.run(_ask_plainly(requests, model.scripted, progress))
    purse = purse or Purse()
    price = purse.price(model)
    with ledger(folder / LEDGER, _FORM) as kept:
        waiting = {asked.id: asked for asked in requests if asked.id not in kept.known}
        done = len(requests) - len(waiting)
        tally = Tally(model, progress, patience or Patience(), len(requests), done=done, purse=purse)
        tally.answered = len(kept.known)
        for asked in requests:
            if asked.id in kept.known:
                reply = kept.known[asked.id].attempt.reply
                purse.pay(price, reply.tokens_in, reply.tokens_out)
        lost: dict[str, str] = {}
        if waiting:
            asyncio.run(_ask_all(waiting, sampling, tally, kept, lost, concurrency))
        tally.raise_when_away(len(lost), folder)
        return _outcomes(requests, kept.known, lost)


async def _ask_all(
    waiting: Mapping[str, Request],
    sampling: Sampling,
    tally: Tally,
    kept: Ledger[_Kept],
    lost: dict[str, str],
    concurrency: int | None,
) -> None:
    from resolute.models import calls, provider
    from resolute.models.reply import began_inside, read_output

    usual = provider.PENDING if tally.model.kind == "local" else calls.REMOTE_CALLS
    at_once = concurrency or (calls.BATCH_CALLS if tally.purse.batch else usual)
    speaker = calls.speaker(tally.model, sampling, tally, at_once=at_once)

    async def answer(asked: Request) -> _Kept:
        inside, served = False, set[str]()

        async def ask(messages: Sequence[Message], seed: int) -> Reply:
            nonlocal inside
            output = await speaker.say(with_system(messages, asked.system), seed)
            inside = inside or began_inside(output)
            served.add(output.model)
            return read_output(output)

        attempt = await asked.attack.run(asked.prompt, ask, asked.seed)
        sent = with_system(attempt.sent, asked.system)
        return _Kept(Attempt(sent, attempt.reply, attempt.queries), inside, tuple(sorted(served)))

    def lose(name: str, why: str, again: bool) -> None:
        if again:
            lost[name] = why
        else:
            kept.add(name, _Kept(Attempt([], failed(why))))

    await calls.carry(waiting, answer, at_once=at_once, tally=tally, keep=kept.add, lose=lose)


def _outcomes(requests: Sequence[Request], known: Mapping[str, _Kept], lost: Mapping[str, str]) -> Outcomes:
    """Where any reply of the model closed a thought it never opened, the server's template opens thoughts, so a reply
    without any mark is an unfinished thought and no answer."""
    from resolute.models.reply import as_unfinished

    inside = any(one.began_inside for one in known.values())
    found = Outcomes()
    for asked in requests:
        if asked.id in lost:
            found[asked.id] = Attempt([], failed(lost[asked.id]))
            continue
        one = known[asked.id].attempt
        found[asked.id] = Attempt(one.sent, as_unfinished(one.reply), one.queries) if inside else one
    found.served = frozenset(name for one in known.values() for name in one.served)
    return found


async def _ask_plainly(requests: Sequence[Request], scripted: Scripted, progress: Progress) -> Outcomes:
    outcomes = Outcomes()
    for number, asked in enumerate(requests, 1):

        async def ask(messages: Sequence[Message], seed: int, system: str = asked.system) -> Reply:
            return scripted.reply(with_system(messages, system), seed)

        attempt = await asked.attack.run(asked.prompt, ask, asked.seed)
        outcomes[asked.id] = Attempt(with_system(attempt.sent, asked.system), attempt.reply, attempt.queries)
        if number % 100 == 0 or number == len(requests):
            progress("asking", number, len(requests))
    return outcomes
