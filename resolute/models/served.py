"""Questions to a server: Inspect's model sends them, with its retries and providers, so many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from resolute.core.instruments import Question, Said
from resolute.core.keys import derive
from resolute.models import engine, servers
from resolute.models.heard import Heard, Ledger
from resolute.models.identity import Model
from resolute.models.local import CANDIDATES
from resolute.models.manner import Manner
from resolute.models.reply import read_output
from resolute.models.running import Patience, Tally, cause, is_the_rows
from resolute.models.solver import chat


def ask_server(questions: Mapping[str, Question], model: Model, manner: Manner, ledger: Ledger, tally: Tally) -> None:
    """Put the questions, by name, and note what is heard. Stops asking where the server is away."""
    asyncio.run(_ask_all(questions, model, manner, ledger, tally))


async def _ask_all(
    questions: Mapping[str, Question], model: Model, manner: Manner, ledger: Ledger, tally: Tally
) -> None:
    from inspect_ai.model import GenerateConfig

    patience = manner.patience or Patience()
    speaker = engine.opened(model.name, servers.client(model.name, patience.client_seconds))
    at_once = manner.concurrency or engine.REMOTE_CALLS
    sent: dict[str, Any] = servers.generation(model.name, manner.sampling)
    sent |= {"max_connections": at_once, "max_retries": patience.retries, "timeout": patience.seconds}
    if manner.chances and not manner.thinks:
        sent |= {"logprobs": True, "top_logprobs": CANDIDATES}
    waiting = iter(questions.items())

    async def work() -> None:
        for name, question in waiting:
            if tally.away:
                ledger.add(name, Heard(None, f"error: {tally.away}", again=True))
                continue
            try:
                config = GenerateConfig(seed=derive(0, name), **sent)
                ledger.add(name, _heard(await speaker.generate(chat(question.messages), config=config, cache=False)))
                tally.finish()
            except Exception as error:  # noqa: BLE001  (one question's failure is noted, the others go on)
                if is_the_rows(error):
                    ledger.add(name, Heard(None, f"error: {cause(error)}"))
                    tally.finish()
                    continue
                tally.fail(error)
                ledger.add(name, Heard(None, f"error: {cause(error)}", again=True))

    async with asyncio.TaskGroup() as group:
        for _ in range(min(at_once, len(questions))):
            group.create_task(work())


def _heard(output: Any) -> Heard:
    reply = read_output(output)
    if reply.ending.why == "content filter":
        return Heard(None, "filtered", reply.tokens_in)
    ended = reply.ending.why in ("end of turn", "unknown") and reply.ending.where != "thought"
    return Heard(Said(reply.answer, ended, reply.chances), tokens=reply.tokens_in)
