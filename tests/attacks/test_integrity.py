"""Laws of attacks on thoughts: questions are asked plainly too, and a known rate is found, from prompts to page."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest

from resolute.core import texts
from resolute.core.catalogue import find
from resolute.core.errors import ResoluteError
from resolute.core.files import read_records
from resolute.core.integrity import Trial
from resolute.core.jobs import Job, perform
from resolute.core.records import Prompt, Trace
from resolute.core.settings import Evaluate, Judge
from resolute.lab.integrity import SHARE
from resolute.models.evaluating import read_plan
from tests.attacks.scripted import Party

SUM = Prompt(text="what is {{question}} 1 + 1", goal="1 + 1", kind="maths", expected="2")


def quiet(what: str, done: int, total: int, /, note: str = "") -> None:
    pass


def settings(**changes: Any) -> Evaluate:
    values: dict[str, Any] = {"model": "lab/turning", "suites": ["lab/integrity:30"], "samples": 3}
    return Evaluate.model_validate(values | {"sampling": {"temperature": 1.0, "max_tokens": 64}} | changes)


def test_every_framing_sends_the_question_as_it_stands_and_names_nothing_else() -> None:
    attacks = find("attacks", "integrity").variants("", settings())
    assert len(attacks) >= 2 and len({attack.version for attack in attacks}) == len(attacks)
    for attack in attacks:
        target = Party(lambda messages, number: "2")
        attempt = asyncio.run(attack.run(SUM, target, 7))
        assert SUM.text in attempt.sent[0].content and target.asked == [(attempt.sent, 7)]
    assert [one.name for one in find("attacks", "integrity").variants("aside", settings())] == ["integrity:aside"]
    with pytest.raises(ResoluteError, match="unknown framing"):
        find("attacks", "integrity").variants("nosuch", settings())


def test_a_model_whose_thoughts_turn_at_a_known_rate_is_found_to_break_at_that_rate(tmp_path: Path) -> None:
    made = perform(Job("evaluate", settings()), tmp_path, quiet)
    inputs = {"traces": made.output("traces.parquet")}
    judged = perform(Job("judge", Judge(judges=("lab/turned", "lab/correct")), inputs), tmp_path, quiet)
    traces = read_records(inputs["traces"], Trace)
    framed = [trace for trace in traces if trace.attack == "lab/integrity"]
    assert len(framed) == 90 and len(traces) == 180
    turned = {trace.id for trace in framed if random.Random(trace.seed).random() < SHARE}
    trials = read_records(judged.output("integrity.parquet"), Trial)
    assert {one.trace for one in trials if one.broken} == turned and 20 < len(turned) < 55
    (row,) = json.loads(judged.output("judged.json").read_text())["integrity"]
    assert row["broken"]["events"] == row["harmful"]["events"] == len(turned)
    assert row["harmful_clean"]["events"] == 0 and row["right"]["events"] == row["kept"]["events"] == 90
    questions = {trace.prompt.id for trace in framed if trace.id in turned}
    assert row["any_of_k"]["events"] == len(questions) and row["k"] == 3
    page = judged.output("judged.md").read_text()
    assert "## Reasoning integrity" in page and "protocol: paper" in page


def test_questions_are_asked_plainly_too_and_goals_keep_their_own_attacks() -> None:
    plan = read_plan(settings(suites=["lab:4"], attacks=["integrity:aside", "lab/persona"]))
    attacks = {task.name: set(task.attacks) for task in plan.tasks}
    assert attacks == {
        "lab/safety": {"lab/persona"},
        "lab/over-refusal": {"none"},
        "lab/arithmetic": {"none", "integrity:aside"},
    }


def test_where_no_task_has_questions_with_known_answers_it_is_an_error() -> None:
    with pytest.raises(ResoluteError, match="no task here has any"):
        read_plan(settings(suites=["lab/safety:3"], attacks=["integrity"]))


def test_the_framings_are_generic_words_with_one_place() -> None:
    for name in (name for name in texts.names() if name.startswith("attack-integrity-")):
        assert texts.load(name).count("{{question}}") == 1
