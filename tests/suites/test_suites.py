"""Suites: each has tasks, every task its prompts, instruments and length; what is measured twice is one measurement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resolute.core import catalogue
from resolute.core.catalogue import counted, entries, find
from resolute.core.errors import ResoluteError
from resolute.core.jobs import Job, prepare
from resolute.core.parts import Suite, Task
from resolute.core.settings import Evaluate
from resolute.core.sources import PLACE, load_prompts
from resolute.core.suites import task_of, tasks_of
from resolute.models.isolation import sandbox
from resolute.suites import SUITES

ABSENT = {"wildjailbreak", "wildjailbreak-benign", "aime25", "gsm8k-test", "gpqa-diamond"}
"""Prompts whose files no machine of the project has."""
NAMES = sorted(name for name in SUITES if name not in ("code", "humaneval") and "livecodebench" not in name)


@pytest.mark.parametrize("name", NAMES)
def test_every_task_of_a_suite_names_what_there_is_and_how_long_its_outputs_are(name: str) -> None:
    found = tasks_of(name)
    assert found
    for label, task in found.items():
        assert task_of(label) == task
        assert counted(task.prompts)[0] in entries("prompts")
        assert task.judges and set(task.judges) <= entries("judges").keys()
        assert set(task.guards) <= entries("asked").keys()
        assert all(find("judges", judge).event == task.event for judge in task.judges)
        assert task.needs is not None and task.needs.max_tokens >= 2_048


@pytest.mark.parametrize("name", NAMES)
def test_what_should_be_refused_is_better_refused_and_what_should_not_is_not(
    name: str, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PLACE, str(shared_data))
    for task in tasks_of(name).values():
        if counted(task.prompts)[0] in ABSENT:
            with pytest.raises(ResoluteError, match="missing"):
                load_prompts(task.prompts)
            continue
        kinds = {prompt.kind for prompt in load_prompts(task.prompts)}
        assert kinds == ({"maths"} if task.event == "correct" else {"harmful"} if task.better == "high" else {"benign"})


def test_a_suite_of_suites_has_their_tasks_by_their_own_names_once() -> None:
    assert set(tasks_of("full")) == set(tasks_of("safety")) | set(tasks_of("over-refusal")) | set(tasks_of("reasoning"))
    assert tasks_of("full")["math500/maths"] is tasks_of("math500")["math500/maths"]
    assert list(tasks_of("over-refusal"))[:2] == ["or-bench/over-refusal", "jailbreakbench/benign"]
    assert tasks_of("jailbreakbench/benign") == {"jailbreakbench/benign": task_of("jailbreakbench/benign")}


def test_over_refusal_stands_beside_what_should_be_refused() -> None:
    assert {task.better for task in tasks_of("over-refusal").values()} == {"low", "high"}


def test_safety_has_at_least_200_goals_that_the_study_does_not_train_on(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PLACE, str(shared_data))
    trained = {prompt.goal for prompt in load_prompts("harmbench-standard")}
    goals = {prompt.goal for task in tasks_of("safety").values() for prompt in load_prompts(task.prompts)}
    assert len(goals) >= 200 and not goals & trained


def test_the_papers_suite_has_the_papers_sets_lengths_and_sampling() -> None:
    found = {
        label: (task.prompts, task.needs.max_tokens, task.needs.temperature, task.needs.top_p, task.needs.samples)
        for label, task in tasks_of("paper").items()
        if task.needs
    }
    assert found == {
        "paper/none": ("advbench", 4096, 0.0, 1.0, 1),
        "paper/pap": ("pap-advbench", 4096, 0.0, 1.0, 1),
        "paper/over-refusal": ("xstest-eval", 2048, 0.0, 1.0, 1),
        "paper/math500": ("math500-bare", 32768, 0.6, 0.95, 1),
        "paper/aime24": ("aime24-bare", 32768, 0.6, 0.95, 4),
    }


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Suites of a plug-in, one of which is made of itself through another."""
    task = Task("only", "advbench", "refused", ("refusal",))
    suites = {
        "x/one": Suite("x/one", (task,), of=("x/two",)),
        "x/two": Suite("x/two", of=("x/three",)),
        "x/three": Suite("x/three", of=("x/one/only", "x/one")),
    }
    found = catalogue.find

    def known(kind: Any) -> dict[str, str]:
        return dict.fromkeys(suites, "") if kind == "suites" else entries(kind)

    monkeypatch.setattr("resolute.core.suites.entries", known)
    monkeypatch.setattr("resolute.core.suites.find", lambda kind, name: suites.get(name) or found(kind, name))


def test_a_suite_made_of_itself_is_an_error(others: None) -> None:
    with pytest.raises(ResoluteError, match="'x/one' is made of itself"):
        tasks_of("x/one")
    assert list(tasks_of("x/one/only")) == ["x/one/only"]


def test_an_unknown_suite_or_task_is_answered_with_what_there_is() -> None:
    assert task_of("nosuch/task") is None and task_of("math500/nosuch") is None and task_of("") is None
    for name in ("mathh500", "math500/nosuch"):
        with pytest.raises(ResoluteError, match="unknown name in suites"):
            tasks_of(name)


def test_the_papers_window_of_contest_problems_lies_within_the_suites_own() -> None:
    (ours,), (papers,) = tasks_of("livecodebench").values(), tasks_of("livecodebench-paper").values()
    assert (ours.event, ours.judges, ours.needs) == (papers.event, papers.judges, papers.needs)
    assert ours.prompts == "livecodebench-v6@2024-08..2025-05"
    assert papers.prompts == "livecodebench-v6@2024-10..2025-01"


def test_code_is_humaneval_and_livecodebench_and_says_that_it_needs_a_sandbox() -> None:
    found = tasks_of("code")
    assert list(found) == ["humaneval/code", "livecodebench/code"]
    assert all(task.needs is not None and task.needs.sandbox for task in found.values())


def test_where_there_is_no_sandbox_code_is_refused_before_anything_is_asked(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PLACE, str(shared_data))
    monkeypatch.setattr(sandbox, "_look", lambda forks: "bubblewrap is not installed")
    drawn = {"temperature": 1, "max_tokens": 9}
    values = {"model": "lab/turning", "suites": ["humaneval:2"], "sampling": drawn}
    with pytest.raises(ResoluteError, match="bubblewrap is not installed") as raised:
        prepare(Job("evaluate", Evaluate.model_validate(values)), tmp_path)
    assert "apt-get install bubblewrap" in raised.value.mend and not list(tmp_path.iterdir())
    prepare(Job("evaluate", Evaluate.model_validate({**values, "suites": ["math500:2"]})), tmp_path)
