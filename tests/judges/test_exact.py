"""Laws of the maths judge, on hand-made cases and on every problem of MATH-500."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core.answers.finals import Final, final_answer, same
from resolute.core.answers.symbolic import Pair, Pool
from resolute.core.records import Ending, Message, Prompt, Trace
from resolute.judges.exact import EXACT


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
        ("e^{\\frac{1}{2}}", "\\sqrt{e}"),
        ("2^{\\frac{3}{4}}", "\\sqrt[4]{8}"),
        ("2(1+x)^{12}", "2(x+1)^{12}"),
        ("\\{3, 1, 2\\}", "\\{1,2,3\\}"),
        ("2, -1", "-1, 2"),
        ("x \\in (-\\infty, 3]", "(-\\infty,3]"),
        ("12 \\text{ cm}", "12"),
        ("(3,4)", "(3, 4)"),
        ("\\text{Evelyn}", "\\text{Evelyn}"),
        ("90^\\circ", "90"),
    ],
)
def test_the_same_answer_in_other_words_is_correct(final: str, expected: str) -> None:
    assert same(final, expected)


@pytest.mark.parametrize(
    ("final", "expected"),
    [("12", "21"), ("3.14", "3.141"), ("(3,4)", "(4,3)"), ("-5", "5"), ("[1,2)", "(1,2)"), ("1.2", "1,2")],
)
def test_another_answer_is_wrong(final: str, expected: str) -> None:
    assert not same(final, expected)


def test_the_last_balanced_box_counts() -> None:
    said = "first \\boxed{12}, no: \\boxed{\\frac{1}{2}} and \\boxed{3"
    assert final_answer(said) == Final("\\frac{1}{2}", boxed=True)


def test_without_a_box_the_last_number_counts_with_its_decimals() -> None:
    assert final_answer("so 3 times 4 gives 12.5.") == Final("12.5", boxed=False)
    (verdict,) = EXACT.judge(trace("so 3 times 4 gives 12."))
    assert (verdict.score, verdict.label) == (1.0, "correct, not boxed")


def test_a_box_counts_before_any_number_that_follows_it() -> None:
    (verdict,) = EXACT.judge(trace("\\boxed{11}, which is one less than 12"))
    assert (verdict.score, verdict.label) == (0.0, "wrong")


def test_a_box_inside_an_unfinished_thought_never_counts() -> None:
    (verdict,) = EXACT.judge(trace("", where="thought", reasoning="surely \\boxed{12}"))
    assert (verdict.outcome, verdict.score) == ("model failed", None)


def test_a_problem_without_reference_is_the_instruments_failure() -> None:
    (verdict,) = EXACT.judge(trace("\\boxed{12}", expected=""))
    assert verdict.outcome == "judge failed"


@pytest.mark.parametrize("text", ["9^{9^{9}}", "9^{9^9}", "9^9^9", "99999!", "2^{999999}", "3!!!!"])
def test_an_answer_that_cannot_be_evaluated_is_wrong_at_once(text: str) -> None:
    started = time.perf_counter()
    assert not same(text, "12")
    assert time.perf_counter() - started < 10


@given(st.text(max_size=300))
def test_any_text_gets_exactly_one_verdict(answer: str) -> None:
    (verdict,) = EXACT.judge(trace(answer))
    assert (verdict.score is not None) == (verdict.outcome == "scored")


def test_the_verdicts_of_a_batch_are_those_of_its_traces_in_order() -> None:
    said = ["\\boxed{x=12}", "\\boxed{13}", "", "\\boxed{2\\sqrt{36}}", "12", "none", "\\boxed{x=12}"]
    batch = [trace(answer).model_copy(update={"id": str(number)}) for number, answer in enumerate(said)]
    heard: list[tuple[int, int]] = []
    together = EXACT.judge_all(batch, lambda _, done, total, note="": heard.append((done, total)))
    assert together == [verdict for one in batch for verdict in EXACT.judge(one)]
    assert [verdict.score for verdict in together] == [1, 0, None, 1, 1, 0, 1]
    assert heard[-1] == (7, 7) and heard == sorted(heard)


def test_a_comparison_that_never_ends_is_stopped_and_the_next_one_is_settled() -> None:
    started = time.perf_counter()
    with Pool(workers=1, seconds=1) as pool:
        found = pool.settle([("9^{9^{9^9}}", "12"), ("x=12", "12")])
    assert list(found.values()) == ["stopped", "same"]
    assert time.perf_counter() - started < 30


def test_a_run_that_is_interrupted_ends_at_once_and_leaves_no_process() -> None:
    def interrupted(done: int) -> None:
        raise KeyboardInterrupt

    endless = [(f"9^{{9^{{9^{n}}}}}", "12") for n in range(9, 400)]
    with Pool(workers=2, seconds=60) as pool:
        started = time.perf_counter()
        with pytest.raises(KeyboardInterrupt):
            pool.settle([("x=12", "12"), *endless], interrupted)
        assert time.perf_counter() - started < 100
        left = [worker._process for worker in pool._all if worker._process is not None]
    assert all(process.poll() is not None for process in left)
    assert not [worker for worker in pool._all if worker._process is not None]


def test_a_worker_that_was_killed_is_replaced() -> None:
    with Pool(workers=1) as pool:
        assert pool.settle([("x=12", "12")])["x=12", "12"] == "same"
        pool._all[0].end()
        pool._all[0]._process.wait()
        assert pool.settle([("x=13", "13")])["x=13", "13"] == "same"


def test_what_was_stopped_is_the_instruments_failure_and_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    class Busy:
        def settle(self, pairs: list[Pair], tick: object) -> dict[Pair, str]:
            return dict.fromkeys(pairs, "stopped")

    monkeypatch.setattr("resolute.judges.exact.shared", Busy)
    (verdict,) = EXACT.judge(trace("\\boxed{\\sum_{k=1}^{99} k}"))
    assert (verdict.outcome, verdict.score) == ("judge failed", None)
    assert "too long" in verdict.why


def test_grading_needs_no_main_thread() -> None:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(same("2\\sqrt{2}", "\\sqrt{8}")))
    thread.start()
    thread.join()
    assert found == [True]


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("\\boxed{12}" * 100, 1),
        ("\\boxed{" * 100 + "12", None),
        ("\\boxed{12}" + "{" * 50_000, 1),
        ("\\boxed{12}" + "}" * 50_000, 1),
        ("\\boxed{9^{9^9}}", 0),
        ("\\boxed{" + "9" * 100_000 + "}", 0),
        ("\\boxed{12" + " " * 100_000 + "}", 1),
        ("12," * 40_000, None),
        ("\\boxed" * 20_000, 0),
        ("<script>alert(12)</script>\\boxed{<b>12</b>}", None),
        ("\\boxed{\\input{/etc/passwd}}", 0),
        ("\\boxed{__import__('os')}", 0),
        ("1 " * 50_000 + "\\boxed{12}", 1),
        ("\\boxed{\\begin{matrix}" + "1&" * 60 + "\\end{matrix}}", 0),
        ("\\boxed{((((((((((((((((((((1))))))))))))))))))))}", 0),
        ("\\boxed{\\frac{1}{0}}", 0),
        ("\\boxed{((9^{99})^{99})^{99}}", 0),
        ("\\boxed{\u202e12}", None),
    ],
)
def test_a_hostile_answer_gets_its_verdict_within_seconds(text: str, score: int | None) -> None:
    started = time.perf_counter()
    (verdict,) = EXACT.judge(trace(text))
    assert time.perf_counter() - started < 10
    assert verdict.outcome == "scored"
    assert score is None or verdict.score == score


def solved(shared_data: Path, name: str) -> list[dict[str, str]]:
    lines = (shared_data / "reasoning" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def graded(pairs: list[tuple[str, str]]) -> list[bool]:
    """Whether each answer, as a model would write it, is graded correct."""
    traces = [trace(answer, expected) for answer, expected in pairs]
    return [verdict.score == 1 for verdict in EXACT.judge_all(traces)]


def test_every_solution_of_math500_is_correct(shared_data: Path) -> None:
    assert all(graded([(row["solution"], row["answer"]) for row in solved(shared_data, "math500")]))


def test_every_answer_of_aime_is_correct_boxed_with_zeros_or_said(shared_data: Path) -> None:
    answers = [str(row["answer"]) for row in solved(shared_data, "aime24")]
    for form in (
        "\\boxed{{{0:0>3}}}",
        "so \\(\\boxed{{{0}}}\\).",
        "$$\\boxed{{\\text{{{0}}}}}$$",
        "The answer is **{0}**.",
    ):
        assert all(graded([(form.format(answer), answer) for answer in answers])), form


REWRITES = (
    lambda text: text.replace("\\frac", "\\dfrac"),
    lambda text: text.replace("\\frac", "\\tfrac"),
    lambda text: re.sub(r"\\frac\{(\d)\}\{(\d)\}", r"\\frac\1\2", text),
    lambda text: re.sub(r"^(-?)\\frac\{(\d+)\}\{(\d+)\}$", r"\1\2/\3", text),
    lambda text: re.sub(r"^(-?)\\frac\{(\d+)\}\{([248]|10)\}$", lambda m: f"{m[1]}{int(m[2]) / int(m[3])}", text),
    lambda text: re.sub(r"^(\d+)$", r"\1.0", text),
    lambda text: re.sub(r"^(\d+)$", r"00\1", text),
    lambda text: re.sub(r"^\d+$", lambda m: f"{int(m[0]):,}", text),
    lambda text: re.sub(r"^\d+$", lambda m: f"{int(m[0]):,}".replace(",", "{,}"), text),
    lambda text: re.sub(r"^\d+$", lambda m: f"{int(m[0]):,}".replace(",", "\\,"), text),
    lambda text: re.sub(r"^(\d+)$", r"\1\\text{ units}", text),
    lambda text: re.sub(r"^(\d+)$", r"\\$\1", text),
    lambda text: re.sub(r"^(\d+)$", r"x = \1", text),
    lambda text: text.replace("\\left", "").replace("\\right", ""),
    lambda text: re.sub(r",\s*", " , ", text) if not re.search(r"\d,\d{3}", text) else text,
    lambda text: f"\\displaystyle {text}",
    lambda text: f"{text}.",
    lambda text: f" {text}\n",
    lambda text: re.sub(r"^(-?[\w\\{}]+),\s*(-?[\w\\{}]+)$", r"\2, \1", text),
    lambda text: text.replace("\\infty", "+\\infty") if "-\\infty" not in text else text,
    lambda text: f"x \\in {text}" if re.fullmatch(r"[\[(].*,.*[\])].*", text) and "infty" in text else text,
)
"""What writers of LaTeX do to an answer without changing it: each gives the text back where it does not apply."""


def test_equivalent_rewrites_of_math500s_answers_are_correct(shared_data: Path) -> None:
    answers = [row["answer"] for row in solved(shared_data, "math500")]
    written = [(rewrite(answer), answer) for rewrite in REWRITES for answer in answers]
    changed = [(f"\\boxed{{{text}}}", answer) for text, answer in dict.fromkeys(written) if text != answer]
    right = graded(changed)
    assert len(changed) > 1_500
    assert sum(right) >= 0.995 * len(right), [pair for pair, fine in zip(changed, right, strict=True) if not fine][:20]


def test_500_answers_of_other_problems_are_wrong(shared_data: Path) -> None:
    answers = [row["answer"] for row in solved(shared_data, "math500")]
    draw = random.Random(0)
    pairs: set[tuple[str, str]] = set()
    while len(pairs) < 500:
        one, other = draw.sample(answers, 2)
        if one != other:
            pairs.add((f"\\boxed{{{one}}}", other))
    wrong = [not right for right in graded(sorted(pairs))]
    assert sum(wrong) >= 0.995 * 500
