"""Training rows in the forms other trainers read, the thought joined in with the marks most families write.

Each form is read back by `core.foreign.reading` to the same thought and answer. What a trainer does with the thought is
its own affair: chat templates delete thoughts from messages (`resolute train --audit` asks it).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from resolute.core.records import Example
from resolute.core.trace import join

Format = Literal["messages", "prompt-completion", "sharegpt"]
"""messages: one conversation a row (`messages`, as OpenAI and TRL have it). prompt-completion: what is said apart from
what is asked (TRL's conversational `prompt` and `completion`, with the loss on the completion). sharegpt:
`conversations` of `from` and `value`."""

_FROM = {"system": "system", "user": "human", "assistant": "gpt"}


def exported(example: Example, form: Format) -> dict[str, Any]:
    """One row: its id, the conversation in the form, its kind and its source."""
    return {"id": example.id, **_FORMS[form](example), "kind": example.kind, "source": example.source}


def _asked(example: Example) -> list[dict[str, Any]]:
    return [message.model_dump() for message in example.messages]


def _said(example: Example) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": join(example.reasoning, example.answer)}]


def _sharegpt(example: Example) -> dict[str, Any]:
    turns = [*_asked(example), *_said(example)]
    return {"conversations": [{"from": _FROM[turn["role"]], "value": turn["content"]} for turn in turns]}


_FORMS: dict[Format, Callable[[Example], dict[str, Any]]] = {
    "messages": lambda example: {"messages": [*_asked(example), *_said(example)]},
    "prompt-completion": lambda example: {"prompt": _asked(example), "completion": _said(example)},
    "sharegpt": _sharegpt,
}
FORMATS: tuple[Format, ...] = tuple(_FORMS)
