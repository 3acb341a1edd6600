"""What a chat template does to a turn, found by rendering probes: never by the model's name.

Three things are read off: how the family marks its thought (`Dialect`), what ends a turn, and how much of the thought
the generation prompt has written already. A template that cannot be honoured is refused with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from resolute.core.errors import ResoluteError
from resolute.core.trace import DIALECTS, THINK, Dialect

ASK, THOUGHT, ANSWER = "zqask", "zqthought", "zqanswer"
_KEYS = ("reasoning_content", "thinking", "reasoning")
"""Names under which templates look for the thought of an assistant message."""
_FAMILIES = (THINK, DIALECTS["seed"], DIALECTS["mistral"], DIALECTS["harmony"])
_CONTROL_LIKE = re.compile("<[|｜][^<>|｜\\s]+[|｜]>")

Write = Callable[..., str]
"""`write(messages, generation=bool, thinking=bool)` renders messages (plain mappings) with the template."""


@dataclass(frozen=True)
class Facts:
    """What the probes found."""

    dialect: Dialect
    end: str
    """What ends an assistant turn: one control token, with the white space the template writes before it."""
    begin: str
    """White space the template writes between its generation prompt and the opening mark."""
    shown: str
    """A finished turn of the probes as the template writes it; "" where it drops thoughts or hands them on."""


def tail(write: Write, messages: list[dict[str, Any]], *, thinking: bool) -> str:
    """What the generation prompt adds after the messages; all of it where the template rewrites what stood before."""
    full = write(messages, generation=True, thinking=thinking)
    before = write(messages, generation=False, thinking=thinking)
    return full[len(before) :] if full.startswith(before) else full


def lead(ending: str, dialect: Dialect) -> str:
    """The part of a completion that a prompt's ending has written: from its thought mark on, or "" without one."""
    opened, closed = ending.rfind(dialect.open), ending.rfind(dialect.close)
    if opened < 0 and closed < 0:
        return ""
    start = opened if opened >= 0 else closed
    return ending[start:]


def read_template(
    write: Write,
    source: str,
    controls: Collection[str],
    *,
    eos: str,
    stops: Collection[str],
    keeps_newlines: Callable[[Dialect], bool],
) -> Facts:
    """Probe a template.

    `source` is its text, `controls` the tokenizer's added tokens, `eos` the tokenizer's end mark, `stops` what the
    checkpoint says ends a generation and `keeps_newlines(dialect)` whether the family's white space survives
    tokenising. Raises `ResoluteError`.
    """
    question = [{"role": "user", "content": ASK}]
    on, off = (tail(write, question, thinking=thinking) for thinking in (True, False))
    _known_marks(write([*question], generation=True, thinking=True), controls)
    family = _family(write, source, on, off)
    shown = next(filter(None, _turns(write)), "") or _inline(write, family)
    if not keeps_newlines(family):
        dialect = DIALECTS["think-spaced"]
        if (family.open, family.close) != (dialect.open, dialect.close):
            raise ResoluteError(f"the tokenizer does not keep the white space of the dialect {family.name!r}")
    else:
        dialect = _named(_measured(family, on, [shown, _calling(write), *_plain(write)]))
    end = _end(write, controls, eos, stops, "" if keeps_newlines(family) else " ")
    shown = shown if THOUGHT in shown else ""
    return Facts(dialect, end, _begin(shown, write([*question], generation=True, thinking=True), dialect), shown)


def _family(write: Write, source: str, on: str, off: str) -> Dialect:
    for shown in (on, off, *_turns(write), source):
        for dialect in _FAMILIES:
            # The closing mark of channels ends turns of other families too.
            if dialect.open in shown or (not dialect.answer_open and dialect.close in shown):
                return dialect
    mend = "take a reasoning model, or hand a template that writes thoughts"
    raise ResoluteError("the chat template knows no mark for thoughts", mend=mend)


def _turns(write: Write) -> list[str]:
    """One finished assistant turn with a thought, in every form templates take one; "" where it is left out."""
    forms: list[dict[str, Any]] = [{"content": ANSWER, key: THOUGHT} for key in _KEYS]
    parts = [{"type": "thinking", "thinking": THOUGHT}, {"type": "text", "text": ANSWER}]
    in_parts = _turn(write, {"content": parts})
    # A template that knows no parts prints the list as Python writes it.
    return [*(_turn(write, form) for form in forms), "" if str(parts[0]) in in_parts else in_parts]


def _turn(write: Write, form: dict[str, Any], *, holding: str = THOUGHT, thinking: bool = True) -> str:
    """An assistant turn of this form; "" where the template refuses it or leaves out what it must hold."""
    messages = [{"role": "user", "content": ASK}, {"role": "assistant", **form}]
    try:
        text = write(messages, generation=False, thinking=thinking)
    except ResoluteError:
        return ""
    return text if holding in text else ""


