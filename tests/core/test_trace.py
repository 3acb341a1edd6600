"""Laws of splitting and joining: total on any text, inverse on every dialect, no answer without a closed thought."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.trace import DIALECTS, THINK, Dialect, ending, join, looping, split

dialects = st.sampled_from(list(DIALECTS.values()))
PLAIN = st.text(st.characters(exclude_characters="<>[]|/:_", exclude_categories=("Cs",)), max_size=200)
"""Text that can hold no family's mark, nor a part of one."""
WORDS = st.text("ab \n", max_size=8)
WHOLE_MARKS = st.sampled_from([mark for d in DIALECTS.values() for mark in (d.open, d.close, d.answer_open) if mark])
MARKED = st.lists(
    st.one_of(
        st.text(max_size=20),
        WHOLE_MARKS,
        st.sampled_from(["\n", " ", "<think", "think>", "</think"]),
    ),
    max_size=12,
).map("".join)


@given(PLAIN, PLAIN, dialects, st.booleans())
def test_split_gives_back_what_join_wrote(thought: str, answer: str, dialect: Dialect, opened: bool) -> None:
    parts = split(join(thought, answer, dialect, opened=opened), dialect, opened=opened)
    assert (parts.thought, parts.answer) == (thought.strip(), answer.strip())
    assert parts.closed
    assert parts.had_thought
    assert parts.extra_closes == 0


@given(MARKED, dialects, st.booleans())
def test_splitting_is_total_and_never_gives_an_answer_to_an_unclosed_thought(
    text: str, dialect: Dialect, opened: bool
) -> None:
    parts = split(text, dialect, opened=opened)
    if not parts.closed:
        assert parts.answer == ""
        assert parts.had_thought
        assert ending(parts, "length")[0] in ("thought", "nothing")
    if opened and dialect.close not in text:
        assert not parts.closed
    assert dialect.close not in parts.thought
    assert parts.thought == parts.thought.strip()
    assert parts.answer == parts.answer.strip()


@given(st.lists(st.one_of(WORDS, st.sampled_from([THINK.open, THINK.close])), max_size=10), st.booleans())
def test_splitting_loses_no_word_but_those_before_a_thought_opens(pieces: list[str], opened: bool) -> None:
    text = "".join(pieces)
    parts = split(text, opened=opened)
    first_close, first_open = text.find(THINK.close), text.find(THINK.open)
    outside = not opened and first_open >= 0 and (first_close < 0 or first_open < first_close)
    kept = text[first_open:] if outside else text
    assert _letters(parts.thought) + _letters(parts.answer) == _letters(kept)


def _letters(text: str) -> str:
    return "".join(char for char in text.replace(THINK.open, "").replace(THINK.close, "") if char in "ab")


CASES = [
    ("opened by the model", "<think>\na\n</think>\n\nb", False, ("a", "b", True, True)),
    ("opened by the prompt", "a\n</think>\n\nb", True, ("a", "b", True, True)),
    ("stored without its prompt", "a\n</think>\n\nb", False, ("a", "b", True, True)),
    ("opened twice, by prompt and model", "<think>\na</think>b", True, ("a", "b", True, True)),
    ("never closed", "<think>\na and an answer-like end.", False, ("a and an answer-like end.", "", False, True)),
    ("never closed, opened by the prompt", "a", True, ("a", "", False, True)),
    ("no thought at all", "b", False, ("", "b", True, False)),
    ("an empty thought", "<think>\n\n</think>\n\nb", False, ("", "b", True, True)),
    ("nothing said", "", False, ("", "", True, False)),
    ("nothing said after the prompt opened", "", True, ("", "", False, True)),
    ("opened in the middle and never closed", "well <think> a", False, ("a", "", False, True)),
]


@pytest.mark.parametrize(("text", "opened", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_an_output_is_taken_apart(text: str, opened: bool, expected: tuple[str, str, bool, bool]) -> None:
    parts = split(text, THINK, opened=opened)
    assert (parts.thought, parts.answer, parts.closed, parts.had_thought) == expected


def test_a_second_closing_mark_is_counted() -> None:
    assert split("<think>a</think>b</think>c").extra_closes == 1


def test_harmony_channels_are_taken_apart() -> None:
    text = "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b<|return|>"
    parts = split(text, DIALECTS["harmony"])
    assert (parts.thought, parts.answer) == ("a", "b")


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
def test_no_dialect_writes_a_thought_that_its_prompt_would_open_twice(dialect: Dialect) -> None:
    assert dialect.empty.startswith(dialect.after_open)
    assert join("t", "a", dialect) == dialect.open + dialect.after_open + join("t", "a", dialect, opened=True)
    assert join("", "a", dialect) == dialect.open + dialect.after_open + join("", "a", dialect, opened=True)


def test_a_loop_is_seen_and_ordinary_repetition_is_not() -> None:
    assert looping("It begins. " + "wait, let me think again " * 12)
    assert looping("no " * 30)
    assert not looping("very very very good, and then something else that ends")
    assert not looping("")
