"""Logs -> outcomes: the only reader of Inspect's logs, pure and rerunnable."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from inspect_ai.log import read_eval_log
from pydantic import TypeAdapter

from resolute.core.parts import Attempt
from resolute.models.reply import as_unfinished
from resolute.models.requests import Outcomes, failed

_OUTCOME = TypeAdapter(Attempt)


def kept(attempt: Attempt) -> dict[str, Any]:
    """An outcome as it stands in a sample's metadata."""
    return _OUTCOME.dump_python(attempt, mode="json")


def collect(logs: Iterable[str]) -> Outcomes:
    """The outcome of every sample of the logs at these places, by request id.

    A sample without outcome has the ending (nothing, error).
    Where any reply of the model closed a thought it never opened, the server's template opens thoughts, so a reply
    without any mark is an unfinished thought and no answer.
    """
    found = Outcomes()
    served: set[str] = set()
    inside = False
    for place in logs:
        for sample in read_eval_log(place).samples or []:
            outcome = sample.metadata.get("outcome")
            if outcome is None:
                error = type_of(sample.error.message) if sample.error else "no outcome"
                found[str(sample.id)] = Attempt([], failed(error))
            else:
                found[str(sample.id)] = _OUTCOME.validate_python(outcome)
                inside = inside or bool(sample.metadata.get("began_inside"))
                served.update(sample.metadata.get("served", ()))
    if inside:
        found.update({name: Attempt(a.sent, as_unfinished(a.reply), a.queries) for name, a in found.items()})
    found.served = frozenset(served)
    return found


def type_of(message: str) -> str:
    """The kind of error a logged message speaks of, without what it quotes."""
    return message.split("(", 1)[0].split(":", 1)[0].strip()[:80]
