"""Questions to a server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from resolute.core.judging.instruments import Question, Said
from resolute.core.keys import derive
from resolute.models import calls
from resolute.models.drawing import CANDIDATES
from resolute.models.instruments.heard import Heard, note
from resolute.models.instruments.manner import Manner
from resolute.models.ledger import Ledger
from resolute.models.reply import read_output
from resolute.models.running import Tally


def ask_server(questions: Mapping[str, Question], manner: Manner, kept: Ledger[Heard], tally: Tally) -> None:
    """Put the questions, by name, and note what is heard. Stops asking where the server is away."""
    asyncio.run(_ask_all(questions, manner, kept, tally))


async def _ask_all(questions: Mapping[str, Question], manner: Manner, kept: Ledger[Heard], tally: Tally) -> None:
    at_once = manner.concurrency or (calls.BATCH_CALLS if tally.purse.batch else calls.REMOTE_CALLS)
    more = {"logprobs": True, "top_logprobs": CANDIDATES} if manner.chances and not manner.thinks else {}
    speaker = calls.speaker(tally.model, manner.sampling, tally, at_once=at_once, more=more)

    async def answer(named: tuple[str, Question]) -> Heard:
        name, question = named
        return heard(await speaker.say(question.messages, derive(0, name)))

    def lose(name: str, why: str, again: bool) -> None:
        note(kept, name, Heard(None, f"error: {why}", again=again))

    waiting = {name: (name, question) for name, question in questions.items()}
    await calls.carry(waiting, answer, at_once=at_once, tally=tally, keep=kept.add, lose=lose)


def heard(output: Any) -> Heard:
    """What a server's output says, its thought taken off."""
    reply = read_output(output)
    if reply.ending.why == "content filter":
        return Heard(None, "filtered", reply.tokens_in, reply.tokens_out)
    ended = reply.ending.why in ("end of turn", "unknown") and reply.ending.where != "thought"
    said = Said(reply.answer, ended, reply.chances)
    return Heard(said, tokens=reply.tokens_in, tokens_out=reply.tokens_out)
