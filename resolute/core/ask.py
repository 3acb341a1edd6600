"""What strategies, attacks and judges are handed to talk to a model: they never know which engine answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from resolute.core.records import Ending, Message, ReasoningKind


class Sampling(BaseModel):
    """How an output is drawn. Every value is sent to the server, so that its own defaults never apply."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(ge=0, le=2)
    """0 is greedy decoding, which makes R1-type models loop."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    top_k: int = Field(default=-1, ge=-1)
    """Most likely tokens to draw from; -1 draws from all."""
    max_tokens: int = Field(gt=0)
    """Most new tokens, thought included. Required: a short limit cuts thoughts."""
    thinking: bool = True
    """The template's thinking switch, where the family has one."""


@dataclass(frozen=True)
class Reply:
    """One output, taken apart."""

    reasoning: str
    answer: str
    ending: Ending
    had_thought: bool = True
    extra_closes: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    error: str = ""
    reasoning_kind: ReasoningKind = "raw"
    chances: tuple[Mapping[str, float], ...] = ()
    """For each of the first tokens, where they were asked for and no thought stands before the answer: text of a
    candidate -> its probability."""


Ask = Callable[[Sequence[Message], int], Awaitable[Reply]]
"""`await ask(messages, seed)` gives one reply of the model this was made for, under its settings."""
