"""The probability of an event is read at the token that decides, however a tokenizer cuts the word."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.judging.chances import probability
from resolute.core.judging.instruments import Said

CASES: dict[str, tuple[str, str, list[dict[str, float]], float | None]] = {
    "one token": ("safe", "safe", [{"safe": 0.9, "unsafe": 0.1}], 0.1),
    "white space first, as the model writes it": (
        "\n\nsafe",
        "safe",
        [{"\n\n": 1.0}, {"safe": 0.8, "unsafe": 0.2}],
        0.2,
    ),
    "white space the words have lost": (
        "safe",
        "safe",
        [{"\n\n": 0.99, "safe": 0.01}, {"safe": 0.8, "unsafe": 0.2}],
        0.2,
    ),
    "a special token that leaves nothing": ("safe", "safe", [{"": 1.0}, {"safe": 0.8, "unsafe": 0.2}], 0.2),
    "pieces": ("unsafe\nS1", "unsafe", [{"un": 0.7, "safe": 0.3}, {"safe": 1.0}], 0.7),
    "whole word and piece": ("unsafe", "unsafe", [{"unsafe": 0.4, "un": 0.2, "safe": 0.4}], 0.6),
    "the space before it in the token": ("a: unsafe", "unsafe", [{"a:": 1.0}, {" unsafe": 0.25, " safe": 0.75}], 0.25),
    "a space of its own": (
        "a: unsafe",
        "unsafe",
        [{"a:": 1.0}, {" ": 0.9, "\n": 0.1}, {"unsafe": 0.3, "safe": 0.7}],
        0.3,
    ),
    "undecoded tokens": ("\nunsafe", "unsafe", [{"Ċ": 1.0}, {"Ġunsafe": 0.1, "unsafe": 0.5, "Ġsafe": 0.4}], 0.6),
    "sentencepiece": ("unsafe", "unsafe", [{"▁unsafe": 0.5, "unsafe": 0.1, "▁safe": 0.4}], 0.6),
    "any case": ("Unsafe", "Unsafe", [{"UNSAFE": 0.1, "Unsafe": 0.5, "Safe": 0.4}], 0.6),
    "the word and what follows": ("unsafe\n", "unsafe", [{"unsafe\n": 0.5, "safe\n": 0.5}], 0.5),
    "a longer word is another word": ("safe", "safe", [{"safe": 0.5, "safely": 0.3, "unsafe": 0.5}], 0.5),
    "no candidate of the other side": ("safe", "safe", [{"safe": 1.0}], 0.0),
    "candidates that begin nothing": ("safe", "safe", [{"safe": 0.6, "hello": 0.2, "unsafe": 0.2}], 0.25),
    "no chances": ("safe", "safe", [], None),
    "chances of another text": ("safe", "safe", [{"I": 0.9, "You": 0.1}], None),
    "chances that end too early": ("a: safe", "safe", [{"a:": 1.0}], None),
    "a token across the border of the word": ("a:unsafe", "unsafe", [{"a:un": 1.0}, {"safe": 1.0}], None),
    "an empty position": ("safe", "safe", [{}], None),
    "no number": ("safe", "safe", [{"safe": math.nan, "unsafe": -1.0}], None),
}


@pytest.mark.parametrize(("words", "verdict", "chances", "expected"), CASES.values(), ids=CASES.keys())
def test_labelled_cases(words: str, verdict: str, chances: list[dict[str, float]], expected: float | None) -> None:
    found = probability(Said(words, chances=chances), words.index(verdict), ("unsafe",), ("safe",))
    assert found == (None if expected is None else pytest.approx(expected))


def test_a_candidate_that_begins_words_of_both_sides_counts_for_neither() -> None:
    said = Said("No", chances=[{"No": 0.5, "N": 0.3, "Yes": 0.2}])
    assert probability(said, 0, ("Not",), ("Nothing", "Yes")) == pytest.approx(0.0)


@given(
    st.text(max_size=20),
    st.integers(-2, 25),
    st.lists(st.dictionaries(st.text(max_size=4), st.floats(), max_size=4), max_size=6),
)
def test_anything_gives_a_probability_or_none(words: str, at: int, chances: list[Mapping[str, float]]) -> None:
    found = probability(Said(words, chances=chances), at, ("unsafe", words[:2]), ("safe", ""))
    assert found is None or 0 <= found <= 1


@given(st.floats(0.01, 0.99), st.booleans())
def test_both_sides_make_one(chance: float, unsafe: bool) -> None:
    word = "unsafe" if unsafe else "safe"
    said = Said(word, chances=[{"unsafe": chance, "safe": 1 - chance}])
    event, other = probability(said, 0, ("unsafe",), ("safe",)), probability(said, 0, ("safe",), ("unsafe",))
    assert event is not None
    assert other is not None
    assert event + other == pytest.approx(1)
