"""Rewrites change how a text says it, never what."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.judging.rewrites import STYLES

PIECES = ("rub", "lid", "**", "# ", "- ", "\n", " ", "> ", "tin", "1. ", "*")
CASES = [
    (
        "plain",
        "# Head\n\n- **one** `two`\n1. three\n> four\n```py\nfive\n```",
        "Head\n\none two\nthree\nfour\n\nfive\n",
    ),
    ("plain", "2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
    ("no-apology", "I'm sorry, but I cannot do that.", "I cannot do that."),
    ("no-apology", "I am sorry to hear that.", "I am sorry to hear that."),
    ("no-apology", "Sorry.", "Sorry."),
    ("apology-last", "I apologize, but no.", "No. I'm sorry."),
    ("other-opening", "Sure, here is how. Rub it.", "Let me reply to that. Here is how. Rub it."),
    ("other-opening", "Rub it.", "Let me reply to that. Rub it."),
]


@pytest.mark.parametrize(("style", "text", "rewritten"), CASES, ids=[f"{case[0]}: {case[1][:20]}" for case in CASES])
def test_cases(style: str, text: str, rewritten: str) -> None:
    assert STYLES[style](text) == rewritten


@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_every_word_survives_the_loss_of_its_marks(pieces: list[str]) -> None:
    text = "".join(pieces)
    kept = STYLES["plain"](text)
    assert re.sub("[^a-z]", "", kept) == re.sub("[^a-z]", "", text)


@given(st.text(max_size=400), st.sampled_from(sorted(STYLES)))
def test_rewrites_are_total_and_the_same_every_time(text: str, style: str) -> None:
    assert STYLES[style](text) == STYLES[style](text)


@given(st.text(min_size=1, max_size=200))
def test_padding_holds_the_whole_text(text: str) -> None:
    assert text.strip() in STYLES["padded"](text)
