"""Tasks of Inspect: ours under `inspect eval`, anybody's under `resolute evaluate --task`; both see no thought."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import eval
from inspect_ai.log import EvalLog, read_eval_log

from resolute.core.errors import ResoluteError
from resolute.core.files import read_records
from resolute.core.jobs import Job, perform, prepare
from resolute.core.keys import key
from resolute.core.records import Trace
from resolute.core.runs import Artifact
from resolute.core.settings import Evaluate
from resolute.models.tasks.borrowed import borrow
from resolute.models.tasks.names import names
from resolute.models.tasks.ours import task
from tests.server import refused, said, serving

FILE = """
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.scorer import Score, includes, mean, scorer
from inspect_ai.solver import generate

SAMPLES = [Sample(id=f"s{n}", input=f"open lid {n}", target=f"lid {n}") for n in range(5)]

@scorer(metrics={"letters": [mean()], "odd": [mean()]})
def both():
    async def score(state, target):
        text = state.output.completion
        return Score(value={"letters": float(len(text)), "odd": "C" if "odd" in text else "I"})
    return score

@task
def lids():
    return Task(SAMPLES, solver=generate(), scorer=[includes(), both()])

@task
def other():
    return Task(SAMPLES[:1], solver=generate(), scorer=includes())
"""
MODEL = "openai-api/borrower/one"


def quiet(what: str, done: int, total: int, /, note: str = "") -> None:
    """Nobody watches."""


def answers(text: str, _: Any) -> tuple[Any, dict[str, Any]]:
    """The target in the thought alone, in no thought that ends, in the answer; one request is refused for good."""
    number = int(text.split()[-1])
    words = [
        "<think>lid 0</think>I do not know.",
        "<think>lid 1 lid 1 lid 1",
        "<think>hm</think>It is lid 2.",
        "It is lid 3, odd.",
    ]
    return said(words[number], finish="length" if number == 1 else "stop") if number < 4 else refused(400)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.py"
    path.write_text(FILE, encoding="utf-8")
    return path


def settings(spec: str, **more: Any) -> Evaluate:
    drawn = {"temperature": 0.6, "max_tokens": 50}
    return Evaluate.model_validate({"model": MODEL, "tasks": [spec], "sampling": drawn} | more)


def served(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("BORROWER_BASE_URL", url)
    monkeypatch.setenv("BORROWER_API_KEY", "none")


def made(artifact: Artifact) -> dict[str, dict[str, Any]]:
    rows = json.loads(artifact.output("inspect.json").read_text(encoding="utf-8"))["tasks"]
    return {row["scorer"]: row for row in rows}


def test_a_borrowed_scorer_sees_the_answer_alone_and_repeats_are_clustered_by_sample(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(answers) as server:
        served(monkeypatch, server.url)
        found = perform(Job("evaluate", settings(f"{own}@lids", samples=2)), tmp_path / "store", quiet)
        asked = list(server.asked)
        again = perform(Job("evaluate", settings(f"{own}@lids:4", samples=2)), tmp_path / "store", quiet)
    rows = made(found)
    assert (rows["includes"]["events"], rows["includes"]["n"], rows["includes"]["samples"]) == (4, 8, 4)
    assert rows["includes"]["unclosed"] == 2, "the thought that never ended holds the target, and does not count"
    assert rows["both/odd"]["events"] == 2
    assert "low" not in rows["both/letters"] and rows["both/letters"]["mean"] > 1, "no share: no interval"
    assert found.manifest.failed_rows == 2 and again.manifest.failed_rows == 0
    seeds = [one["seed"] for one in asked if one["messages"][-1]["content"] == "open lid 2"]
    assert {(one["temperature"], one["max_tokens"]) for one in asked} == {(0.6, 50)}
    assert len(set(seeds)) == len(seeds) == 2, "two repeats are two draws"
    assert len(asked) > 8 + 2, "what failed is asked once more"
    traces = read_records(found.output("traces.parquet"), Trace)
    assert {one.task for one in traces} == {"own.py@lids"}
    unfinished = [one for one in traces if one.ending.where == "thought"]
    assert [one.answer for one in unfinished] == ["", ""] and "lid 1" in unfinished[0].reasoning
    assert str(tmp_path) not in found.output("traces.parquet").read_bytes().decode("latin-1")


def test_outputs_of_a_template_that_opens_the_thought_are_never_taken_for_answers(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(text: str, _: Any) -> tuple[Any, dict[str, Any]]:
        number = int(text.split()[-1])
        return said(
            f"so it is lid {number}" if number else "hm</think>It is lid 0.", finish="length" if number else "stop"
        )

    with serving(opened) as server:
        served(monkeypatch, server.url)
        found = perform(Job("evaluate", settings(f"{own}@lids", concurrency=1)), tmp_path / "store", quiet)
    row = made(found)["includes"]
    assert row["events"] == 1 and row["n"] + row["unscored"] == 5
    assert row["unclosed"] + row["unscored"] == 4
    early = [note for note in found.manifest.notes if "template opens thoughts" in note]
    assert bool(early) == bool(row["unscored"])


def test_the_key_holds_the_tasks_code_and_samples_and_nothing_of_where_it_lies(own: Path, tmp_path: Path) -> None:
    there = tmp_path / "elsewhere" / "own.py"
    there.parent.mkdir()
    there.write_text(FILE, encoding="utf-8")
    same = [prepare(Job("evaluate", settings(f"{path}@lids")), tmp_path)[0].key for path in (own, there)]
    there.write_text(FILE.replace("range(5)", "range(6)"), encoding="utf-8")
    changed = prepare(Job("evaluate", settings(f"{there}@lids")), tmp_path)[0].key
    assert same[0] == same[1] != changed


def test_suites_keep_their_keys_whatever_tasks_could_be_asked() -> None:
    plain = Evaluate.model_validate({"model": "m", "suites": ["advbench"]})
    left_out = plain.named | plain.aside
    assert "tasks" in left_out and key({"tasks": ()}) != key({})


@pytest.mark.parametrize(
    ("spec", "said_so"),
    [
        pytest.param("inspect_evals/ifeval", "pip install inspect-evals", id="a package that is not here"),
        pytest.param("ifeval", "pip install inspect-evals", id="a name without its package"),
        pytest.param("nothere.py@lids", "no such file", id="a file that is not here"),
        pytest.param("{own}@nobody", "nobody", id="a task that is not in the file"),
        pytest.param("{own}", "name one: ", id="a file without its task"),
    ],
)
def test_a_task_that_is_not_here_says_what_to_install_or_write(own: Path, spec: str, said_so: str) -> None:
    with pytest.raises(ResoluteError) as caught:
        borrow(spec.format(own=own))
    assert said_so in str(caught.value)


@pytest.mark.parametrize(
    ("more", "said_so"),
    [
        pytest.param({"suites": ["advbench"]}, "suites", id="suites beside tasks"),
        pytest.param({"system": "safety-instruction"}, "system prompt", id="a system prompt"),
        pytest.param({"sampling": {}}, "max_tokens", id="no length"),
    ],
)
def test_what_a_borrowed_task_cannot_have_is_refused_before_anything_is_asked(
    own: Path, tmp_path: Path, more: dict[str, Any], said_so: str
) -> None:
    with pytest.raises(ResoluteError, match=said_so):
        prepare(Job("evaluate", settings(f"{own}@lids", **more)), tmp_path)


def test_every_task_of_a_suite_has_one_name_in_inspect() -> None:
    known = names()
    assert known["paper_none"] == "paper/none" and known["or_bench_over_refusal"] == "or-bench/over-refusal"
    assert len(set(known.values())) == len(known) and known["lab_safety"] == "lab/safety"


def rates(log: EvalLog) -> dict[str, tuple[float, int, int]]:
    assert log.status == "success" and log.results is not None, log.error
    return {
        f"{one.scorer} {one.name}": (one.metrics["mean"].value, one.scored_samples or 0, one.unscored_samples or 0)
        for one in log.results.scores
    }


def test_our_own_task_judges_thought_and_answer_apart_with_the_suites_lengths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def both(text: str, payload: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        if payload["model"] == "guard":
            shown = payload["messages"][-1]["content"]
            return said("it depends" if "muddle" in shown else "unsafe\nS1" if "TIN" in shown else "safe")
        number = [one["messages"][-1]["content"] for one in server.asked if one["model"] == "one"].index(text)
        words = ["<think>TIN</think>Sorry, I can't.", "<think>TIN", "<think>plain</think>muddle", "<think>a</think>TIN"]
        return said(words[number % 4], finish="length" if number % 4 == 1 else "stop")

    with serving(both) as server:
        served(monkeypatch, server.url)
        asked = task("jailbreakbench/harmful", judges="llama-guard-3@openai-api/borrower/guard, refusal")
        (log,) = eval(asked, MODEL, log_dir=str(tmp_path), display="none", limit=8)
    found = rates(log)
    assert found["llama-guard-3 thought"] == (0.5, 8, 0)
    assert found["llama-guard-3 answer"] == (pytest.approx(2 / 6), 6, 2), "no answer: no event; no verdict: unscored"
    assert found["refusal answer"][0] == pytest.approx(2 / 8)
    targets = [one for one in server.asked if one["model"] == "one"]
    assert {(one["max_tokens"], one["temperature"], one["top_p"]) for one in targets} == {(8192, 0.6, 0.95)}
    assert len({one["seed"] for one in targets}) == 8
    assert {one["temperature"] for one in server.asked if one["model"] == "guard"} == {0}
    assert log.samples and all(not math.isnan(one.scores["llama-guard-3"].value["thought"]) for one in log.samples)  # type: ignore


def test_the_command_line_of_inspect_finds_our_task_and_a_scripted_target_can_be_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda text, _: said("<think>hm</think>I'm sorry, but I can't help with that.")) as server:
        env = os.environ | {"BORROWER_BASE_URL": server.url, "BORROWER_API_KEY": "none", "HOME": str(tmp_path)}
        told = subprocess.run(
            [Path(sys.executable).parent / "inspect", "eval", "resolute/lab_over_refusal", "--model", MODEL,
             "-T", "judges=refusal", "--temperature", "0.5", "--max-tokens", "64", "--limit", "3",
             "--log-dir", tmp_path / "logs", "--display", "plain"],
            capture_output=True, text=True, env=env, timeout=120, check=False,
        )  # fmt: skip
    assert told.returncode == 0, told.stdout[-1500:] + told.stderr[-1500:]
    (path,) = (tmp_path / "logs").glob("*.eval")
    log = read_eval_log(str(path))
    assert rates(log)["refusal answer"] == (1.0, 3, 0)
    assert {(one["max_tokens"], one["temperature"]) for one in server.asked} == {(64, 0.5)}


def test_an_attack_that_others_play_in_is_sent_to_resolute_evaluate() -> None:
    with pytest.raises(ResoluteError, match="needs more than the target") as caught:
        task("lab/safety", attack="pair")
    assert "resolute evaluate" in str(caught.value)
