"""Calls to a server: Inspect's model with its retries and providers, and so many items under way at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from resolute.core.ask import Sampling
from resolute.core.errors import ResoluteError
from resolute.core.records import Message
from resolute.models import servers
from resolute.models.identity import Model
from resolute.models.purse import BudgetSpentError
from resolute.models.running import Tally, cause, is_the_rows

if TYPE_CHECKING:
    from inspect_ai.model import ModelOutput

    from resolute.models.render import Renderer

REMOTE_CALLS = 32
"""Calls in flight at a server, where the caller does not say."""
BATCHED = ("openai", "anthropic", "google", "grok", "together")
"""Inspect's providers whose batch interface it speaks (`inspect_ai/model/_providers/*_batch.py`)."""
BATCH_CALLS = 10_000
"""Calls in flight where they are gathered into batches."""
BATCH_WAITS: dict[str, float] = {"size": 1_000, "send_delay": 15.0, "tick": 15.0}
"""Requests a batch is filled up to, seconds until it is sent unfilled, and seconds between two looks at it."""

A = TypeVar("A")
R = TypeVar("R")


@dataclass(frozen=True)
class Speaker:
    """A model that is asked through Inspect, and how."""

    model: Any
    sent: Mapping[str, Any]
    """Arguments of every call."""
    tally: Tally
    max_tokens: int
    price: Any

    async def say(self, messages: Sequence[Message], seed: int, body: Mapping[str, Any] | None = None) -> ModelOutput:
        """One call, paid from the tally's purse; `body` are further fields of this request alone."""
        from inspect_ai.model import GenerateConfig

        purse = self.tally.purse
        args = {**self.sent, "extra_body": {**self.sent.get("extra_body", {}), **body}} if body else self.sent
        async with purse.hold(self.price, messages, self.max_tokens):
            config = GenerateConfig(seed=seed, **args)
            output = await self.model.generate(chat(messages), config=config, cache=False)
            used = output.usage
            purse.pay(self.price, used.input_tokens if used else 0, used.output_tokens if used else 0)
            return output


@dataclass(frozen=True)
class Checkpoint:
    """What our own side knows of a checkpoint that a server holds."""

    renderer: Renderer
    context: int

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        from transformers import AutoConfig

        from resolute.models.local import context_of
        from resolute.models.render import Renderer

        return cls(Renderer.load(path), context_of(AutoConfig.from_pretrained(path, local_files_only=True)))


@dataclass(frozen=True)
class ByIds(Speaker):
    """A served checkpoint: handed the token ids that training learned, and read by the renderer that made them."""

    checkpoint: Checkpoint
    sampling: Sampling

    async def say(self, messages: Sequence[Message], seed: int, body: Mapping[str, Any] | None = None) -> ModelOutput:
        from inspect_ai.model import ChatMessageUser, GenerateConfig

        from resolute.models.beginning import rendered
        from resolute.models.provider import PARTS

        renderer = self.checkpoint.renderer
        prompt = rendered(renderer, messages, thinking=self.sampling.thinking)
        room = self.checkpoint.context - len(prompt.ids)
        if room < 1:
            what = f"the prompt has {len(prompt.ids)} tokens, the model's context {self.checkpoint.context}"
            raise ResoluteError(what, mend="ask for shorter prompts")
        body = servers.by_ids(self.sampling, renderer.stop_ids)
        sent: dict[str, Any] = {**self.sent, "extra_body": body, "max_tokens": min(self.sampling.max_tokens, room)}
        asked = ChatMessageUser(content=prompt.text, metadata={"prompt_token_ids": prompt.ids})
        output = await self.model.generate([asked], config=GenerateConfig(seed=seed, **sent), cache=False)
        used = output.usage
        self.tally.purse.pay(self.price, used.input_tokens if used else 0, used.output_tokens if used else 0)
        text = output.completion
        output.metadata = {**(output.metadata or {}), PARTS: asdict(renderer.split(text, prompt))}
        return output


def speaker(
    model: Model, sampling: Sampling, tally: Tally, *, at_once: int, more: Mapping[str, Any] | None = None
) -> Speaker:
    """Inspect's model under these settings; `more` are further arguments of every call.

    Raises `ResoluteError` where it cannot be opened, has no batch interface that is asked for, or where a budget is
    to be kept and its price is not known.
    """
    from resolute.models import provider

    local = model.kind == "local"
    name = provider.name_of(model) if local else model.name
    patience = tally.patience
    sent = {
        **servers.generation(name, sampling),
        "max_connections": at_once,
        "max_retries": patience.retries,
        "timeout": patience.seconds,
        **(more or {}),
    }
    if tally.purse.batch:
        if local or name.partition("/")[0] not in BATCHED:
            mend = f"leave out batch; it is known for {', '.join(BATCHED)}"
            raise ResoluteError("this model has no batch interface", where=model.name, mend=mend)
        from inspect_ai.model import BatchConfig

        sent |= {"batch": BatchConfig.model_validate(BATCH_WAITS), "timeout": None}
    price = tally.purse.price(model)
    opened = _opened(name, {} if local else servers.client(name, patience.client_seconds))
    if model.kind == "inspect" and model.path is not None:
        return ByIds(opened, sent, tally, sampling.max_tokens, price, Checkpoint.load(model.path), sampling)
    return Speaker(opened, sent, tally, sampling.max_tokens, price)


async def carry(
    waiting: Mapping[str, A],
    answer: Callable[[A], Awaitable[R]],
    *,
    at_once: int,
    tally: Tally,
    keep: Callable[[str, R], None],
    lose: Callable[[str, str, bool], None],
) -> None:
    """Answer every item, `at_once` at a time. `lose(name, why, again)` is told of those that got none; `again`: it may
    pass, the next run asks again. Nothing is asked any more once the server is away or the budget is spent."""
    items = iter(waiting.items())

    async def work() -> None:
        for name, item in items:
            if tally.stopped:
                lose(name, tally.stopped, True)
                continue
            try:
                keep(name, await answer(item))
                tally.finish()
            except BudgetSpentError:
                tally.broke = True
                lose(name, tally.stopped, True)
            except Exception as error:  # noqa: BLE001  (one item's failure is noted, the others go on)
                if is_the_rows(error):
                    lose(name, cause(error), False)
                    tally.finish()
                else:
                    tally.fail(error)
                    lose(name, cause(error), True)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(at_once, len(waiting))):
            group.create_task(work())


def chat(messages: Sequence[Message]) -> list[Any]:
    """Messages as Inspect sends them."""
    from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser

    forms: dict[str, Callable[..., Any]] = {
        "system": ChatMessageSystem,
        "user": ChatMessageUser,
        "assistant": ChatMessageAssistant,
    }
    return [forms[message.role](content=message.content) for message in messages]


def _opened(name: str, args: dict[str, Any]) -> Any:
    """A key, address or package that Inspect misses is an error of ours that names it."""
    from inspect_ai._util.error import PrerequisiteError
    from inspect_ai.model import get_model
    from rich.text import Text

    try:
        return get_model(name, memoize=False, **args)
    except (PrerequisiteError, ValueError) as error:
        what = " ".join(Text.from_markup(str(error)).plain.removeprefix("ERROR: ").split())
        mend = "set the environment variable or install the package it names; openai-api/SERVICE/MODEL reads "
        mend += "SERVICE_BASE_URL and SERVICE_API_KEY"
        raise ResoluteError(what, where=name, mend=mend) from error
