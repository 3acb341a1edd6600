"""Equal budgets of thought: one's own words, closed at the same number of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.attacks.think_at import THINK_AT, ThinkAt
from resolute.cli.app import run
from resolute.core.ask import Reply, failed
from resolute.core.errors import ResoluteError
from resolute.core.files import read_records
from resolute.core.judging.rewrites import first_words
from resolute.core.records import Ending, Trace
from resolute.core.settings import Evaluate
from resolute.core.trace import THINK, split
from tests.attacks.scripted import GOAL, Party, reply

SETTINGS = Evaluate.model_validate({"model": "m", "suites": ["s"], "sampling": {"temperature": 1.0, "max_tokens": 8}})
LONG = "one two\nthree four five"


def thinker(thought: str, why: str = "end of turn") -> Party:
    """Thinks so when it is free to, and answers what it was begun with otherwise."""
    where = "answer" if why == "end of turn" else "thought"
    free = replace(reply("free"), reasoning=thought, ending=Ending.model_validate({"where": where, "why": why}))
    return Party(lambda messages, number: free if messages[-1].role == "user" else reply("cut"))


def test_a_longer_thought_is_cut_between_words_closed_and_answered_from_there() -> None:
    target = thinker(LONG)
    attempt = asyncio.run(ThinkAt(3).run(GOAL, target, 7))
    begun = split(attempt.sent[-1].content, THINK)
    assert (begun.thought, begun.closed, begun.answer) == ("one two\nthree", True, "")
    assert (attempt.reply.answer, attempt.queries) == ("cut", 2)
    assert target.seeds[0] == 7 and target.seeds[1] != 7


@pytest.mark.parametrize("thought", [LONG, "", "  one two "])
def test_a_thought_within_the_budget_is_left_alone(thought: str) -> None:
    attempt = asyncio.run(ThinkAt(5).run(GOAL, thinker(thought), 7))
    assert (attempt.reply.answer, attempt.queries) == ("free", 1)


def test_a_thought_that_never_ended_gets_its_answer() -> None:
    attempt = asyncio.run(ThinkAt(3).run(GOAL, thinker(LONG, "length"), 7))
    assert attempt.reply.answer == "cut"


def test_a_request_that_failed_stays_one() -> None:
    lost: Reply = failed("gone")
    attempt = asyncio.run(ThinkAt(3).run(GOAL, Party(lambda messages, number: lost), 7))
    assert attempt.reply.ending.why == "error" and attempt.queries == 1


@pytest.mark.parametrize("rest", ["", "0", "-3", "many", "1.5"])
def test_a_budget_is_a_number_of_words(rest: str) -> None:
    with pytest.raises(ResoluteError, match="number of words"):
        THINK_AT.variants(rest, SETTINGS)


@given(st.text(), st.integers(1, 9))
def test_what_is_kept_is_how_the_thought_begins(text: str, count: int) -> None:
    kept = first_words(text, count)
    assert text.strip().startswith(kept)
    assert len(kept.split()) == min(count, len(text.split()))


def test_the_lab_answers_from_where_its_thought_was_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    line = ["evaluate", "--model", "lab/base", "--suite", "lab:2", "--max-tokens", "96", "--temperature", "1"]
    assert run([*line, "--attack", "think-at:4", "--out", "runs/x"]) == 0
    (path,) = tmp_path.glob("runs/.store/evaluate/*/traces.parquet")
    traces = [trace for trace in read_records(path, Trace) if trace.attack == "think-at:4"]
    assert traces
    assert all(len(trace.reasoning.split()) <= 4 for trace in traces)
    assert any(trace.sent[-1].role == "assistant" and trace.answer for trace in traces)
