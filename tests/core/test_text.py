"""Hostile text: stored without harm, shown without harm."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.text import clean, terminal_safe

ANY = st.text(st.characters(exclude_categories=()))


@given(ANY)
def test_cleaned_text_is_utf8_of_the_same_length_with_every_change_counted(text: str) -> None:
    found = clean(text)
    found.text.encode("utf-8")
    assert len(found.text) == len(text)
    assert found.replaced == sum(a != b for a, b in zip(text, found.text, strict=True))
    assert clean(found.text) == (found.text, 0)


@given(ANY)
def test_nothing_shown_can_steer_a_terminal_or_reorder_what_is_read(text: str) -> None:
    shown = terminal_safe(text)
    assert all(char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs") for char in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


@pytest.mark.parametrize(
    "hostile",
    ["\x1b[2J", "\x1b]8;;http://x\x07", "\x9b31m", "\rerror: none", "\x08" * 9, "a\u202eb", "\x00"],
)
def test_known_tricks_are_made_visible(hostile: str) -> None:
    assert "\ufffd" in terminal_safe(hostile)


def test_ordinary_text_is_shown_as_it_is() -> None:
    text = "línea\n\tцитата 思考 👩‍👩‍👧\r\nnext"
    assert terminal_safe(text) == text.replace("\r\n", "\n")


def test_a_cut_says_how_much_was_left_out() -> None:
    assert terminal_safe("abcdef", limit=2) == "ab [+4 characters]"
    assert terminal_safe("ab", limit=2) == "ab"
