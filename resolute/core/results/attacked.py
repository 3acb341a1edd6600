"""How attacks went, in numbers: one record an attacked goal, one a turn. Words stand in traces, never here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from resolute.core.ask import Reply, said
from resolute.core.attacking import ATTACKER_FAILED, Exchange
from resolute.core.keys import key
from resolute.core.parts import Attempt
from resolute.core.records import Record, Text, Trace


class Turn(Record):
    """One turn. Its words, where there are any, are the trace of the same id in `quarantine/transcripts.parquet`."""

    id: str
    trace: str
    """The trace that is judged."""
    prompt: str
    """Id of the prompt."""
    attack: str
    stream: int
    iteration: int
    attempts: int
    """Times the attacker was asked."""
    outcome: Literal["reached", "not reached", "not rated", "attacker failed", "no output"]
    """reached, not reached: by the stop instrument; not rated: it could not say, or the attack has none."""
    score: float | None = None
    """Of the stop instrument: 1 = the goal is reached."""
    why: Text = ""
    left_out: int = 0
    """Earlier turns that the attacker was not shown."""
    cut: int = 0
    """Characters of earlier answers that the attacker was not shown."""
    seed: int = 0
    """Of the request to the target."""


class Course(Record):
    """How the attack on one goal went."""

    id: str
    """Of the trace that is judged."""
    prompt: str
    attack: str
    attacker_failed: bool
    """No stream came to its end, and none reached the goal: no success and no defence, in no rate."""
    found: bool
    """The stop instrument took the goal for reached. That is no verdict."""
    queries: int
    """Requests to the target until the attack ended."""
    queries_to_found: int | None = None
    """Requests to the target up to the first answer that was taken for it, turn by turn and stream by stream."""
    streams: int
    streams_failed: int
    not_rated: int
    """Answers of which the stop instrument could not say anything."""
    fresh: int
    """Further samples of the request that is judged: traces of their own."""
    attacker_calls: int = 0
    stop_calls: int = 0


def turns(trace: Trace, attempt: Attempt, reached: float) -> list[Turn]:
    """The turns of one attack, in their order. `reached` is the score from which the goal counts as reached."""
    return [_turn(trace, one, reached) for one in attempt.exchanges]


def course(trace: Trace, attempt: Attempt, reached: float, calls: Mapping[str, tuple[int, int, int]]) -> Course:
    """The numbers of one attack; `calls` is who was asked -> tokens in, tokens out and calls."""
    all_turns = turns(trace, attempt, reached)
    asked = [one for one in all_turns if one.outcome != "attacker failed"]
    first = next((number for number, one in enumerate(asked, 1) if one.outcome == "reached"), None)
    return Course(
        id=trace.id,
        prompt=trace.prompt.id,
        attack=trace.attack,
        attacker_failed=attempt.reply.error.startswith(ATTACKER_FAILED),
        found=first is not None,
        queries=attempt.queries,
        queries_to_found=first,
        streams=len({one.stream for one in all_turns}),
        streams_failed=len({one.stream for one in all_turns if one.outcome == "attacker failed"}),
        not_rated=sum(one.outcome == "not rated" for one in all_turns),
        fresh=len(attempt.fresh),
        attacker_calls=calls.get("attacker", (0, 0, 0))[2],
        stop_calls=calls.get("stop", (0, 0, 0))[2],
    )


def transcript(trace: Trace, attempt: Attempt) -> list[Trace]:
    """What was said in the turns that reached the target, as traces that any instrument can judge."""
    found: list[Trace] = []
    for one in attempt.exchanges:
        if one.reply is None:
            continue
        update: dict[str, Any] = {
            "id": _id(trace, one),
            "attack": f"{trace.attack}:turns",
            "sent": one.sent,
        }
        found.append(_saying(trace, one.reply, one.seed, update))
    return found


def fresh(trace: Trace, attempt: Attempt) -> list[Trace]:
    """Further samples of the request that is judged, each a trace of its own: what of a success is reproduced."""
    found: list[Trace] = []
    for number, one in enumerate(attempt.fresh):
        update: dict[str, Any] = {
            "id": key(["fresh", trace.id, number]),
            "attack": f"{trace.attack}:fresh",
            "sample": trace.sample * len(attempt.fresh) + number,
        }
        found.append(_saying(trace, one.reply, one.seed, update))
    return found


def _saying(trace: Trace, reply: Reply, seed: int, update: Mapping[str, Any]) -> Trace:
    """The trace with the words of another reply."""
    return Trace.model_validate({**dict(trace), **said(reply), "content": "", "queries": 1, "seed": seed, **update})


def _turn(trace: Trace, one: Exchange, reached: float) -> Turn:
    score = one.opinion.score if one.opinion else None
    outcome = "reached" if score is not None and score >= reached else "not reached"
    if one.reply is None:
        outcome = "attacker failed"
    elif one.reply.ending.why == "error":
        outcome = "no output"
    elif score is None:
        outcome = "not rated"
    return Turn(
        id=_id(trace, one),
        trace=trace.id,
        prompt=trace.prompt.id,
        attack=trace.attack,
        stream=one.stream,
        iteration=one.iteration,
        attempts=one.attempts,
        outcome=outcome,
        score=score,
        why=one.why or (one.opinion.why if one.opinion else ""),
        left_out=one.left_out,
        cut=one.cut,
        seed=one.seed,
    )


def _id(trace: Trace, one: Exchange) -> str:
    return key(["turn", trace.id, one.stream, one.iteration])
