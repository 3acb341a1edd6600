"""What is asked of a model, and how the outcome becomes a trace. No engine in here, and nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resolute.core.ask import Sampling, said
from resolute.core.keys import derive, key
from resolute.core.parts import Attack, Attempt
from resolute.core.records import Message, Prompt, Trace
from resolute.models.identity import Model


@dataclass(frozen=True)
class Request:
    """One row of work: `attack.run(prompt, ask, seed)` gives its outcome. `id` names it in logs and records."""

    id: str
    prompt: Prompt
    attack: Attack
    seed: int
    system: str = ""
    """System prompt of every message list that has none of its own; empty for none."""


class Outcomes(dict[str, Attempt]):
    """Outcomes by request id."""

    served: frozenset[str] = frozenset()
    """What the servers said they were."""
    calls: Mapping[str, Mapping[str, tuple[int, int, int]]] = {}
    """Request -> who was asked -> tokens in, tokens out and calls."""


def request(
    prompt: Prompt,
    attack: Attack,
    *,
    model: Model,
    sampling: Sampling,
    seed: int,
    labels: Sequence[object] = (),
    system: str = "",
) -> Request:
    """A request whose id hashes everything that is asked and whose seed is derived from the run's `seed` and that id.

    `labels` are what else tells rows apart: the task, the strategy, the number of the sample.
    """
    asked = [prompt.id, prompt.text, prompt.goal, model.identity, attack.name, attack.version, sampling, system]
    name = key(["request", *asked, *map(str, labels)])
    return Request(name, prompt, attack, derive(seed, name), system)


def trace(asked: Request, attempt: Attempt, *, model: Model, **labels: str | int) -> Trace:
    """The record of an outcome; `labels` are further fields of `Trace` (task, strategy, attack, sample)."""
    reply = attempt.reply
    fields = {
        "id": asked.id,
        "prompt": asked.prompt,
        "sent": attempt.sent or with_system([Message(role="user", content=asked.prompt.text)], asked.system),
        "model": model.name,
        "identity": model.identity,
        "seed": asked.seed,
        **said(reply),
        "queries": attempt.queries,
    }
    return Trace.model_validate({**fields, **labels})


def with_system(messages: Sequence[Message], system: str) -> list[Message]:
    """`messages` under a system prompt, unless they bring their own."""
    if not system or any(message.role == "system" for message in messages):
        return list(messages)
    return [Message(role="system", content=system), *messages]
