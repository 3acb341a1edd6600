"""Exports: whatever form a row is written in, our own reader gives back the same thought and answer."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.curation.exports import FORMATS, Format, exported
from resolute.core.foreign.reading import read_traces
from resolute.core.records import Example, Message

WORDS = st.text("abc äß漢,.!?'\"{}[]<>|/\\\n\t", max_size=40)
SAID = WORDS.map(str.strip).filter(bool)


def example(thought: str, answer: str, asked: str = "how", **changed: object) -> Example:
    values = {"id": "1", "messages": [Message(role="user", content=asked)], "reasoning": thought, "answer": answer}
    about = {"kind": "benign", "goal": asked, "prompt": "p", "trace": "t", "source": "mine"}
    return Example.model_validate(values | about | changed)


def read_back(rows: list[Example], form: Format) -> list[tuple[str, str, str, str, str]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.write_text("".join(json.dumps(exported(row, form)) + "\n" for row in rows), encoding="utf-8")
        traces = read_traces(path).traces
    return [(t.reasoning, t.answer, t.prompt.text, t.prompt.kind, t.prompt.source) for t in traces]


@pytest.mark.parametrize("form", FORMATS)
@given(st.lists(st.tuples(WORDS.map(str.strip), SAID, SAID), min_size=1, max_size=4))
def test_every_form_is_read_back_to_the_same_thought_and_answer(form: Format, said: list[tuple[str, str, str]]) -> None:
    rows = [example(thought, answer, asked) for thought, answer, asked in said]
    assert read_back(rows, form) == [(thought, answer, asked, "benign", "mine") for thought, answer, asked in said]


@pytest.mark.parametrize("form", FORMATS)
def test_earlier_turns_and_the_system_message_are_kept(form: Format) -> None:
    turns = ["system:be kind", "user:one", "assistant:two", "user:three"]
    messages = [Message.model_validate(dict(zip(("role", "content"), turn.split(":"), strict=True))) for turn in turns]
    row = example("thought", "answer", messages=messages)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.write_text(json.dumps(exported(row, form)) + "\n")
        (trace,) = read_traces(path).traces
    assert trace.sent == messages
    assert (trace.reasoning, trace.answer) == ("thought", "answer")


def test_the_forms_are_those_their_readers_document() -> None:
    row = example("t", "a", "q")
    said = "<think>\nt\n</think>\n\na"
    assert exported(row, "messages")["messages"][-1] == {"role": "assistant", "content": said}
    assert exported(row, "prompt-completion")["prompt"] == [{"role": "user", "content": "q"}]
    assert exported(row, "prompt-completion")["completion"] == [{"role": "assistant", "content": said}]
    assert exported(row, "sharegpt")["conversations"] == [
        {"from": "human", "value": "q"},
        {"from": "gpt", "value": said},
    ]
