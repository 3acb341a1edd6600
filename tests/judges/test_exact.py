"""Laws of the maths judge, on hand-made cases and on every problem of MATH-500."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.records import Ending, Message, Prompt, Trace
from resolute.judges.exact import EXACT, final_answer, same


def trace(answer: str, expected: str = "12", where: str = "answer", reasoning: str = "r") -> Trace:
    prompt = Prompt(text="q", goal="q", kind="maths", expected=expected)
    ending = Ending.model_validate({"where": where, "why": "length" if where == "thought" else "end of turn"})
    said = {"reasoning": reasoning, "answer": answer, "ending": ending}
    sent = [Message(role="user", content="q")]
    return Trace(id="t", prompt=prompt, sent=sent, model="m", identity="i", **said)


@pytest.mark.parametrize(
    ("final", "expected"),
    [
        ("12", "12"),
        ("12.0", "12"),
        ("073", "73"),
        ("1,000", "1000"),
        ("\\dfrac{1}{2}", "\\frac{1}{2}"),
        ("0.5", "\\frac{1}{2}"),
        ("-\\frac{3}{4}", "-0.75"),
        ("2\\sqrt{2}", "\\sqrt{8}"),
        ("(3,4)", "(3, 4)"),
        ("\\text{Evelyn}", "\\text{Evelyn}"),
        ("90^\\circ", "90"),
    ],
)
def test_the_same_answer_in_other_words_is_correct(final: str, expected: str) -> None:
    assert same(final, expected)


@pytest.mark.parametrize(("final", "expected"), [("12", "21"), ("3.14", "3.141"), ("(3,4)", "(4,3)"), ("-5", "5")])
def test_another_answer_is_wrong(final: str, expected: str) -> None:
    assert not same(final, expected)


def test_the_last_balanced_box_counts() -> None:
    assert final_answer("first \\boxed{12}, no: \\boxed{\\frac{1}{2}} and \\boxed{3") == "\\frac{1}{2}"


def test_without_a_box_the_last_number_counts_with_its_decimals() -> None:
    assert final_answer("so 3 times 4 gives 12.5.") == "12.5"


def test_a_box_inside_an_unfinished_thought_never_counts() -> None:
    (verdict,) = EXACT.judge(trace("", where="thought", reasoning="surely \\boxed{12}"))
    assert (verdict.outcome, verdict.score) == ("model failed", None)


def test_a_problem_without_reference_is_the_instruments_failure() -> None:
    (verdict,) = EXACT.judge(trace("\\boxed{12}", expected=""))
    assert verdict.outcome == "judge failed"


@pytest.mark.parametrize(
    "text", ["9^{9^{9}}", "9^{9^9}", "9^9^9", "99999!", "((9^{99})^{99})^{99}", "2^{999999}", "3!!!!"]
)
def test_an_answer_that_cannot_be_evaluated_is_wrong_at_once(text: str) -> None:
    started = time.perf_counter()
    assert not same(text, "12")
    assert time.perf_counter() - started < 2


@given(st.text(max_size=300))
def test_any_text_gets_exactly_one_verdict(answer: str) -> None:
    (verdict,) = EXACT.judge(trace(answer))
    assert (verdict.score is not None) == (verdict.outcome == "scored")


def test_each_solution_of_math500_is_correct_and_the_next_problems_answer_is_not(shared_data: Path) -> None:
    lines = (shared_data / "reasoning" / "math500.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    right = [same(final_answer(row["solution"]) or "", row["answer"]) for row in rows]
    alike = [(one["answer"], other["answer"]) for one, other in pairwise(rows) if same(one["answer"], other["answer"])]
    assert all(right)
    assert {(one, other) for one, other in alike if one != other} == {("5", "x=5")}
