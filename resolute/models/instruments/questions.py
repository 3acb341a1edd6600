"""Instruments' questions carried to a model: to a server, to a checkpoint in this process, or to a scripted one.

A question is asked once however many instruments and rows share it. What was heard is kept as it comes, so a killed run
pays only for what was in flight.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Progress
from resolute.core.judging.instruments import Question, Said
from resolute.core.keys import derive, key
from resolute.models.identity import Model
from resolute.models.instruments.heard import FORM, NAME, Heard, note
from resolute.models.instruments.manner import Manner
from resolute.models.ledger import ledger
from resolute.models.purse import Purse
from resolute.models.running import Patience, Tally

RAW = ("openai-api-completions", "vllm-completions")
"""Inspect's providers that send a prompt as it stands."""


def name_of(question: Question) -> str:
    """What tells a question apart."""
    return key(["question", question.raw, [[item.role, item.content] for item in question.messages]])


def put(
    questions: Sequence[Question], model: Model, manner: Manner, *, folder: Path, progress: Progress
) -> dict[str, Heard]:
    """What `model` says to each question, by `name_of`. Raises `ResoluteError` where it cannot be asked at all."""
    asked = {name_of(question): question for question in questions}
    check_raw(model, asked.values())
    purse = manner.purse or Purse()
    price = purse.price(model)
    with ledger(folder / NAME, FORM) as kept:
        waiting = {name: question for name, question in asked.items() if name not in kept.known}
        done = len(asked) - len(waiting)
        tally = Tally(model, progress, manner.patience or Patience(), len(asked), done=done, purse=purse)
        tally.answered = len(kept.known)
        for name in asked.keys() - waiting.keys():
            purse.pay(price, kept.known[name].tokens, kept.known[name].tokens_out)
        if not waiting:
            pass
        elif model.scripted is not None:
            for name, question in waiting.items():
                reply = model.scripted.reply(question.messages, derive(0, name))
                said = Said(reply.answer, reply.ending.complete)
                note(kept, name, Heard(said, tokens=reply.tokens_in, tokens_out=reply.tokens_out))
                purse.pay(price, reply.tokens_in, reply.tokens_out)
        elif model.kind == "local":
            from resolute.models.instruments.inprocess import ask_checkpoint

            ask_checkpoint(waiting, model, manner, kept, tally)
        else:
            from resolute.models.instruments.served import ask_server

            ask_server(waiting, manner, kept, tally)
            tally.raise_when_away(sum(kept.known[name].again for name in waiting), folder)
        return {name: kept.known[name] for name in asked}


def check_raw(model: Model, asked: Collection[Question]) -> None:
    """Raises `ResoluteError` where a model's server cannot be sent prompts of this form."""
    raw = any(question.raw for question in asked)
    sends_raw = model.name.split("/", 1)[0] in RAW
    if model.kind == "inspect" and raw and not sends_raw:
        mend = f"name it {RAW[0]}/SERVICE/MODEL or {RAW[1]}/MODEL, or a folder with its weights"
        what = "this instrument writes the whole prompt: no chat server can ask it"
        raise ResoluteError(what, where=model.name, mend=mend)
    if sends_raw and asked and not raw:
        mend = "name its chat server: openai-api/SERVICE/MODEL"
        raise ResoluteError("this instrument's prompt is written by its chat template", where=model.name, mend=mend)
