"""The messages of a foreign row, in any of the forms people store them, and what the model said last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from resolute.core.foreign.rows import as_text
from resolute.core.records import Message
from resolute.core.text import clean

_ROLES: dict[str, Literal["system", "user", "assistant"]] = {
    "system": "system", "developer": "system", "user": "user", "human": "user",
    "assistant": "assistant", "gpt": "assistant", "model": "assistant",
}  # fmt: skip
_TOOLS = ("tool", "function", "ipython")


@dataclass(frozen=True)
class Said:
    """An output as it was stored: marks and all, or with the thought beside it."""

    output: str
    reasoning: str = ""


@dataclass(frozen=True)
class Unreadable:
    """Why a row gives nothing."""

    reason: str


@dataclass(frozen=True)
class Talk:
    """What was sent and what came back."""

    sent: list[Message]
    said: Said
    replaced: int
    """Characters of the messages that became U+FFFD."""


def conversation(prompt: Any, response: Any) -> Talk | Unreadable:
    """Texts, lists of messages (`role`/`content` or `from`/`value`), or such a list as JSON text, made one form.

    Without a response, the last message must be the model's. Total: any two values give a talk or the reason for none.
    """
    turns = _turns(prompt)
    if isinstance(turns, Unreadable):
        return turns
    last = turns.pop() if turns and turns[-1][0] == "assistant" else None
    if not turns or turns[-1][0] != "user":
        return Unreadable("the last message before the output is not the user's")
    if response is None and last is None and any(role == "assistant" for role, _, _ in turns):
        return Unreadable("there is no output: the conversation ends with the user")
    if not turns[-1][1].strip():
        return Unreadable("the prompt is empty")
    said = _said(response) if response is not None else None
    if said is None and last is not None:
        said = Said(last[1], last[2])
    if said is None:
        return Unreadable("there is no output")
    if isinstance(said, Unreadable):
        return said
    replaced = sum(clean(content).replaced for _, content, _ in turns)
    sent = [Message(role=role, content=content) for role, content, _ in turns]
    return Talk(sent, said, replaced)


def _said(response: Any) -> Said | Unreadable:
    if isinstance(response, str):
        return Said(response)
    if isinstance(response, list) and response:
        several = cast("list[Any]", response)
        if all(isinstance(one, str) for one in several):
            many = f"the output is a list of {len(several)} texts"
            return Said(several[0]) if len(several) == 1 else Unreadable(many)
        turns = _turns(several)
        if isinstance(turns, Unreadable):
            return Unreadable("the output is a list, but not of messages")
        if turns[-1][0] == "assistant":
            return Said(turns[-1][1], turns[-1][2])
    if response == [] or not as_text(response):
        return Unreadable("there is no output")
    return Unreadable(f"the output is not text but {type(response).__name__}")


_Turn = tuple[Literal["system", "user", "assistant"], str, str]


def _turns(value: Any) -> list[_Turn] | Unreadable:
    """Role, content and reasoning of every message; a plain text is one message of the user."""
    if isinstance(value, str) and value.lstrip().startswith("[{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return [("user", value, "")]
    if isinstance(value, str):
        return [("user", value, "")]
    if not isinstance(value, list) or not value:
        return Unreadable(
            f"the prompt is not text but {type(value).__name__}" if as_text(value) else "there is no prompt"
        )
    if not any(isinstance(item, Mapping) for item in cast("list[Any]", value)):
        return Unreadable("the prompt is a list, but not of messages")
    turns: list[_Turn] = []
    for item in cast("list[Any]", value):
        turn = _turn(cast("Mapping[str, Any]", item)) if isinstance(item, Mapping) else None
        if turn is None:
            tool = isinstance(item, Mapping) and str(cast("Any", item).get("role", "")).lower() in _TOOLS
            return Unreadable("a message is a tool's" if tool else "a message has no role or no text")
        turns.append(turn)
    return turns


def _turn(item: Mapping[str, Any]) -> _Turn | None:
    role = _ROLES.get(str(item.get("role", item.get("from", ""))).lower())
    content = item.get("content", item.get("value"))
    if isinstance(content, list):
        parts = cast("list[Any]", content)
        content = "".join(str(cast("Any", part).get("text", "")) for part in parts if isinstance(part, Mapping))
    thought = item.get("reasoning_content") or item.get("reasoning") or item.get("thinking") or ""
    if role is None or not isinstance(content, str | None):
        return None
    return role, content or "", str(thought)
