"""The final answer of a worked solution, whatever the solution holds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.answers.solutions import boxed, reference, stated

PIECES = st.lists(st.sampled_from(["\\boxed", "{", "}", "####", "\n", " ", "1,234", "x"])).map("".join)


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        ("2 + 2 = 4\n#### 4", "4"),
        ("#### 1,234.5", "1234.5"),
        ("#### 12,34", "12,34"),
        ("#### 3 #### -7 \nmore", "-7"),
        ("####", ""),
        ("so \\boxed{1} or \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}"),
        ("so \\boxed 5.", "5"),
        ("so \\boxed{5", ""),
        ("no answer", ""),
        ("", ""),
    ],
)
def test_the_final_answer_is_what_the_solution_marks(solution: str, answer: str) -> None:
    assert reference(solution) == answer


@given(PIECES)
def test_any_text_has_one_final_answer_or_none(text: str) -> None:
    found = reference(text)
    assert isinstance(found, str) and (not found or found in text.replace(",", "") or found in text)


@given(st.lists(st.sampled_from(["a", "b", "{", "}", "\\{", "\\}", "\\\\", " "])), st.text())
def test_a_balanced_box_is_found_after_any_words(inside: list[str], before: str) -> None:
    depth, balanced = 0, True
    for piece in inside:
        depth += {"{": 1, "}": -1}.get(piece, 0)
        balanced = balanced and depth >= 0
    if balanced and not depth:
        assert boxed(f"{before}\n\\boxed{{{''.join(inside)}}}") == "".join(inside).strip()


@pytest.mark.parametrize("text", ["\\boxed{", "\\boxed", "{", "\\boxed{}}", "\\boxed{\\{", "\\boxed \n", "\\" * 3, "}"])
def test_a_hostile_answer_costs_time_in_proportion_to_its_length(text: str) -> None:
    started = time.process_time()
    boxed(text * (200_000 // len(text)))
    assert time.process_time() - started < 5


def test_a_plain_reference_is_taken_as_it_stands() -> None:
    assert stated("4", "so \\boxed{5}") == ("4", False)
    assert stated("", "so \\boxed{5}") == ("5", True)
    assert stated("so\n#### 6") == ("6", True)
    assert stated("", "no box") == ("", False) == stated("")
