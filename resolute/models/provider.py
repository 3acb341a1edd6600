"""Our own Inspect provider, `resolute/MODEL`: a checkpoint in this process, rendered exactly as it was trained.

Calls that arrive together run as one batch in a thread. The raw text is kept in the output; what our splitter made of
it, knowing what the prompt had opened, stands in the output's metadata under `PARTS`.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Generator as Generating
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from weakref import WeakKeyDictionary

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    StopReason,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from resolute.core.ask import Sampling
from resolute.core.errors import ResoluteError
from resolute.core.records import Message
from resolute.models import beginning
from resolute.models.drawing import Request
from resolute.models.identity import Model, resolve
from resolute.models.local import BATCH, Generated, Generator, Stop
from resolute.models.render import RenderedPrompt, Renderer

PARTS = "resolute_parts"
"""Metadata key of a reply taken apart."""

PENDING = 2 * BATCH
"""Calls in flight that keep a local model busy: while one batch runs the next one gathers."""

_QUIET = 0.02
"""Seconds without a new call after which a batch starts unfilled."""

_STOPS: dict[Stop, StopReason] = {"end of turn": "stop", "length": "max_tokens", "prompt too long": "model_length"}


@dataclass(frozen=True)
class _Loaded:
    renderer: Renderer
    generator: Generator


_room = 1
_known: dict[str, Model] = {}
_loaded: dict[str, _Loaded] = {}
_lock = threading.Lock()


def name_of(model: Model) -> str:
    """The Inspect name of a local model: by identity, so that a moved folder resumes its own logs."""
    _known[model.identity] = model
    return f"resolute/{model.identity}"


@contextmanager
def room(models: int) -> Generating[None]:
    """So many models stay loaded at once: those that speak with each other would else push each other out."""
    global _room
    before, _room = _room, max(models, 1)
    try:
        yield
    finally:
        _room = before
        with _lock:
            _close_all_but(_room)


class Local(ModelAPI):
    """The provider. Weights are loaded at the first call; the last model used in the process stays loaded."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008  (the signature Inspect documents)
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        self.model = _known.get(model_name) or resolve(model_name)
        self._batchers: WeakKeyDictionary[asyncio.AbstractEventLoop, Batcher] = WeakKeyDictionary()

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        """One output. Raises `ResoluteError` for messages that cannot be rendered and for missing sampling values."""
        sampling = _sampling(config)
        seed = secrets.randbelow(1 << 31) if config.seed is None else config.seed
        loaded = await asyncio.to_thread(_load, self.model)
        messages = [_message(message) for message in input]
        prompt = beginning.rendered(loaded.renderer, messages, thinking=sampling.thinking)
        loop = asyncio.get_running_loop()
        batcher = self._batchers.setdefault(loop, Batcher(loaded.generator))
        return self._output(await batcher.ask(Request(prompt.ids, sampling, seed)), loaded.renderer, prompt)

    def max_connections(self) -> int:
        return PENDING

    def connection_key(self) -> str:
        return self.model.identity

    def _output(self, made: Generated, renderer: Renderer, prompt: RenderedPrompt) -> ModelOutput:
        choice = ChatCompletionChoice(
            message=ChatMessageAssistant(content=made.text, model=self.model_name, source="generate"),
            stop_reason=_STOPS[made.stop],
        )
        usage = ModelUsage(
            input_tokens=made.tokens_in,
            output_tokens=made.tokens_out,
            total_tokens=made.tokens_in + made.tokens_out,
        )
        parts = asdict(renderer.split(made.text, prompt))
        return ModelOutput(model=self.model_name, choices=[choice], usage=usage, metadata={PARTS: parts})


class Batcher:
    """Gathers calls of one event loop: a queue that outlived its loop would never answer."""

    def __init__(self, generator: Generator) -> None:
        self._generator, self._most = generator, generator.batch
        self._waiting: list[tuple[Request, asyncio.Future[Generated]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, request: Request) -> Generated:
        answer: asyncio.Future[Generated] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answer))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        while self._waiting:
            await self._gather()
            taken, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            asked = [(request, answer) for request, answer in taken if not answer.done()]
            try:
                outputs = await asyncio.to_thread(self._generator.generate, [request for request, _ in asked])
            except asyncio.CancelledError:
                self._generator.halt()  # the loop waits for its threads before it ends
                raise
            except Exception as error:  # noqa: BLE001  (each waiting call is told; none may hang)
                for _, answer in asked:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for (_, answer), output in zip(asked, outputs, strict=True):
                if not answer.done():
                    answer.set_result(output)

    async def _gather(self) -> None:
        seen = 0
        while seen < len(self._waiting) < self._most:
            seen = len(self._waiting)
            await asyncio.sleep(_QUIET)


def release() -> None:
    """Give back the memory of every model that is kept loaded for the next call."""
    with _lock:
        _close_all_but(0)


def _load(model: Model) -> _Loaded:
    with _lock:
        if model.identity not in _loaded:
            _close_all_but(_room - 1)
            if model.path is None:
                raise ResoluteError(f"{model.name} is not a checkpoint", mend="name a folder with a checkpoint")
            renderer = Renderer.load(model.path)
            _loaded[model.identity] = _Loaded(renderer, Generator(model.path, stop_ids=renderer.stop_ids))
        return _loaded[model.identity]


def _close_all_but(count: int) -> None:
    """Those loaded first go first."""
    for identity in list(_loaded)[: len(_loaded) - count]:
        _loaded.pop(identity).generator.close()


def _sampling(config: GenerateConfig) -> Sampling:
    if config.temperature is None or config.max_tokens is None:
        what = "temperature and max_tokens have no default"
        raise ResoluteError(what, mend="set both (inspect eval --temperature T --max-tokens N)")
    switches = (config.extra_body or {}).get("chat_template_kwargs", {})
    return Sampling(
        temperature=config.temperature,
        top_p=1.0 if config.top_p is None else config.top_p,
        top_k=-1 if config.top_k is None else config.top_k,
        max_tokens=config.max_tokens,
        thinking=bool(switches.get("enable_thinking", True)),
    )


def _message(message: ChatMessage) -> Message:
    role: Any = message.role
    if role not in ("system", "user", "assistant"):
        raise ResoluteError(f"a {role} message cannot be rendered", mend="use system, user and assistant messages")
    return Message(role=role, content=message.text)
