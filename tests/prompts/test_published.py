"""Public sets are the published files or an error: another content, a missing row or a missing file is never a test."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from resolute.core.curation.overlap import Reserve, Reserved
from resolute.core.errors import ResoluteError
from resolute.core.sources import PLACE, load_prompts
from resolute.prompts import gpqa, unseen

KNOWN = {
    "advbench": "prompts/advbench50.jsonl",
    "pap-advbench": "prompts/pap_advbench50.jsonl",
    "harmbench": "prompts/harmbench_behaviors_text_all.csv",
    "jailbreakbench": "prompts/jailbreakbench.json",
    "or-bench": "prompts/or_bench-hard-1k.csv",
    "strongreject": "prompts/strongreject_dataset.csv",
    "xstest": "prompts/xstest_prompts.csv",
    "math500": "reasoning/math500.jsonl",
    "aime24": "reasoning/aime24.jsonl",
}
BOXED = "put your final answer within \\boxed{}."


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(PLACE, str(tmp_path))
    for name in ("prompts", "reasoning"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def public(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLACE, str(shared_data))


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_a_file_that_differs_by_one_byte_is_another_set(name: str, shared_data: Path, place: Path) -> None:
    path = place / KNOWN[name]
    shutil.copyfile(shared_data / KNOWN[name], path)
    whole = load_prompts(name)
    path.chmod(0o600)
    with path.open("ab") as stream:
        stream.write(b"\n")
    with pytest.raises(ResoluteError) as caught:
        load_prompts(name)
    assert "not the file that is known" in caught.value.what and "SHA-256" in caught.value.mend
    assert whole and "name your own file" in caught.value.mend


@pytest.mark.parametrize(
    ("name", "path", "columns", "size"),
    [
        ("aime25", "reasoning/aime25.jsonl", {"problem": "p", "answer": 7}, 30),
        ("wildjailbreak", "prompts/wildjailbreak_eval.tsv", dict.fromkeys(["adversarial", "data_type"], "x"), 2210),
        ("gpqa-diamond", "reasoning/gpqa_diamond.csv", dict.fromkeys(["Question", *gpqa._CHOICES], "x"), 198),
    ],
)  # fmt: skip
def test_a_set_whose_bytes_are_not_known_has_all_its_rows(
    name: str, path: str, columns: dict[str, object], size: int, place: Path
) -> None:
    write(place / path, [columns] * (size - 1))
    with pytest.raises(ResoluteError, match=f"has {size} rows, this file {size - 1}"):
        load_prompts(name)


def test_the_users_own_file_is_taken_as_it_is(place: Path) -> None:
    path = place / "reasoning" / "math500.jsonl"
    write(path, [{"problem": "1+1?", "answer": "2", "subject": "s", "level": 1}])
    with pytest.raises(ResoluteError, match="not the file"):
        load_prompts("math500")
    (one,) = load_prompts(str(path))
    assert (one.text, one.expected) == ("1+1?", "2")


def test_problems_for_evaluation_ask_for_a_box_and_their_goal_does_not(public: None) -> None:
    for prompt in (*load_prompts("math500"), *load_prompts("aime24")):
        assert prompt.text.endswith(BOXED) and BOXED not in prompt.goal
        assert prompt.text.removesuffix(BOXED).startswith(prompt.goal)
    for name in ("math500", "aime24"):
        asked, bare = load_prompts(name), load_prompts(f"{name}-bare")
        assert [(p.goal, p.expected) for p in bare] == [(p.goal, p.expected) for p in asked]
        assert all(p.text == p.goal for p in bare) and not {p.id for p in bare} & {p.id for p in asked}


def question(number: int) -> dict[str, str]:
    wrong = {f"Incorrect Answer {n}": f"wrong {n}" for n in (1, 2, 3)}
    return {"Question": f"Question {number}?", "Correct Answer": "right", **wrong, "High-level domain": "Physics"}


def test_choices_stand_in_an_order_that_the_question_alone_decides_and_that_is_recorded(place: Path) -> None:
    path = place / "reasoning" / "gpqa_diamond.csv"
    rows = [question(number) for number in range(gpqa.QUESTIONS)]
    write(path, rows)
    found = load_prompts("gpqa-diamond")
    write(path, rows[::-1])
    assert {p.id: p.text for p in found} == {p.id: p.text for p in load_prompts("gpqa-diamond")}
    for prompt in found:
        assert f"\n{prompt.expected}) right\n" in f"{prompt.text}\n"
        assert prompt.split == "order " + "".join(map(str, gpqa.order(prompt.goal)))
        assert (prompt.category, prompt.goal.startswith("Question")) == ("Physics", True)
    counts = Counter(prompt.expected for prompt in found)
    assert all(25 <= counts[letter] <= 75 for letter in "ABCD"), "no letter is right much more often than by chance"


def test_jailbreaks_and_their_benign_look_alikes_are_told_apart(place: Path) -> None:
    kinds = ["adversarial_harmful"] * 2000 + ["adversarial_benign"] * 210
    rows: list[dict[str, object]] = [{"adversarial": f"text {n}", "data_type": kind} for n, kind in enumerate(kinds)]
    path = place / "prompts" / "wildjailbreak_eval.tsv"
    write(path, rows)
    assert {p.kind for p in load_prompts("wildjailbreak")} == {"harmful"}
    assert len(load_prompts("wildjailbreak-benign")) == 210
    write(path, [*rows[1:], {"adversarial": "text", "data_type": "other"}])
    with pytest.raises(ResoluteError, match="unknown data_type 'other'"):
        load_prompts("wildjailbreak")


def test_unseen_goals_are_many_and_none_is_near_one_the_study_trained_on(public: None) -> None:
    found = load_prompts("unseen")
    trained = Reserve([Reserved(p.goal) for p in load_prompts("harmbench-standard")], near=unseen.NEAR)
    assert len(found) >= 200
    assert {p.source for p in found} == {"strongreject", "jailbreakbench", "harmbench"}
    assert not [p.id for p in found if trained.overlap(p.goal)]
    assert len({p.goal.casefold() for p in found}) == len(found)
    assert all(p.category for p in found)


def write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        if path.suffix == ".jsonl":
            stream.writelines(json.dumps(row) + "\n" for row in rows)
        else:
            table = csv.DictWriter(stream, list(rows[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
            table.writeheader()
            table.writerows(rows)
