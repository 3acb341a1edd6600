"""Honest budgets: the user's word goes first, the suite's where they say nothing; what falls short is said."""

from __future__ import annotations

import pytest

from resolute.core.ask import Sampling
from resolute.core.budgets import Budget, greedy, settled, shortfalls, unclosed
from resolute.core.errors import ResoluteError
from resolute.core.parts import Needs
from resolute.core.records import Ending, Message, Prompt, Trace

NEEDS = Needs(4_096, temperature=0.6, top_p=0.95, samples=4)


def traces(count: int, where: str = "answer", why: str = "end of turn", task: str = "s/t") -> list[Trace]:
    ending = Ending.model_validate({"where": where, "why": why})
    prompt, sent = Prompt(text="q", goal="q"), [Message(role="user", content="q")]
    said = {"reasoning": "r", "answer": "a" if where == "answer" else "", "ending": ending, "task": task}
    about = {"prompt": prompt, "sent": sent, "model": "m", "identity": "i"}
    return [Trace(id=f"{task}{where}{why}{n}", **about, **said) for n in range(count)]


def test_a_suites_values_hold_where_the_user_says_nothing() -> None:
    budget = settled("s/t", NEEDS, {"max_tokens": None, "top_k": 20})
    assert budget == Budget(Sampling(max_tokens=4_096, temperature=0.6, top_p=0.95, top_k=20), 4)
    assert shortfalls("s/t", NEEDS, budget) == []


def test_the_users_word_goes_first_and_what_falls_short_is_said() -> None:
    budget = settled("s/t", NEEDS, {"max_tokens": 512, "temperature": 0.0}, samples=1)
    assert budget == Budget(Sampling(max_tokens=512, temperature=0.0), 1)
    said = shortfalls("s/t", NEEDS, budget)
    assert len(said) == 3 and "4096 tokens and got 512" in said[0] and "mean of 4 samples and got 1" in said[1]
    assert all("s/t" in sentence for sentence in said)


def test_more_than_is_needed_falls_short_in_nothing() -> None:
    asked = {"max_tokens": 9_000, "temperature": 0.6, "top_p": 0.95}
    assert shortfalls("s/t", NEEDS, settled("s/t", NEEDS, asked, samples=8)) == []


def test_where_neither_says_a_length_nothing_is_asked() -> None:
    with pytest.raises(ResoluteError) as caught:
        settled("s/t", None, {"temperature": 0.6})
    assert "states no max_tokens" in caught.value.what and "--max-tokens" in caught.value.mend
    assert shortfalls("s/t", None, settled("s/t", None, {"max_tokens": 9, "temperature": 0.0})) == []


def test_greedy_decoding_of_a_model_that_thinks_is_said_with_what_it_did() -> None:
    some = traces(3) + traces(2, "thought", "loop") + traces(1, "thought", "length") + traces(1, "nothing", "error")
    said = greedy(Sampling(max_tokens=9, temperature=0.0), some)
    assert said is not None and "of 6 outputs 2 ended in a loop and 3 never left the thought" in said
    assert greedy(Sampling(max_tokens=9, temperature=0.6), some) is None
    plain = [trace.model_copy(update={"had_thought": False}) for trace in some]
    assert greedy(Sampling(max_tokens=9, temperature=0.0), plain) is None


def test_unfinished_thoughts_are_said_of_the_task_that_has_them() -> None:
    some = traces(300, task="s/easy") + traces(9, "thought", "length", "s/hard") + traces(91, task="s/hard")
    said = unclosed(some)
    assert said is not None and said.startswith("9 of 400 (2.2%) outputs never left the thought")
    assert "s/hard 9 of 100 (9.0%)" in said and "s/easy" not in said
    assert unclosed(traces(100) + traces(2, "thought")) is None, "up to 2%"
    assert unclosed([]) is None
