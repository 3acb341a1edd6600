"""Instruments' questions carried to a model: batched in this process, or through Inspect to any server.

A question is asked once however many instruments and rows share it. What was heard is kept in the folder as it comes,
so a killed run pays only for what was in flight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from resolute.core.ask import Ask, Sampling
from resolute.core.errors import ResoluteError
from resolute.core.instruments import Question, Said
from resolute.core.jobs import Progress
from resolute.core.keys import derive, key
from resolute.core.parts import Attempt
from resolute.core.records import Prompt
from resolute.models import engine
from resolute.models.identity import Model
from resolute.models.requests import Request
from resolute.models.running import Patience

RAW = ("openai-api-completions", "vllm-completions")
"""Inspect's providers that send a prompt as it stands."""

REFUSED = ("(status 400)", "(status 413)", "(status 422)")
"""A server that says so of a request will say it again."""


@dataclass(frozen=True)
class Manner:
    """How a model is asked. Replies are greedy: an instrument that draws lots measures its lots."""

    max_tokens: int
    """Most new tokens, thought included."""
    thinks: bool = False
    """The template's thinking switch."""
    chances: bool = False
    """The likeliest candidates of the first tokens are asked for: some servers refuse to be."""
    concurrency: int | None = None
    """Calls in flight at a server; no part of any key, nor is the next."""
    patience: Patience | None = None

    @property
    def sampling(self) -> Sampling:
        return Sampling(temperature=0.0, max_tokens=self.max_tokens, thinking=self.thinks)


@dataclass(frozen=True)
class Heard:
    """What came back. Exactly one of `said` and `why` is there."""

    said: Said | None
    why: str = ""
    tokens: int = 0
    """Of the request; 0 where the server does not say."""
    again: bool = False
    """An error that may pass: the same command asks again."""


def name_of(question: Question) -> str:
    """What tells a question apart."""
    return key(["question", question.raw, [[item.role, item.content] for item in question.messages]])


def put(
    questions: Sequence[Question], model: Model, manner: Manner, *, folder: Path, progress: Progress
) -> dict[str, Heard]:
    """What `model` says to each question, by `name_of`. Raises `ResoluteError` where it cannot be asked at all."""
    asked = {name_of(question): question for question in questions}
    if model.kind == "local":
        from resolute.models.inprocess import answered

        return answered(asked, model, manner, folder=folder, progress=progress)
    _check_raw(model, asked)
    requests = [_request(name, question, model, manner) for name, question in sorted(asked.items())]
    outcomes = engine.run_requests(
        requests,
        model=model,
        sampling=manner.sampling,
        folder=folder,
        progress=progress,
        concurrency=manner.concurrency,
        patience=manner.patience,
        chances=manner.chances and not manner.thinks,
    )
    return {request.prompt.id: _heard(outcomes[request.id]) for request in requests}


def _check_raw(model: Model, asked: Mapping[str, Question]) -> None:
    raw = any(question.raw for question in asked.values())
    sends_raw = model.name.split("/", 1)[0] in RAW
    if model.kind == "inspect" and raw and not sends_raw:
        mend = f"name it {RAW[0]}/SERVICE/MODEL or {RAW[1]}/MODEL, or a folder with its weights"
        what = "this instrument writes the whole prompt: no chat server can ask it"
        raise ResoluteError(what, where=model.name, mend=mend)
    if sends_raw and not raw:
        mend = "name its chat server: openai-api/SERVICE/MODEL"
        raise ResoluteError("this instrument's prompt is written by its chat template", where=model.name, mend=mend)


@dataclass
class _Put:
    """A question as the engine knows requests: sent as it stands."""

    question: Question
    name: str = "question"
    version: str = "1"

    async def run(self, prompt: Prompt, ask: Ask, seed: int) -> Attempt:
        sent = list(self.question.messages)
        return Attempt(sent, await ask(sent, seed))


def _request(name: str, question: Question, model: Model, manner: Manner) -> Request:
    asked = key(["put", name, model.identity, manner.sampling.model_dump()])
    return Request(asked, Prompt(id=name, text=name, goal=name), _Put(question), derive(0, asked))


def _heard(attempt: Attempt) -> Heard:
    reply = attempt.reply
    why = reply.ending.why
    if why == "error":
        final = any(code in reply.error for code in REFUSED)
        return Heard(None, f"error: {reply.error or 'no reply'}", again=not final)
    if why == "content filter":
        return Heard(None, "filtered", reply.tokens_in)
    ended = why in ("end of turn", "unknown") and reply.ending.where != "thought"
    return Heard(Said(reply.answer, ended, reply.chances), tokens=reply.tokens_in)
