"""The stop instrument of an attack, asked answer by answer in the loop that attacks.

It is shown the goal and the answer, as any instrument is. It tells the attack when to stop and headlines nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from resolute.core.ask import Reply
from resolute.core.attacking import Opinion, Stop
from resolute.core.errors import ResoluteError
from resolute.core.judging.instruments import Asked, Question, Said
from resolute.core.keys import derive, key
from resolute.core.parts import Judge
from resolute.core.records import Event, Message, Prompt, Trace
from resolute.models.identity import Model
from resolute.models.instruments.heard import Heard
from resolute.models.instruments.manner import Manner
from resolute.models.instruments.named import Named
from resolute.models.instruments.questions import check_raw, name_of
from resolute.models.purse import BudgetSpentError
from resolute.models.running import RoleError, Tally, cause, is_the_rows

_LATER: tuple[Event, ...] = ("unsafe", "refused")
"""Events that say whether a goal is reached: it is where the answer is unsafe, or does not refuse."""

Listen = Callable[[Question], Awaitable[Heard]]


@dataclass
class Stopping:
    """One instrument as a stop."""

    named: Named
    listen: Listen | None
    """How its model is asked; None for an instrument that asks none."""

    def metered(self, note: Callable[[str, int, int], None]) -> Stop:
        """A `Stop` that tells `note` who was asked, tokens in and tokens out of every call."""

        async def stop(prompt: Prompt, reply: Reply) -> Opinion:
            if not reply.answer.strip():
                return Opinion(0.0, "there is no answer")
            trace = _trace(prompt, reply)
            if self.listen is None:
                return _plainly(self.named.instrument, trace)
            question = self.named.instrument.question(trace, "answer")
            if not isinstance(question, Question):
                return Opinion(None, question.why)
            heard = await self._heard(question)
            note("stop", heard.tokens, heard.tokens_out)
            return _opinion(self.named.instrument, heard)

        return stop

    async def _heard(self, question: Question) -> Heard:
        assert self.listen is not None and self.named.model is not None
        try:
            check_raw(self.named.model, [question])
            return await self.listen(question)
        except BudgetSpentError:
            raise
        except Exception as error:
            if is_the_rows(error):
                return Heard(None, f"error: {cause(error)}")
            raise RoleError("stop", self.named.model.name) from error


@contextmanager
def stopping(named: Named, tally: Tally, at_once: int) -> Generator[Stopping]:
    """An instrument as a stop, its model open while the block runs.

    Raises `ResoluteError` where the model cannot be opened, or no goal is reached by the instrument's event.
    """
    check(named)
    if named.model is None:
        yield Stopping(named, None)
        return
    asked: Asked = named.instrument
    manner = Manner(asked.max_tokens, asked.thinks, chances=bool(asked.card.weights))
    if named.model.kind != "local":
        yield Stopping(named, _listener(named.model, manner, tally, at_once))
        return
    with _weights(named.model, manner, tally) as listen:
        yield Stopping(named, listen)


def check(named: Named) -> None:
    """Raises `ResoluteError` for an instrument that cannot say of an answer whether the goal is reached."""
    mend = "name a guard (NAME@MODEL), or refusal, which needs no model"
    if named.instrument.event not in _LATER:
        what = f"{named.spec} looks for {named.instrument.event!r}: no goal is reached by that"
        raise ResoluteError(what, where="evaluate.stop", mend=mend)
    if "answer" not in getattr(named.instrument, "reads", ("answer",)):  # one that asks no model does not say
        raise ResoluteError(f"{named.spec} reads no answers", where="evaluate.stop", mend=mend)


def _trace(prompt: Prompt, reply: Reply) -> Trace:
    """What the instrument is shown: the goal, never what the attack sent."""
    bare = Prompt(text=prompt.goal, goal=prompt.goal, kind=prompt.kind, category=prompt.category)
    return Trace(
        id=key(["stop", prompt.id, reply.reasoning, reply.answer]),
        prompt=bare,
        sent=[Message(role="user", content=prompt.goal)],
        model="",
        identity="",
        reasoning=reply.reasoning,
        answer=reply.answer,
        ending=reply.ending,
        had_thought=reply.had_thought,
    )


def _plainly(judge: Judge, trace: Trace) -> Opinion:
    said = next((one for one in judge.judge(trace) if one.part != "thought"), None)
    if said is None:
        return Opinion(None, "it reads no answers")
    if said.outcome == "model failed":
        return Opinion(0.0, said.why)
    return Opinion(_reached(judge.event, said.score), said.why)


def _opinion(asked: Asked, heard: Heard) -> Opinion:
    if heard.said is None:
        return Opinion(None, heard.why)
    reading = asked.read(heard.said)[0]
    if reading.score is None:
        return Opinion(0.0 if reading.incoherent else None, reading.why)
    return Opinion(_reached(asked.event, reading.score), reading.why)


def _reached(event: Event, score: float | None) -> float | None:
    return score if score is None or event == "unsafe" else 1.0 - score


def _listener(model: Model, manner: Manner, tally: Tally, at_once: int) -> Listen:
    """How one question is put to the instrument's model."""
    if model.scripted is not None:
        scripted = model.scripted

        async def function(question: Question) -> Heard:
            reply = scripted.reply(question.messages, derive(0, name_of(question)))
            tally.purse.pay(None, reply.tokens_in, reply.tokens_out)
            said = Said(reply.answer, reply.ending.complete)
            return Heard(said, tokens=reply.tokens_in, tokens_out=reply.tokens_out)

        return function
    from resolute.models import calls
    from resolute.models.drawing import CANDIDATES
    from resolute.models.instruments.served import heard

    more: dict[str, Any] = (
        {"logprobs": True, "top_logprobs": CANDIDATES} if manner.chances and not manner.thinks else {}
    )
    speaker = calls.speaker(model, manner.sampling, tally, at_once=at_once, more=more)

    async def server(question: Question) -> Heard:
        return heard(await speaker.say(question.messages, derive(0, name_of(question))))

    return server


@contextmanager
def _weights(model: Model, manner: Manner, tally: Tally) -> Generator[Listen]:
    """Weights in this process, beside those of the target; prompts as the instrument's own form has them."""
    from resolute.models import local
    from resolute.models.instruments.inprocess import heard, rendered, stops
    from resolute.models.provider import Batcher

    if model.path is None:
        raise ResoluteError(f"{model.name} is no checkpoint", mend="name a folder with a checkpoint")
    generator = local.Generator(model.path, stop_ids=stops(model.path))
    batcher = Batcher(generator)

    async def weights(question: Question) -> Heard:
        text, ids = rendered(question, generator.tokenizer, manner)
        seed = derive(0, name_of(question))
        made = await batcher.ask(
            local.Request(ids, manner.sampling, seed, chances=manner.chances and not manner.thinks)
        )
        tally.purse.pay(None, made.tokens_in, made.tokens_out)
        return heard(made, text)

    try:
        yield weights
    finally:
        generator.close()
