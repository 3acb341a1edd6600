"""What was asked in a row of somebody else's file: the messages that were sent, the prompt they carry, its goal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from resolute.core.answers.solutions import stated
from resolute.core.foreign import columns
from resolute.core.foreign.conversation import Said, Unreadable, conversation
from resolute.core.foreign.rows import Row, as_text
from resolute.core.records import Kind, Message, Prompt
from resolute.core.text import clean

Found = Mapping[columns.Role, str]
"""Role -> the column of a file that plays it."""


@dataclass(frozen=True)
class Asked:
    """One row, its output not yet taken apart."""

    prompt: Prompt
    sent: list[Message]
    """Former turns and the system message included; the last message is the prompt's text."""
    said: Said
    replaced: int
    """Characters of prompt, goal and output that became U+FFFD."""


def asked(row: Row, found: Found, kind: Kind, *, response: Any, source: str) -> Asked | Unreadable:
    """What a row asked. Total: any row gives it, or the reason why it does not.

    `response` is the row's output; "" where only prompts are wanted. `source` is for rows that name none.
    """
    talk = conversation(row.get(found["text"]), response)
    if isinstance(talk, Unreadable):
        return talk
    former = _former(row, found)
    if isinstance(former, Unreadable):
        return former
    extra, system, goal = (words(row, found, role) for role in ("input", "system", "goal"))
    *before, last = talk.sent
    if extra and found["text"].lower() == "instruction":  # Alpaca's form keeps the request in two columns
        last = Message(role="user", content=f"{last.content}\n\n{extra}")
    if system and not any(message.role == "system" for message in before):
        before = [Message(role="system", content=system), *before]
    sent = [*before, *former, last]
    answer = stated(words(row, found, "expected"), words(row, found, "solution"))
    prompt = Prompt(
        text=last.content,
        goal=goal or last.content,
        kind="maths" if kind == "unknown" and answer.worked else kind,
        category=words(row, found, "category"),
        framing=words(row, found, "framing"),
        source=words(row, found, "source") or source,
        split=words(row, found, "split"),
        expected=answer.answer,
    )
    texts = (talk.said.output, talk.said.reasoning, extra, system, goal, *(message.content for message in former))
    return Asked(prompt, sent, talk.said, talk.replaced + sum(clean(text).replaced for text in texts))


def words(row: Row, found: Found, role: columns.Role) -> str:
    """The text of a column. A list is joined: the steps of a thought by lines, anything else by commas."""
    value = row.get(found[role]) if role in found else None
    if isinstance(value, list):
        return ("\n" if role == "reasoning" else ", ").join(map(str, cast("list[Any]", value)))
    return as_text(value)


def _former(row: Row, found: Found) -> list[Message] | Unreadable:
    """Former turns that stand in a column of their own, as pairs of what the user and the model said."""
    value = row.get(found["history"]) if "history" in found else None
    if not isinstance(value, list):
        return []  # a column of that name that holds something else
    turns: list[Message] = []
    for pair in cast("list[Any]", value):
        if not (isinstance(pair, list) and len(cast("list[Any]", pair)) == 2):
            return Unreadable("the history is no list of pairs")
        question, answer = cast("list[Any]", pair)
        turns += [Message(role="user", content=as_text(question)), Message(role="assistant", content=as_text(answer))]
    return turns
