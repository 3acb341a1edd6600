"""Prompt sources: public sets come whole or not at all; a count is a choice that order cannot change."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from resolute.core.catalogue import entries
from resolute.core.errors import ResoluteError
from resolute.core.records import Prompt
from resolute.core.sources import PLACE, choose, load_prompts
from resolute.prompts import PROMPTS, xstest

SIZES = {
    "advbench": 50,
    "pap-advbench": 50,
    "harmbench": 400,
    "harmbench-standard": 200,
    "harmbench-contextual": 100,
    "harmbench-copyright": 100,
    "strongreject": 313,
    "jailbreakbench": 200,
    "jailbreakbench-harmful": 100,
    "jailbreakbench-benign": 100,
    "xstest-safe": 250,
    "xstest-unsafe": 200,
    "xstest-train": 100,
    "xstest-eval": 150,
    "or-bench-hard": 1319,
    "math500": 500,
    "aime24": 30,
}


@pytest.fixture
def public(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLACE, str(shared_data))


def prompts(n: int) -> list[Prompt]:
    return [Prompt(text=f"prompt {number}", goal=f"prompt {number}") for number in range(n)]


@pytest.mark.parametrize("name", sorted(PROMPTS))
def test_every_public_set_comes_whole_and_each_prompt_says_its_kind(public: None, name: str) -> None:
    found = load_prompts(name)
    assert len(found) == SIZES[name] == len({prompt.id for prompt in found})
    assert all(prompt.text.strip() and prompt.goal.strip() and prompt.kind != "unknown" for prompt in found)
    assert all(prompt.source for prompt in found)


def test_a_framed_prompt_carries_its_goal_apart(public: None) -> None:
    goals = {prompt.goal for prompt in load_prompts("advbench")}
    framed = load_prompts("pap-advbench")
    assert {prompt.goal for prompt in framed} == goals
    assert all(prompt.text != prompt.goal and prompt.framing == "pap" for prompt in framed)


def test_a_contextual_goal_is_sent_with_its_context(public: None) -> None:
    assert all(prompt.text.endswith(prompt.goal) for prompt in load_prompts("harmbench"))
    assert all(len(prompt.text) > len(prompt.goal) for prompt in load_prompts("harmbench-contextual"))


def test_problems_carry_their_reference_answer(public: None) -> None:
    assert all(prompt.expected for prompt in load_prompts("math500"))
    assert all(0 <= int(prompt.expected) <= 999 for prompt in load_prompts("aime24"))


def test_xstest_is_parted_into_train_and_evaluation_without_overlap(public: None) -> None:
    train, evaluation, safe = (load_prompts(f"xstest-{name}") for name in ("train", "eval", "safe"))
    assert {p.id for p in train} | {p.id for p in evaluation} == {p.id for p in safe}
    assert not {p.id for p in train} & {p.id for p in evaluation}
    assert {p.category: sum(q.category == p.category for q in train) for p in train} == {p.category: 10 for p in safe}
    assert {p.split for p in train} == {"train"} and {p.split for p in evaluation} == {"eval"}


def test_the_parts_of_xstest_do_not_depend_on_the_order_of_the_file() -> None:
    some = [Prompt(text=f"{n}", goal=f"{n}", category="abc"[n % 3]) for n in range(75)]
    shuffled = random.Random(1).sample(some, 75)
    parted = {p.id: p.split for p in xstest._parted(some)}  # pyright: ignore[reportPrivateUsage]
    assert {p.id: p.split for p in xstest._parted(shuffled)} == parted  # pyright: ignore[reportPrivateUsage]


def test_a_count_is_a_choice_that_does_not_depend_on_order_and_contains_the_smaller_ones() -> None:
    some = prompts(40)
    shuffled = random.Random(1).sample(some, 40)
    assert choose(some, 10, spec="x") == choose(shuffled, 10, spec="x")
    assert choose(some, 10, spec="x") == choose(some, 20, spec="x")[:10]
    assert choose(some, 10, spec="x") != choose(some, 10, spec="x", seed=1)
    assert choose(some, 10, spec="x") != some[:10], "not simply the first ones"


def test_more_prompts_than_there_are_is_an_error() -> None:
    with pytest.raises(ResoluteError, match="there are 3 prompts, not 4"):
        choose(prompts(3), 4, spec="x:4")


def test_a_missing_set_is_an_error_that_says_where_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLACE, str(tmp_path))
    for name in PROMPTS:
        with pytest.raises(ResoluteError) as caught:
            load_prompts(name)
        assert "missing" in caught.value.what and str(tmp_path) in caught.value.where
        assert "get it from" in caught.value.mend and PLACE in caught.value.mend


def test_a_set_that_lacks_a_column_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLACE, str(tmp_path))
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "advbench50.jsonl").write_text('{"goal": "a"}\n')
    with pytest.raises(ResoluteError, match="no column query; the file has 'goal'"):
        load_prompts("advbench")


def test_a_file_is_a_source_with_or_without_a_count(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    rows = [{"prompt": f"p{n}", "label": "unsafe" if n % 2 else "safe", "answer": n} for n in range(6)]
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[0]]))
    found = load_prompts(str(path))
    assert len(found) == 6, "each different prompt once"
    assert {(p.text, p.kind, p.expected, p.source) for p in found} >= {("p1", "harmful", "1", "mine")}
    assert len(load_prompts(f"{path}:4")) == 4
    with pytest.raises(ResoluteError, match="there are 6"):
        load_prompts(f"{path}:7")


@pytest.mark.parametrize(
    ("content", "message"),
    [('{"colour": "red"}\n', "no column of prompts"), ('{"prompt": "a"}\n{"prompt": " "}\n', "empty"), ("", "no rows")],
)
def test_a_file_without_prompts_is_an_error(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(content)
    with pytest.raises(ResoluteError, match=message):
        load_prompts(str(path))


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ResoluteError, match="did you mean 'xstest-safe'"):
        load_prompts("xstest-save:3")
    assert set(PROMPTS) <= set(entries("prompts"))
