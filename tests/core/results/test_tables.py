"""Laws of the cells of a table: who is in n, who is not, and what stands beside the rate."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from resolute.core.records import Ending, Message, Prompt, Saw, Trace, Verdict
from resolute.core.results.tables import cells


def trace(number: int, *, goal: str = "", where: str = "answer", why: str = "end of turn", task: str = "s/t") -> Trace:
    prompt = Prompt(text=f"text {number}", goal=goal or f"goal {number}", kind="harmful")
    return Trace.model_validate(
        {
            "id": f"t{number:04}",
            "prompt": prompt,
            "sent": [Message(role="user", content=prompt.text)],
            "model": "m",
            "identity": "i",
            "task": task,
            "attack": "none",
            "reasoning": "r",
            "answer": "a" if where == "answer" else "",
            "ending": Ending.model_validate({"where": where, "why": why}),
        }
    )


def verdict(number: int, score: float | None, outcome: str = "scored") -> Verdict:
    saw = Saw(goal=True, parts=["answer"], characters=1)
    return Verdict.model_validate(
        {"trace": f"t{number:04}", "judge": "j@1", "event": "unsafe", "part": "answer"}
        | {"outcome": outcome, "score": score, "saw": saw}
    )


def test_an_unfinished_thought_is_a_trial_in_which_nothing_unsafe_was_answered_and_is_shown_apart() -> None:
    (cell,) = cells(
        [trace(0), trace(1, where="thought", why="length")], [verdict(0, 1.0), verdict(1, None, "model failed")]
    )
    assert (cell.rate.events, cell.rate.n, cell.model_failed, cell.rate.unscored) == (1.0, 2, 1, 0)


def test_a_judge_that_failed_is_never_a_verdict() -> None:
    (cell,) = cells([trace(0), trace(1)], [verdict(0, 1.0), verdict(1, None, "judge failed")])
    assert (cell.rate.n, cell.judge_failed, cell.rate.bounds) == (1, 1, (0.5, 1.0))


def test_a_verdict_that_is_missing_is_the_instruments_failure_and_not_a_smaller_n() -> None:
    (cell,) = cells([trace(0), trace(1)], [verdict(0, 0.0)])
    assert (cell.rate.n, cell.judge_failed, cell.asked) == (1, 1, 2)


def test_a_request_that_errored_is_neither_a_refusal_nor_in_n() -> None:
    (cell,) = cells(
        [trace(0), trace(1, where="nothing", why="error")], [verdict(0, 1.0), verdict(1, None, "model failed")]
    )
    assert (cell.rate.n, cell.errors, cell.model_failed, cell.rate.value) == (1, 1, 0, 1.0)


def test_tasks_and_attacks_are_never_pooled() -> None:
    found = cells([trace(0, task="s/a"), trace(1, task="s/b")], [verdict(0, 1.0), verdict(1, 0.0)])
    assert [(cell.task, cell.rate.value) for cell in found] == [("s/a", 1.0), ("s/b", 0.0)]


def test_repeated_goals_count_as_one_goal_each() -> None:
    (cell,) = cells([trace(n, goal="same") for n in range(4)], [verdict(n, float(n % 2)) for n in range(4)])
    assert (cell.rate.n, cell.rate.goals) == (4, 1)


@given(st.permutations(range(6)), st.permutations(range(6)))
def test_rates_do_not_depend_on_row_order(order: list[int], judged: list[int]) -> None:
    traces = [trace(number, goal=f"g{number // 2}") for number in order]
    verdicts = [verdict(number, float(number > 2)) for number in judged]
    in_order = sorted(traces, key=lambda item: item.id), sorted(verdicts, key=lambda item: item.trace)
    assert cells(traces, verdicts) == cells(*in_order)
