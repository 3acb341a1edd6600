"""Prompt sources: public sets come whole or not at all; a count is a choice that order cannot change."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pytest

from resolute.core.catalogue import entries
from resolute.core.errors import ResoluteError
from resolute.core.records import Prompt
from resolute.core.sources import PLACE, choose, load_prompts
from resolute.prompts import PROMPTS, maths, xstest

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
    "xstest": 250,
    "xstest-safe": 250,
    "xstest-train-types": 100,
    "xstest-eval-types": 150,
    "or-bench": 1319,
    "study": 1000,
    "xstest-unsafe": 200,
    "xstest-train": 100,
    "xstest-eval": 150,
    "or-bench-hard": 1319,
    "math500": 500,
    "aime24": 30,
    "unseen": 483,
    "math500-bare": 500,
    "aime24-bare": 30,
    "humaneval": 164,
}
WRITTEN = {"math", "gsm8k", "gsm8k-test", "aime25", "gpqa-diamond", "wildjailbreak", "wildjailbreak-benign"} | {
    f"livecodebench-v{number}" for number in range(1, 7)
}
"""Sets whose files no machine of the project has: read from rows of the same form, written here."""


@pytest.fixture
def public(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLACE, str(shared_data))


def prompts(n: int) -> list[Prompt]:
    return [Prompt(text=f"prompt {number}", goal=f"prompt {number}") for number in range(n)]


def test_every_set_is_tried_here() -> None:
    assert set(PROMPTS) == SIZES.keys() | WRITTEN


@pytest.mark.parametrize("name", sorted(SIZES))
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


def test_the_stricter_parts_of_xstest_share_no_type(public: None) -> None:
    train, evaluation = load_prompts("xstest-train-types"), load_prompts("xstest-eval-types")
    assert not {p.category for p in train} & {p.category for p in evaluation}
    assert {p.id for p in [*train, *evaluation]} == {p.id for p in load_prompts("xstest")}
    assert {p.split for p in train} == {"train-types"} and {p.split for p in evaluation} == {"eval-types"}


def test_a_count_of_xstest_takes_the_prompts_for_training_first(public: None) -> None:
    assert {p.id for p in load_prompts("xstest:100")} == {p.id for p in load_prompts("xstest-train")}
    assert sum(p.split == "eval" for p in load_prompts("xstest:130")) == 30


def test_the_studys_prompts_carry_the_goals_that_can_be_read_in_them(public: None) -> None:
    found = load_prompts("study")
    goals = {prompt.goal for prompt in load_prompts("harmbench-standard")}
    assert sum(prompt.goal in goals for prompt in found) == 956
    assert all(prompt.goal in goals or prompt.goal == prompt.text for prompt in found)


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


def table(folder: Path, name: str, *rows: dict[str, str]) -> Path:
    path = folder / "reasoning" / f"{name}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


SOLVED = {"question": "How many?", "answer": "There are 10 <<5*2=10>> boxes of 123.\n#### 1,230"}
PROVED = {"problem": "Find x.", "solution": "So $x=\\boxed{\\frac{1}{2}}$.", "level": "Level 3", "type": "Algebra"}


def test_the_reference_of_a_worked_solution_is_its_final_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PLACE, str(tmp_path))
    for split in ("train", "test"):
        path = table(tmp_path, f"gsm8k_{split}", SOLVED)
        monkeypatch.setitem(maths.SHA256, path.stem, hashlib.sha256(path.read_bytes()).hexdigest())
    table(tmp_path, "math_train", PROVED)
    for name, split in (("gsm8k", "train"), ("gsm8k-test", "test")):
        (one,) = load_prompts(name)
        assert (one.goal, one.expected, one.kind, one.split) == ("How many?", "1230", "maths", split)
        assert (one.text == one.goal) == (split == "train"), "only problems for evaluation ask for a box"
    (one,) = load_prompts("math")
    assert (one.expected, one.category, one.split) == ("\\frac{1}{2}", "Algebra", "3")


@pytest.mark.parametrize(("row", "expected"), [(SOLVED, "1230"), (PROVED, "\\frac{1}{2}")])
def test_a_users_file_of_worked_solutions_is_read_alike(tmp_path: Path, row: dict[str, str], expected: str) -> None:
    (one,) = load_prompts(str(table(tmp_path, "mine", row)))
    assert (one.expected, one.kind) == (expected, "maths")
    assert row.get("solution", row.get("answer")) not in one.model_dump().values(), "a solution is kept nowhere"


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


def test_prompts_are_taken_out_of_conversations_and_of_two_columns(tmp_path: Path) -> None:
    talk = [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]
    for row, text in (
        ({"messages": talk}, "u"),
        ({"instruction": "Add.", "input": "1 and 2", "output": "3"}, "Add.\n\n1 and 2"),
    ):
        path = tmp_path / "mine.jsonl"
        path.write_text(json.dumps({**row, "framing": "tale"}) + "\n")
        (one,) = load_prompts(str(path))
        assert (one.text, one.goal, one.framing) == (text, text, "tale")


TURNS = [{"role": role, "content": role[0]} for role in ("user", "assistant", "user")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"colour": "red"}\n', "no column of prompts"),
        ('{"prompt": "a"}\n{"prompt": " "}\n', "empty"),
        ('{"prompt": "a"}\n{"prompt": null}\n', "there is no prompt"),
        ("", "no rows"),
        (json.dumps({"messages": TURNS}) + "\n", "3 messages are sent, and a prompt is one"),
        ('{"prompt": "a", "system": "s"}\n', "2 messages are sent"),
    ],
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
