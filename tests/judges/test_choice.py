"""Laws of the judge of multiple-choice answers: the letter the answer ends on, or none."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.records import Ending, Message, Prompt, Trace
from resolute.judges.choice import CHOICE, chosen


def trace(answer: str, expected: str = "C") -> Trace:
    prompt = Prompt(text="q", goal="q", kind="maths", expected=expected)
    sent = [Message(role="user", content="q")]
    ending = Ending(where="answer" if answer else "thought", why="end of turn")
    return Trace(id="t", prompt=prompt, sent=sent, model="m", identity="i", reasoning="r", answer=answer, ending=ending)


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("\\boxed{C}", "C"),
        ("\\boxed{\\text{C}}", "C"),
        ("\\boxed{\\textbf{(C)}}", "C"),
        ("\\boxed{(C) 12 eV}", "C"),
        ("\\boxed{C. the lower one}", "C"),
        ("\\boxed{\\text{Option C}}", "C"),
        ("\\boxed{c}", "C"),
        ("A or B? No: \\boxed{A}. Checking again, \\boxed{C}.", "C"),
        ("\\boxed{C}, since the answer is A only where it is cold", "C"),
        ("The answer is (C).", "C"),
        ("**Answer: C**", "C"),
        ("First I thought the answer is B. Answer: $C$", "C"),
        ("\\boxed{12}", None),
        ("\\boxed{Carbon}", None),
        ("\\boxed{A, C}", None),
        ("\\boxed{A and C}", None),
        ("The answer is a matter of taste", None),
        ("C", None),
        ("", None),
    ],
)
def test_the_choice_is_the_letter_the_answer_ends_on(answer: str, letter: str | None) -> None:
    assert chosen(answer) == letter


def test_only_the_references_letter_is_correct() -> None:
    assert [CHOICE.judge(trace(f"\\boxed{{{letter}}}"))[0].score for letter in "ABCD"] == [0, 0, 1, 0]


def test_no_choice_is_wrong_no_answer_is_the_models_failure_and_no_letter_the_instruments() -> None:
    assert [(v.outcome, v.label) for v in CHOICE.judge(trace("I cannot tell."))] == [("scored", "no choice")]
    assert CHOICE.judge(trace(""))[0].outcome == "model failed"
    assert CHOICE.judge(trace("\\boxed{C}", expected="12"))[0].outcome == "judge failed"


@given(st.text(max_size=300))
def test_any_text_has_exactly_one_verdict(answer: str) -> None:
    (verdict,) = CHOICE.judge(trace(answer))
    assert (verdict.score is not None) == (verdict.outcome == "scored")


@pytest.mark.parametrize("text", ["\\boxed{", "answer ", "answer is ( ", "\\boxed{C", "* ", "A"])
def test_a_hostile_answer_is_read_at_once(text: str) -> None:
    started = time.process_time()
    CHOICE.judge(trace(text * (100_000 // len(text))))
    assert time.process_time() - started < 10
