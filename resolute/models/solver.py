"""The one Inspect solver: a sample is a request, and what solves it is the request's attack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    ModelOutput,
    get_model,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver

from resolute.core.ask import Reply
from resolute.core.parts import Attempt
from resolute.core.records import Message
from resolute.models.logs import kept
from resolute.models.reply import began_inside, read_output
from resolute.models.requests import Request, failed, with_system
from resolute.models.running import Running, cause, current, is_the_rows

_FORMS: dict[str, Callable[..., Any]] = {
    "system": ChatMessageSystem,
    "user": ChatMessageUser,
    "assistant": ChatMessageAssistant,
}


class ServerAwayError(Exception):
    """Too many requests failed in a row: what is left is asked in the next run."""


@solver(name="resolute_attacked")
def attacked() -> Solver:
    """Runs the attack of the sample's request and keeps its outcome in the sample's metadata."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        running = current()
        if running.tally.away:
            raise ServerAwayError(running.tally.away)
        calls: list[ModelOutput] = []
        asked = running.requests[str(state.sample_id)]
        attempt = await _attempt(running, asked, calls)
        if calls:
            state.output = calls[-1]
        sent = with_system(attempt.sent, asked.system) if attempt.sent else []
        state.metadata["outcome"] = kept(Attempt(sent, attempt.reply, attempt.queries))
        state.metadata["began_inside"] = any(map(began_inside, calls))
        state.metadata["served"] = sorted({call.model for call in calls})
        running.tally.finish()
        return state

    return solve


async def _attempt(running: Running, asked: Request, calls: list[ModelOutput]) -> Attempt:
    """The attack's outcome. A failure that may pass is raised: the sample is asked again in the next run."""
    model = get_model()

    async def ask(messages: Sequence[Message], seed: int) -> Reply:
        sent = chat(with_system(messages, asked.system))
        output = await model.generate(sent, config=GenerateConfig(seed=seed, **running.sent), cache=False)
        calls.append(output)
        return read_output(output)

    try:
        return await asked.attack.run(asked.prompt, ask, asked.seed)
    except Exception as error:
        if is_the_rows(error):
            return Attempt([], failed(cause(error)), len(calls) + 1)
        running.tally.fail(error)
        raise


def chat(messages: Sequence[Message]) -> list[ChatMessage]:
    """Messages as Inspect sends them."""
    return [_FORMS[message.role](content=message.content) for message in messages]
