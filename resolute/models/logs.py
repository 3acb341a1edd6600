"""Logs -> outcomes: the only reader of Inspect's logs, pure and rerunnable."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inspect_ai.log import list_eval_logs, read_eval_log
from pydantic import TypeAdapter

from resolute.core.parts import Attempt
from resolute.models.reply import as_unfinished
from resolute.models.requests import Outcomes, failed

_OUTCOME = TypeAdapter(Attempt)


def kept(attempt: Attempt) -> dict[str, Any]:
    """An outcome as it stands in a sample's metadata."""
    return _OUTCOME.dump_python(attempt, mode="json")


def collect(logs: Sequence[Path]) -> Outcomes:
    """The outcome of every sample by request id. One without outcome has the ending (nothing, error).

    Where any reply of the model closed a thought it never opened, the server's template opens thoughts, so a reply
    without any mark is an unfinished thought and no answer.
    """
    found = Outcomes()
    served: set[str] = set()
    inside = False
    for path in logs:
        for sample in read_eval_log(os.fspath(path)).samples or []:
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


def last_logs(folder: Path) -> list[Path]:
    """The log to read of each shard in `folder`: the last one that ended well, else the last one that ended."""
    best: dict[str, tuple[bool, str, str]] = {}
    for info in list_eval_logs(os.fspath(folder)):
        log = read_eval_log(info, header_only=True)
        if log.status != "started":
            this = (log.status == "success", log.eval.created, info.name.removeprefix("file://"))
            best[log.eval.task] = max(best.get(log.eval.task, this), this)
    return [Path(best[task][2]) for task in sorted(best)]


def type_of(message: str) -> str:
    """The kind of error a logged message speaks of, without what it quotes."""
    return message.split("(", 1)[0].split(":", 1)[0].strip()[:80]
