"""Replies that are begun for the model: messages that end with the assistant's own words, in the marks of `THINK`.

An open thought is a begun thought; a closed one, empty or not, is a whole thought with the beginning of an answer after
it. A checkpoint of ours goes on from exactly these ids, in the marks of its own family. A server's template decides
for itself what becomes of a last message, so only an answer can be begun there, and only where the server goes on
instead of taking its turn (vLLM's `continue_final_message`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from resolute.core import trace
from resolute.core.ask import Reply
from resolute.core.attacking import Begins
from resolute.core.errors import ResoluteError
from resolute.core.records import Message
from resolute.core.trace import THINK, Parts
from resolute.models.identity import Model
from resolute.models.render import RenderedPrompt, Renderer
from resolute.models.servers import kind
from resolute.models.thinking import closed


def begun(messages: Sequence[Message]) -> Parts | None:
    """What of the reply the messages begin; None where they end with the user's turn."""
    if not messages or messages[-1].role != "assistant":
        return None
    return trace.split(messages[-1].content, THINK)


def check(attack: str, begins: Begins, model: Model) -> None:
    """Raises `ResoluteError` where the model cannot go on from what the attack begins."""
    if not begins or model.kind == "local" or (model.kind == "inspect" and model.path is not None):
        return
    mend = "evaluate a folder with its weights"
    if model.kind == "inspect" and begins == "answer" and kind(model.name) == "vllm":
        return
    if model.kind == "inspect" and begins == "answer":
        mend += ", or a server of vLLM (openai-api/vllm/MODEL)"
    what = f"the attack {attack} begins the {begins} itself, and this model cannot go on from there"
    raise ResoluteError(what, where=model.name, mend=mend)


def rendered(renderer: Renderer, messages: Sequence[Message], *, thinking: bool) -> RenderedPrompt:
    """What generation sees: the prompt, and behind it what is begun, tokenised as the model would have emitted it.

    Raises `ResoluteError` for control tokens in the words, and where the prompt has closed the thought already.
    """
    words = begun(messages)
    if words is None:
        return renderer.prompt(messages) if thinking else closed(renderer, messages)
    prompt = renderer.prompt(messages[:-1], thinking=thinking)
    return renderer.begun(prompt, words.thought, words.answer if words.closed else None)


def to_continue(messages: Sequence[Message], name: str) -> tuple[list[Message], dict[str, Any]]:
    """Messages as a server is sent them, and the fields of the request that make it go on from the last one.

    `name` is Inspect's name of the model. Raises `ResoluteError` where no server can be sent such a beginning.
    """
    words = begun(messages)
    if words is None:
        return list(messages), {}
    if kind(name) != "vllm" or not words.closed or words.thought or not words.answer:
        what, mend = "this server cannot go on from a begun reply", "evaluate a folder with its weights"
        raise ResoluteError(what, where=name, mend=mend)
    last = Message(role="assistant", content=words.answer)
    return [*messages[:-1], last], {"continue_final_message": True, "add_generation_prompt": False}


def with_beginning(reply: Reply, messages: Sequence[Message]) -> Reply:
    """The reply whole: a server gives back only what it added. Ours give back both."""
    words = begun(messages)
    if words is None or not words.answer or reply.answer.startswith(words.answer) or reply.ending.why == "error":
        return reply
    return replace(reply, answer=f"{words.answer} {reply.answer}".strip(), had_thought=True)
