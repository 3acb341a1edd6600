"""What strategies, attacks and judges are handed to talk to a model: they never know which engine answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

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


class Drawn(BaseModel):
    """What of `Sampling` a user says; None leaves it to whatever is asked (a suite states what its figures need)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float | None = Field(default=None, ge=0, le=2)
    """0 is greedy decoding, which makes R1-type models loop."""
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: int | None = Field(default=None, ge=-1)
    """Most likely tokens to draw from; -1 draws from all."""
    max_tokens: int | None = Field(default=None, gt=0)
    """Most new tokens, thought included."""
    thinking: bool | None = None
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
    began_inside: bool = False
    """The text closes a thought it never opened: the server's template opens thoughts, in every reply of this model."""


Ask = Callable[[Sequence[Message], int], Awaitable[Reply]]
"""`await ask(messages, seed)` gives one reply of the model this was made for, under its settings."""


def failed(error: str) -> Reply:
    """The reply of a request that got no output."""
    return Reply("", "", Ending(where="nothing", why="error"), had_thought=False, error=error)


def said(reply: Reply) -> dict[str, Any]:
    """What a trace holds of a reply, by the names of its fields."""
    names = ("reasoning", "answer", "ending", "had_thought", "reasoning_kind", "tokens_in", "tokens_out", "error")
    return {name: getattr(reply, name) for name in (*names, "extra_closes")}


def as_unfinished(reply: Reply) -> Reply:
    """A reply without any mark, of a model whose prompt opens the thought: it never left it."""
    if reply.had_thought or not reply.answer or reply.ending.why == "error":
        return reply
    there = Ending(where="thought", why=reply.ending.why)
    return replace(reply, reasoning=reply.answer, answer="", ending=there, had_thought=True)