def _calling(write: Write) -> str:
    """A turn that calls a tool: some templates show a thought there and in no other finished turn."""
    call = {"id": "functions.zq:0", "type": "function", "function": {"name": "zq", "arguments": {}}}
    return _turn(write, {"content": "", "reasoning_content": THOUGHT, "tool_calls": [call]})


def _plain(write: Write) -> list[str]:
    """A finished turn without a thought, with the thinking switch on and off: some write an empty thought there."""
    return [_turn(write, {"content": ANSWER}, holding=ANSWER, thinking=thinking) for thinking in (True, False)]


def _inline(write: Write, dialect: Dialect) -> str:
    """One assistant turn with marks in its content; "" where the template hands it on as it is."""
    content = f"{dialect.open}{THOUGHT}{dialect.close}{ANSWER}"
    try:
        text = write([{"role": "user", "content": ASK}, {"role": "assistant", "content": content}], generation=False)
    except ResoluteError:
        return ""
    return "" if content in text else text


def _begin(shown: str, prompt: str, dialect: Dialect) -> str:
    rest = shown[len(prompt) :] if shown.startswith(prompt) else ""
    return rest[: -len(rest.lstrip())] if rest.lstrip().startswith(dialect.open) else ""


def _measured(family: Dialect, on: str, turns: Sequence[str]) -> Dialect:
    """The family with the white space that this template writes; what it never shows stays the family's.

    `on` is what the generation prompt adds, `turns` are finished ones, those that tell most first. A template that
    opens the thought and never shows one closed is taken to write the same white space at both ends of it; one that
    shows an empty thought alone, and no white space in it, to write none.
    """
    if family.answer_open:
        return family

    def found(start: str, stop: str) -> str | None:
        return next((space for turn in turns if (space := _between(turn, start, stop)) is not None), None)

    opened = _between(on + "\0", family.open, "\0")
    bare = "" if found(family.open, family.close) == "" else None
    measured = {
        "after_open": _first(opened, found(family.open, THOUGHT), bare),
        "before_close": _first(found(THOUGHT, family.close), opened, bare),
        "after_close": found(family.close, ANSWER),
    }
    dialect = replace(family, **{name: space for name, space in measured.items() if space is not None})
    if (dialect.after_open, dialect.before_close) != (family.after_open, family.before_close):
        dialect = replace(dialect, empty=dialect.after_open + dialect.before_close)
    return dialect


def _first(*spaces: str | None) -> str | None:
    return next((space for space in spaces if space is not None), None)


def _between(text: str, start: str, stop: str) -> str | None:
    """The white space between two marks, or None where they do not stand so."""
    found = re.search(re.escape(start) + r"(\s*)" + re.escape(stop), text)
    return found[1] if found else None


def _named(dialect: Dialect) -> Dialect:
    """The same dialect under the name it has in the catalogue, where it stands there."""
    same = (known for known in DIALECTS.values() if replace(known, name=dialect.name) == dialect)
    return next(same, dialect)


def _end(write: Write, controls: Collection[str], eos: str, stops: Collection[str], space: str) -> str:
    turns = [{"role": "user", "content": ASK}, {"role": "assistant", "content": ANSWER}]
    suffix = write(turns, generation=False, thinking=True).rpartition(ANSWER)[2]
    found = [(suffix.index(mark), -len(mark), mark) for mark in controls if mark in suffix]
    if found:
        position, _, mark = min(found)
        return suffix[: position + len(mark)]
    if suffix.strip():
        mend = "use the tokenizer and the template of the same model"
        raise ResoluteError(f"the template ends a turn with {suffix.strip()!r}, no token of the tokenizer", mend=mend)
    # Nothing ends a turn but the mark that begins the next: the model's own end, if its checkpoint says it stops there.
    following = write([*turns, {"role": "user", "content": ASK}], generation=False, thinking=True)
    after = following.partition(ANSWER)[2]
    next_turn = next((mark for mark in stops if after.startswith(mark)), "")
    if not next_turn and not eos:
        raise ResoluteError("neither template nor tokenizer says what ends a turn", mend="set eos_token")
    return space + (next_turn or eos)


def _known_marks(text: str, controls: Collection[str]) -> None:
    strange = sorted({mark for mark in _CONTROL_LIKE.findall(text) if mark not in controls})
    if strange:
        mend = "use the tokenizer and the template of the same model"
        raise ResoluteError(f"tokenizer and template disagree: no token for {', '.join(strange)}", mend=mend)
