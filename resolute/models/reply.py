"""From an Inspect output to a reply: our own splitter and stop reasons, whichever provider made the output.

What providers do with thoughts differs and is often wrong (prefilled or unfinished thoughts, marks removed), so their
reading is used only where they hand the thought over apart from the text.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

from inspect_ai.model import ContentReasoning, ContentText, ModelOutput, StopReason

from resolute.core.ask import Reply
from resolute.core.records import Ending, ReasoningKind
from resolute.core.trace import DIALECTS, THINK, Dialect, Parts, Why, ending, looping, split
from resolute.models.drawing import CANDIDATE_TOKENS
from resolute.models.provider import PARTS

_WHY: dict[StopReason, Why] = {
    "stop": "end of turn",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content filter",
    "tool_calls": "unknown",
    "unknown": "unknown",
}


def read_output(output: ModelOutput) -> Reply:
    """One reply for any output; never raises on what a server may send."""
    if output.empty:
        return Reply("", "", Ending(where="nothing", why="unknown"), had_thought=False)
    usage, why = output.usage, _WHY[output.stop_reason]
    drawn = usage.output_tokens if usage else 0
    if (why == "content filter" or output.stop_reason == "model_length") and not drawn:
        # The text is the provider's own message, not the model's.
        parts = Parts("", "", closed=True, had_thought=False)
    else:
        parts = _parts(output, why)
    if why == "length" and looping(parts.answer or parts.thought):
        why = "loop"
    where, why = ending(parts, why)
    return Reply(
        parts.thought,
        parts.answer,
        Ending(where=where, why=why),
        had_thought=parts.had_thought,
        extra_closes=parts.extra_closes,
        tokens_in=usage.input_tokens if usage else 0,
        tokens_out=drawn,
        reasoning_kind=_kind(output),
        chances=() if parts.had_thought else tuple(_chances(output)),
        began_inside=_began_inside(output),
    )


class Stored(NamedTuple):
    """An output as other people's logs hold it: nothing is taken apart."""

    text: str
    """With all marks the provider left in it."""
    thought: str
    """What the provider handed over apart; its own digest where it withholds the thought."""
    reasoning_kind: ReasoningKind


def stored(output: ModelOutput) -> Stored:
    """The words of an output that is not empty; never raises on what a server may send."""
    return Stored(_text(output), _apart(output), _kind(output))


def _began_inside(output: ModelOutput) -> bool:
    """The text closes a thought it never opened: the server's template opens thoughts, in every reply of this model."""
    if output.empty or (output.metadata or {}).get(PARTS) or _thoughts(output):
        return False
    dialect = _dialect(text := _text(output))
    close = text.find(dialect.close)
    return close >= 0 and not any(mark in text[:close] for mark in (dialect.open, *dialect.other_opens))


def _parts(output: ModelOutput, why: Why) -> Parts:
    ours = (output.metadata or {}).get(PARTS)
    if ours:
        return Parts(**ours)
    text = _text(output)
    found = split(text, _dialect(text))
    if not _thoughts(output):
        return found
    thought = _apart(output)
    if found.had_thought:
        return replace(found, thought="\n".join(filter(None, (thought, found.thought))))
    return Parts(thought, found.answer, closed=bool(found.answer) or why == "end of turn", had_thought=True)


def _thoughts(output: ModelOutput) -> list[ContentReasoning]:
    content = output.message.content
    return [] if isinstance(content, str) else [item for item in content if isinstance(item, ContentReasoning)]


def _apart(output: ModelOutput) -> str:
    said = (item.summary if item.redacted else item.reasoning for item in _thoughts(output))
    return "\n".join(filter(None, said)).strip()


def _text(output: ModelOutput) -> str:
    content = output.message.content
    if isinstance(content, str):
        return content
    return "".join(item.text for item in content if isinstance(item, ContentText))


def _dialect(text: str) -> Dialect:
    """The family whose closing or opening mark stands in the text; thinking marks of the common family without any."""
    for dialect in DIALECTS.values():
        if dialect.close in text or dialect.open in text:
            return dialect
    return THINK


def _chances(output: ModelOutput) -> list[dict[str, float]]:
    """Candidates of the first tokens: what a server says of them that is no probability is left out."""
    given = output.choices[0].logprobs
    tokens = given.content[:CANDIDATE_TOKENS] if given else []
    return [
        {item.token: math.exp(item.logprob) for item in (token.top_logprobs or [token]) if item.logprob <= 0}
        for token in tokens
    ]


def _kind(output: ModelOutput) -> ReasoningKind:
    apart = _thoughts(output)
    if not any(item.redacted for item in apart):
        return "raw"
    return "summary" if any(item.summary for item in apart) else "hidden"
