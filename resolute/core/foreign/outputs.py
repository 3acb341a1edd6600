"""Taking apart stored outputs of families nobody named: which marks they carry, and whether they start in a thought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from resolute.core.foreign.conversation import Said
from resolute.core.trace import DIALECTS, Dialect, Parts, split

_READ = ("think", "seed", "mistral", "harmony")
_FINAL = "<|channel|>final<|message|>"
_END_MARKS = (
    "<｜end▁of▁sentence｜>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|end_of_text|>",
    "<|endoftext|>",
    "<|return|>",
    "</s>",
)


def dialect_of(text: str) -> Dialect | None:
    """The dialect whose mark comes first, or None. Harmony needs a channel: other families end turns with its close."""
    best, place = None, len(text)
    for dialect in (DIALECTS[name] for name in _READ):
        marks = (dialect.open, _FINAL) if dialect.name == "harmony" else (dialect.open, dialect.close)
        for mark in marks:
            if 0 <= (at := text.find(mark)) < place:
                best, place = dialect, at
    return best


def opens_inside(outputs: Sequence[Said]) -> bool:
    inside = outside = 0
    for said in outputs:
        dialect = dialect_of(said.output)
        if dialect is not None and not said.reasoning:
            close = said.output.find(dialect.close)
            opens = said.output.find(dialect.open)
            inside += close >= 0 and not 0 <= opens < close
            outside += opens >= 0 and (close < 0 or opens < close)
    return inside > outside


def taken_apart(said: Said, *, opened: bool, usual: Dialect) -> tuple[Parts, bool]:
    """The parts of an output, and whether it ended with a mark that says the turn was over."""
    body = said.output.rstrip()
    mark = next((mark for mark in _END_MARKS if body.endswith(mark)), "")
    body = body.removesuffix(mark) if mark else said.output
    dialect = dialect_of(body)
    if dialect is None and said.reasoning:
        thought, answer = said.reasoning.strip(), body.strip()
        return Parts(thought, answer, closed=bool(answer), had_thought=True), bool(mark)
    parts = _split(body, dialect or usual, opened=opened, marked=dialect is not None)
    return (_joined(said.reasoning.strip(), parts) if said.reasoning else parts), bool(mark)


def _joined(apart: str, parts: Parts) -> Parts:
    """A thought that stands beside the output, and again or not at all inside its marks."""
    if " ".join(apart.split()) in " ".join(parts.thought.split()):
        return parts
    return replace(parts, thought="\n".join(filter(None, (apart, parts.thought))), had_thought=True)


def _split(body: str, dialect: Dialect, *, opened: bool, marked: bool) -> Parts:
    if not marked:
        return split(body, dialect, opened=opened)
    if dialect.name == "harmony" and body.lstrip().startswith(_FINAL):
        body = f"<|start|>assistant{body.lstrip()}"
    starts = body.lstrip().startswith(dialect.open)
    return split(body, dialect, opened=opened and not starts)
