"""Splitting what a reasoning model said into thought and answer, and joining them again.

The splitter is total: any text gives exactly one `Parts`. It knows of a thought that the generation prompt has
already opened (R1-Distill ships so) and of one that never closes, which has no answer, whatever stands in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Where = Literal["answer", "thought", "nothing"]
"""Where the output stopped: in or after the answer; inside the thought; before anything was said."""

Why = Literal["end of turn", "length", "content filter", "loop", "error", "unknown"]
"""Why it stopped. `unknown` is for traces other people collected without saying."""


@dataclass(frozen=True)
class Dialect:
    """How a model family marks its thought: `open` thought `close` answer, and the white space it writes between."""

    name: str
    open: str
    """The opening mark, without white space."""
    close: str
    """The closing mark, without white space."""
    after_open: str = "\n"
    before_close: str = "\n"
    after_close: str = "\n\n"
    empty: str = "\n\n"
    """What stands between the marks when there is no thought; it begins with `after_open`."""
    other_opens: tuple[str, ...] = ()
    """Marks that open a thought too (read, never written)."""
    answer_open: str = ""
    """What the family writes between the closing mark and the answer (channels)."""
    answer_ends: tuple[str, ...] = ()
    """Marks that end the answer and are not part of it."""


THINK = Dialect("think", "<think>", "</think>")
"""DeepSeek-R1 and its distills, QwQ, Qwen3, SmolLM3, GLM, MiniMax, Kimi, Nemotron."""

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        THINK,
        Dialect("think-spaced", "<think>", "</think>", " ", " ", " ", " "),
        Dialect("think-tight", "<think>", "</think>", "", "", "", ""),
        Dialect("seed", "<seed:think>", "</seed:think>", "", "", "", ""),
        Dialect("mistral", "[THINK]", "[/THINK]", "", "", "", ""),
        Dialect(
            "harmony",
            "<|channel|>analysis<|message|>",
            "<|end|>",
            "",
            "",
            "",
            "",
            answer_open="<|start|>assistant<|channel|>final<|message|>",
            answer_ends=("<|return|>",),
        ),
    )
}
"""Every dialect by name. `think-spaced` separates by single spaces; `think-tight` writes no white space."""


@dataclass(frozen=True)
class Parts:
    """One output, taken apart. `answer` is "" when the thought never closed; `closed` says whether it did."""

    thought: str
    answer: str
    closed: bool
    """The thought was closed, or there was none to close."""
    had_thought: bool
    """A thought was opened, by the model or by the prompt."""
    extra_closes: int = 0
    """Closing marks after the first: a trace with any is not fit for training."""


def split(text: str, dialect: Dialect = THINK, *, opened: bool = False) -> Parts:
    """Take one output apart at the first closing mark.

    `opened`: the generation prompt ended inside the thought, so the text starts in it. A text with a closing mark
    but no opening one is read as opened too (R1-Distill outputs stored without their prompt). Surrounding white space
    of both parts is dropped. Never raises.
    """
    body = text.lstrip()
    starts = next((mark for mark in (dialect.open, *dialect.other_opens) if body.startswith(mark)), "")
    found = text.find(dialect.close)
    if not starts and not opened and found < 0:
        inside = text.find(dialect.open)
        if inside < 0:
            return Parts("", _answer(text, dialect), closed=True, had_thought=False)
        return Parts(text[inside + len(dialect.open) :].strip(), "", closed=False, had_thought=True)
    if starts:
        body = body[len(starts) :]
    elif dialect.open in (head := text[: max(found, 0)]) and not opened:
        body = text[head.index(dialect.open) + len(dialect.open) :]
    else:
        body = text
    thought, mark, rest = body.partition(dialect.close)
    if not mark:
        return Parts(thought.strip(), "", closed=False, had_thought=True)
    return Parts(thought.strip(), _answer(rest, dialect), True, True, extra_closes=rest.count(dialect.close))


def join(thought: str, answer: str, dialect: Dialect = THINK, *, opened: bool = False) -> str:
    """The completion a model of this family would have written, without its end-of-turn token.

    `opened`: the prompt already carries the opening mark and the white space after it. An empty thought is written as
    the family writes one (both marks). `split(join(t, a, d, opened=o), d, opened=o)` gives back stripped `t` and `a`.
    """
    inside = dialect.after_open + thought.strip() + dialect.before_close if thought.strip() else dialect.empty
    written = inside[len(dialect.after_open) :] if opened else dialect.open + inside
    return written + dialect.close + dialect.after_close + dialect.answer_open + answer.strip()


def ending(parts: Parts, why: Why) -> tuple[Where, Why]:
    """Where and why an output ended. After an unclosed thought there is no answer to speak of, whatever stopped it."""
    if not parts.closed:
        return ("thought" if parts.thought else "nothing"), why
    if parts.answer:
        return "answer", why
    return ("thought" if parts.thought else "nothing"), why


_WORD = re.compile(r"\S+")


def looping(text: str, *, window: int = 12, repeats: int = 6) -> bool:
    """Whether `text` ends in a run of up to `window` words said at least `repeats` times in a row."""
    words = _WORD.findall(text[-20_000:])
    for size in range(1, window + 1):
        need = max(repeats, 24 // size) * size
        if len(words) >= need and all(words[-i] == words[-i - size] for i in range(1, need - size + 1)):
            return True
    return False


def _answer(text: str, dialect: Dialect) -> str:
    rest = text
    if dialect.answer_open and dialect.answer_open in rest:
        rest = rest.split(dialect.answer_open, 1)[1]
    for mark in dialect.answer_ends:
        rest = rest.split(mark, 1)[0]
    return rest.strip()
