"""Logs of Inspect AI, anybody's, `.eval` or `.json`: a row a sample, epoch and choice, for `core.foreign.reading`.

What the model was sent is the conversation before its last message; what it said is the sample's output. A sample that
failed is a row too, without an output and with the kind of its error.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from inspect_ai.log import EvalLog, EvalSample, read_eval_log
from inspect_ai.model import ChatMessage, ModelOutput

from resolute.core.errors import ResoluteError
from resolute.core.foreign.rows import Row
from resolute.models.reply import stored

_UNUSED = {"events", "store", "events_data", "timelines"}
"""What is left unread: it can be many times larger than all messages."""
_TOLD = ("goal", "kind", "category")
"""What a sample's metadata may say of its prompt."""


def rows(path: Path) -> list[Row]:
    """A row for every sample. Raises `ResoluteError` for a file that is damaged or no log."""
    try:
        log = read_eval_log(path, resolve_attachments="core", exclude_fields=_UNUSED)
    except Exception as error:  # zip, JSON, schema and file errors of any Inspect version
        what = f"not a log of Inspect AI that can be read: {type(error).__name__}"
        raise ResoluteError(what, where=str(path), mend="fetch it again, or write it with a newer Inspect") from error
    return [_row(log, sample, output) for sample in log.samples or [] for output in _outputs(sample)]


def _outputs(sample: EvalSample) -> list[ModelOutput]:
    """An output for each of its choices, which are samples of their own; an empty one where there is none."""
    choices = sample.output.choices
    return [sample.output.model_copy(update={"choices": [one]}) for one in choices] or [sample.output]


def _row(log: EvalLog, sample: EvalSample, output: ModelOutput) -> Row:
    said = None if output.empty else stored(output)
    sent = _before_the_output(sample)
    asked = [message for message in _asked(sample.input) if message["role"] == "user"]
    row: Row = {
        "messages": sent,
        "output": said.text if said else None,
        "reasoning": said.thought if said else "",
        "reasoning_kind": said.reasoning_kind if said and said.thought else "unknown",
        "stop_reason": "" if output.empty else output.stop_reason,
        "goal": asked[-1]["content"] if asked else "",
        "source": log.eval.task,
        "expected": sample.target if isinstance(sample.target, str) else ", ".join(sample.target),
        "error": _kind_of_error(sample.error.message) if sample.error else "",
        "model": log.eval.model,
        "sample": str(sample.id),
        "epoch": sample.epoch,
    }
    told: dict[str, Any] = {name: sample.metadata.get(name) for name in _TOLD}
    return row | {name: value for name, value in told.items() if isinstance(value, str) and value}


def _kind_of_error(message: str) -> str:
    """The name a logged error begins with, without what it quotes."""
    found = re.match(r"[A-Za-z_][\w.]{0,79}(?=\(|:|$)", message)
    return found[0] if found else "error"


def _before_the_output(sample: EvalSample) -> list[Row]:
    """The conversation without the model's last message and what came after it."""
    if not sample.messages:
        return _asked(sample.input)
    speakers = [message.role for message in sample.messages]
    last = len(speakers) - 1 - speakers[::-1].index("assistant") if "assistant" in speakers else len(speakers)
    return [_message(message) for message in sample.messages[:last]]


def _asked(given: str | list[ChatMessage]) -> list[Row]:
    return [{"role": "user", "content": given}] if isinstance(given, str) else [_message(one) for one in given]


def _message(message: ChatMessage) -> Row:
    return {"role": message.role, "content": message.text}
