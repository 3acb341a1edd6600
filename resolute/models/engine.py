"""Asking a model many things: the only place where prompts become outcomes.

Every request runs its attack, which calls the model, and the roles it needs, as often as it likes; its outcome is
appended to a ledger in our key's folder the moment it is there. A request's seed is its own, so order, number at once
and resume change no byte.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter

from resolute.core.ask import Sampling, as_unfinished, failed
from resolute.core.attacking import Fresh
from resolute.core.jobs import Progress
from resolute.core.parts import Attempt, Beginning, Guided
from resolute.models import beginning
from resolute.models.identity import Model
from resolute.models.ledger import Ledger, ledger
from resolute.models.purse import Purse
from resolute.models.requests import Outcomes, Request, with_system
from resolute.models.roles import Cast, Spent, Voices, metered
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
    calls: dict[str, tuple[int, int, int]] = field(default_factory=dict[str, tuple[int, int, int]])
    """Who was asked -> tokens in, tokens out and calls."""


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
    cast: Cast | None = None,
    run_by: Callable[[], AbstractContextManager[Model]] | None = None,
) -> Outcomes:
    """Ask everything; the outcome of every request by its id. Interrupted work in `folder` is taken up again.

    Requests that failed after all retries have the ending (nothing, error); in the next run exactly these are asked
    again. Raises `ResoluteError` where the server is away or refuses everything: what was answered stays in `folder`;
    and before anything is asked where nobody plays a role that an attack needs, or the model cannot go on from a reply
    that an attack begins. `concurrency` is the most requests under way (None: enough to keep a local model busy, or
    `calls.REMOTE_CALLS`); each model is sent no more calls at once than that, however many streams a request has.
    `run_by` gives the model as something else runs it (see `vllm.run_by`), and is only entered if something is open.
    """
    if len({asked.id for asked in requests}) != len(requests):
        raise ValueError("two requests have one id")
    cast, purse = cast or Cast(), purse or Purse()
    _check(requests, model, cast)
    for one in (model, *cast.models):
        purse.price(one)
    if all(one.scripted is not None for one in (model, *cast.models)):
        tally = Tally(model, progress, patience or Patience(), len(requests), purse=purse)
        return asyncio.run(_ask_plainly(requests, sampling, tally, cast))
    with ledger(folder / LEDGER, _FORM) as kept:
        waiting = {asked.id: asked for asked in _in_order(requests, model) if asked.id not in kept.known}
        done = len(requests) - len(waiting)
        tally = Tally(model, progress, patience or Patience(), len(requests), done=done, purse=purse)
        tally.answered = len(kept.known)
        for asked in requests:
            if asked.id in kept.known:
                _pay(kept.known[asked.id], model, cast, purse)
        lost: dict[str, str] = {}
        if waiting:
            with run_by() if run_by is not None else nullcontext(model) as tally.model:
                asyncio.run(_ask_all(waiting, sampling, tally, kept, lost, concurrency, cast))
        tally.raise_when_away(len(lost), folder)
        return _outcomes(requests, kept.known, lost)


def _check(requests: Sequence[Request], model: Model, cast: Cast) -> None:
    """Everything that can be known to go wrong, once an attack."""
    for attack in {id(asked.attack): asked.attack for asked in requests}.values():
        if isinstance(attack, Guided):
            cast.check(attack.name, attack.needs)
        if isinstance(attack, Beginning):
            beginning.check(attack.name, attack.begins, model)


def _in_order(requests: Sequence[Request], model: Model) -> Sequence[Request]:
    """Long prompts first where they run in batches here: rows of one length need no padding, and what does not fit is
    met at once. A server takes them as they come."""
    if model.kind != "local":
        return requests
    return sorted(requests, key=lambda asked: -len(asked.prompt.text))


def _pay(kept: _Kept, model: Model, cast: Cast, purse: Purse) -> None:
    """What an earlier run paid for an outcome."""
    reply = kept.attempt.reply
    by_role = kept.calls or {"target": (reply.tokens_in, reply.tokens_out, 1)}
    for who, (tokens_in, tokens_out, _) in by_role.items():
        payer = model if who == "target" else cast.model(who)
        purse.pay(purse.price(payer) if payer is not None else None, tokens_in, tokens_out)


async def _ask_all(
    waiting: Mapping[str, Request],
    sampling: Sampling,
    tally: Tally,
    kept: Ledger[_Kept],
    lost: dict[str, str],
    concurrency: int | None,
    cast: Cast,
) -> None:
    from resolute.models import calls, provider

    usual = provider.PENDING if tally.model.kind == "local" else calls.REMOTE_CALLS
    at_once = concurrency or (calls.BATCH_CALLS if tally.purse.batch else usual)
    local = {one.identity for one in (tally.model, *cast.models) if one.kind == "local"}
    with provider.room(len(local)), Voices.opened(tally.model, sampling, cast, tally, at_once=at_once) as voices:

        async def answer(asked: Request) -> _Kept:
            return await _answer(asked, voices)

        def lose(name: str, why: str, again: bool) -> None:
            if again:
                lost[name] = why
            else:
                kept.add(name, _Kept(Attempt([], failed(why))))

        await calls.carry(waiting, answer, at_once=at_once, tally=tally, keep=kept.add, lose=lose)


async def _answer(asked: Request, voices: Voices) -> _Kept:
    """One request by its attack."""
    spent, attack = Spent(), asked.attack
    guided = isinstance(attack, Guided)
    ask = metered(voices.target, spent, "target", system=asked.system, lenient=guided)
    if isinstance(attack, Guided):
        attack = attack.handed(voices.roles(asked.system, spent))
    attempt = await attack.run(asked.prompt, ask, asked.seed)
    attempt = replace(attempt, sent=with_system(attempt.sent, asked.system) if attempt.sent else [])
    served = tuple(sorted(voices.target.served))
    return _Kept(attempt, spent.began_inside, served, dict(sorted(spent.calls.items())))


def _outcomes(requests: Sequence[Request], known: Mapping[str, _Kept], lost: Mapping[str, str]) -> Outcomes:
    """Where any reply of the model closed a thought it never opened, the server's template opens thoughts, so a reply
    without any mark is an unfinished thought and no answer."""
    inside = any(one.began_inside for one in known.values())
    found = Outcomes()
    for asked in requests:
        if asked.id in lost:
            found[asked.id] = Attempt([], failed(lost[asked.id]))
            continue
        one = known[asked.id].attempt
        found[asked.id] = _unfinished(one) if inside and not beginning.begun(one.sent) else one
    found.served = frozenset(name for one in known.values() for name in one.served)
    found.calls = {asked.id: known[asked.id].calls for asked in requests if asked.id in known}
    return found


def _unfinished(attempt: Attempt) -> Attempt:
    fresh = tuple(Fresh(one.seed, as_unfinished(one.reply)) for one in attempt.fresh)
    return replace(attempt, reply=as_unfinished(attempt.reply), fresh=fresh)


async def _ask_plainly(requests: Sequence[Request], sampling: Sampling, tally: Tally, cast: Cast) -> Outcomes:
    """Functions are asked one after the other: nothing is waited for, and nothing needs a ledger."""
    known: dict[str, _Kept] = {}
    with Voices.opened(tally.model, sampling, cast, tally, at_once=1) as voices:
        for number, asked in enumerate(requests, 1):
            known[asked.id] = await _answer(asked, voices)
            if number % 100 == 0 or number == len(requests):
                tally.progress("asking", number, len(requests))
    return _outcomes(requests, known, {})
