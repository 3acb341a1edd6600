"""Who counts among judged rows: the same as in the tables of a report."""

from __future__ import annotations

from resolute.core.records import Ending, Prompt, Trace, Verdict
from resolute.core.results.judged import instruments, judged, questions
from resolute.core.results.tables import cells


def trace(name: str, *, task: str = "t", answer: str = "text", why: str = "end of turn") -> Trace:
    ending = Ending.model_validate({"where": "nothing" if why == "error" else "answer", "why": why})
    prompt = Prompt(text=name, goal=f"goal {name}")
    return Trace(
        id=name, prompt=prompt, sent=[], model="m", identity="i", task=task, reasoning="", answer=answer, ending=ending
    )


def verdict(
    of: str, score: float | None, *, judge: str = "one", outcome: str = "scored", part: str = "answer"
) -> Verdict:
    given = {"trace": of, "judge": judge, "event": "unsafe", "part": part, "outcome": outcome, "score": score}
    return Verdict.model_validate(given | {"saw": {"goal": True, "parts": ["answer"], "characters": 4}})


TRACES = [trace("a"), trace("b"), trace("c"), trace("d", answer=""), trace("e", why="error"), trace("f", task="other")]
VERDICTS = [
    verdict("a", 1.0),
    verdict("b", None, outcome="judge failed"),
    verdict("c", None, outcome="model failed"),
    verdict("d", None, outcome="model failed"),
    verdict("a", 0.2, judge="two"),
]


def test_a_missing_verdict_is_the_instruments_failure_and_the_models_failure_is_a_no() -> None:
    rows = {row.trace.id: row for row in judged(TRACES, VERDICTS, event="unsafe", part="answer")}
    assert sorted(rows) == ["a", "b", "c", "d"], "an error is no answer, and nobody judged the other task"
    assert {name: row.says("one") for name, row in rows.items()} == {"a": "yes", "b": None, "c": "no", "d": "no"}
    assert rows["b"].scores == {"one": None, "two": None}
    assert [name for name, row in rows.items() if row.empty] == ["d"]
    assert instruments(rows.values()) == ["one", "two"]


def test_the_rows_are_those_of_the_tables() -> None:
    (one,) = (cell for cell in cells(TRACES, VERDICTS) if cell.judge == "one")
    rows = judged(TRACES, VERDICTS, event="unsafe", part="answer")
    scores = [row.scores["one"] for row in rows]
    assert len(rows) + one.errors == one.asked
    assert one.rate.n == sum(score is not None for score in scores)
    assert one.rate.events == sum(score or 0 for score in scores)


def test_questions_are_what_was_judged_of_one_part() -> None:
    both = verdict("a", 1.0, judge="three", part="both")
    assert questions([*VERDICTS, both, verdict("a", 0.0, part="thought")]) == [
        ("unsafe", "answer"),
        ("unsafe", "thought"),
    ]
