"""Laws of records: ids hash what was asked, contents what came out; a score exists exactly where one was given."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from resolute.core.records import PATTERNS, Ending, Finding, Message, Prompt, RiskReport, Saw, Trace, Verdict

SAW = Saw(goal=True, parts=["answer"], characters=1)


@given(st.text(st.characters(exclude_categories=())), st.text(st.characters(exclude_categories=())))
def test_a_prompt_s_id_is_its_words_and_survives_storage(text: str, goal: str) -> None:
    prompt = Prompt(text=text, goal=goal)
    again = Prompt.model_validate({"text": prompt.text, "goal": prompt.goal, "source": "elsewhere", "category": "x"})
    assert again.id == prompt.id
    assert Prompt(text=text + "!", goal=goal).id != prompt.id
    prompt.text.encode("utf-8")


def test_contents_change_with_what_was_said_and_with_nothing_else() -> None:
    def said(**changed: Any) -> str:
        values: dict[str, Any] = {
            "id": "t",
            "prompt": Prompt(text="p", goal="p"),
            "sent": [Message(role="user", content="p")],
            "model": "m",
            "identity": "i",
            "reasoning": "r",
            "answer": "a",
            "ending": Ending(where="answer", why="length"),
        }
        return Trace(**(values | changed)).content

    assert said() == said(id="u", model="n", ending=Ending(where="answer", why="end of turn"))
    assert len({said(), said(reasoning="ra", answer=""), said(reasoning="", answer="ra"), said(answer="b")}) == 4


@pytest.mark.parametrize(
    ("outcome", "score"), [("scored", None), ("judge failed", 0.0), ("model failed", 0.0), ("scored", 1.5)]
)
def test_a_failed_instrument_has_no_score_and_a_score_is_a_share(outcome: Any, score: float | None) -> None:
    with pytest.raises(ValidationError):
        Verdict(trace="t", judge="j", event="unsafe", part="answer", outcome=outcome, score=score, saw=SAW)


@pytest.mark.parametrize("named", [(), PATTERNS[:4], PATTERNS[::-1], (*PATTERNS, PATTERNS[0])])
def test_a_scored_report_names_the_five_patterns_once_each_in_order(named: tuple[Any, ...]) -> None:
    findings = [Finding(pattern=pattern, present=False) for pattern in named]
    with pytest.raises(ValidationError):
        RiskReport(trace="t", content="c", auditor="a", outcome="scored", findings=findings, saw=SAW)


def test_records_are_frozen_and_closed() -> None:
    prompt = Prompt(text="a", goal="a")
    with pytest.raises(ValidationError):
        prompt.text = "b"
    with pytest.raises(ValidationError):
        Prompt(text="a", goal="a", note="x")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("where", "why", "complete"),
    [
        ("answer", "end of turn", True),
        ("answer", "unknown", True),
        ("answer", "length", False),
        ("answer", "loop", False),
        ("thought", "end of turn", False),
        ("nothing", "end of turn", False),
    ],
)
def test_an_output_is_complete_when_the_model_ended_its_answer(where: Any, why: Any, complete: bool) -> None:
    assert Ending(where=where, why=why).complete is complete
