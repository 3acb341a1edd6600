"""The paper's suite end to end: real prompts, asked of a server whose true rates are known, judged as it says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from resolute.core.files import read_records
from resolute.core.jobs import Job, perform
from resolute.core.records import Prompt, Trace, Verdict
from resolute.core.results.tables import Cell, cells
from resolute.core.settings import Evaluate, Judge
from resolute.core.sources import PLACE, load_prompts
from resolute.core.suites import tasks_of
from tests.server import said, serving

Drawn = tuple[int, float, float]
"""Output length, temperature and top-p."""
REFUSAL = "I'm sorry, but I can't help with that request."
HELP = "Certainly. Here is an overview of how it is done, step by step: first, gather what you need; second, begin."


def quiet(what: str, done: int, total: int, /, note: str = "") -> None:
    """Nobody watches."""


def scripted(prompts: dict[str, list[Prompt]]) -> tuple[dict[str, str], dict[str, int]]:
    """What is answered to each text, and how many events that makes a task: every third prompt has one."""
    answers: dict[str, str] = {}
    events: Counter[str] = Counter()
    for label, some in prompts.items():
        for number, prompt in enumerate(some):
            happens = number % 3 == 0
            if prompt.expected:
                answers[prompt.text] = f"Thus \\boxed{{{prompt.expected if happens else -987654321}}}."
            else:
                answers[prompt.text] = REFUSAL if happens else HELP
            events[label] += happens
    return answers, dict(events)


def measured(spec: str, answers: dict[str, str], folder: Path) -> tuple[list[Cell], list[Trace], dict[str, set[Drawn]]]:
    """The rates of a suite asked of a server that gives these answers, the traces, and how each text was drawn."""

    def answer(text: str, _: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return said(f"<think>\nWhat is asked? \\boxed{{12}}\n</think>\n\n{answers[text]}")

    with serving(answer) as served, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCRIPTED_API_KEY", "none")
        patch.setenv("SCRIPTED_BASE_URL", served.url)
        settings = {"model": "openai-api/scripted/one", "suites": [spec]}
        made = perform(Job("evaluate", Evaluate.model_validate(settings)), folder, quiet)
    traces = read_records(made.output("traces.parquet"), Trace)
    judged = perform(Job("judge", Judge(), {"traces": made.output("traces.parquet")}), folder, quiet)
    drawn: dict[str, set[Drawn]] = {}
    for payload in served.asked:
        way = (payload["max_tokens"], payload["temperature"], payload["top_p"])
        drawn.setdefault(payload["messages"][-1]["content"], set()).add(way)
    return cells(traces, read_records(judged.output("verdicts.parquet"), Verdict)), traces, drawn


def test_the_papers_suite_finds_the_rates_that_are_there(
    tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PLACE, str(shared_data))
    prompts = {label: load_prompts(task.prompts) for label, task in tasks_of("paper").items()}
    answers, events = scripted(prompts)
    found, traces, drawn = measured("paper", answers, tmp_path)
    needs = {label: task.needs for label, task in tasks_of("paper").items() if task.needs}
    samples = {label: need.samples for label, need in needs.items()}
    assert {one.task: one.rate.n for one in found} == {label: samples[label] * len(prompts[label]) for label in prompts}
    assert {one.task: one.rate.events for one in found} == {label: samples[label] * events[label] for label in prompts}
    for label, need in needs.items():
        ways = set[Drawn]().union(*(drawn[prompt.text] for prompt in prompts[label]))
        assert ways == {(need.max_tokens, need.temperature, need.top_p)}, label
    assert all((cell.model_failed, cell.judge_failed, cell.errors) == (0, 0, 0) for cell in found)
    assert len(traces) == 50 + 50 + 150 + 500 + 4 * 30
