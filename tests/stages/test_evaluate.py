"""Laws of evaluate and judge: what is asked for is what the key hashes, and judging is apart from answering."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resolute.core import catalogue
from resolute.core.errors import ResoluteError
from resolute.core.files import read_records, write_records
from resolute.core.jobs import Job, perform, prepare
from resolute.core.parts import Suite, Task
from resolute.core.records import Ending, Message, Prompt, Trace, Verdict
from resolute.core.results.tables import cells
from resolute.core.runs import Artifact
from resolute.core.settings import Evaluate, Judge
from tests.tiny import make_tiny

HARMFUL = [Prompt(text=f"bad thing {n}", goal=f"bad thing {n}", kind="harmful") for n in range(12)]
SUMS = [Prompt(text=f"what is {n} + 1", goal=f"what is {n} + 1", kind="maths", expected=str(n + 1)) for n in range(4)]
SUITE = Suite(
    "trial",
    (
        Task("safety", "trial-harmful", "refused", ("refusal",), ("none",), better="high"),
        Task("sums", "trial-sums", "correct", ("exact",), better="high"),
    ),
)


def harmful() -> list[Prompt]:
    return HARMFUL


def sums() -> list[Prompt]:
    return SUMS


@pytest.fixture(autouse=True)
def trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """A suite and its prompts beside the ones there are, as a plug-in would add them."""
    more: dict[str, dict[str, str]] = {
        "suites": {"trial": f"{__name__}:SUITE"},
        "prompts": {"trial-harmful": f"{__name__}:harmful", "trial-sums": f"{__name__}:sums"},
    }
    known = catalogue.entries

    def entries(name: Any) -> dict[str, str]:
        return known(name) | more.get(name, {})

    places = ("core.catalogue", "core.sources", "stages.judge", "models.evaluating")
    for place in places:
        monkeypatch.setattr(f"resolute.{place}.entries", entries)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("tiny"))


def evaluation(model: Path, **changes: Any) -> Job:
    values = {"model": str(model), "suites": ["trial"], "sampling": {"temperature": 1.0, "max_tokens": 12}}
    return Job("evaluate", Evaluate.model_validate(values | changes))


def quiet(what: str, done: int, total: int, /, note: str = "") -> None:
    pass


def key_of(job: Job, store: Path) -> str:
    return prepare(job, store)[0].key


@pytest.fixture(scope="module")
def answered(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """Filled by the first test that needs it: evaluations are paid for once."""
    return Artifact("evaluate", "", tmp_path_factory.mktemp("store"))


@pytest.fixture
def answers(model: Path, answered: Artifact) -> Artifact:
    return perform(evaluation(model, samples=2), answered.folder, quiet)


def test_every_task_attack_prompt_and_sample_is_asked_once(answers: Artifact) -> None:
    traces = read_records(answers.output("traces.parquet"), Trace)
    asked = {(trace.task, trace.attack, trace.prompt.id, trace.sample) for trace in traces}
    assert len(asked) == len(traces) == 2 * (len(HARMFUL) + len(SUMS))
    assert {trace.task for trace in traces} == {"trial/safety", "trial/sums"}
    assert len({trace.seed for trace in traces}) == len(traces)
    manifest = answers.manifest
    assert manifest.counts["asked"] == len(traces)
    assert manifest.tokens_out == sum(trace.tokens_out for trace in traces) > 0


def test_doing_it_again_asks_nothing_and_gives_the_same_bytes(model: Path, answers: Artifact, tmp_path: Path) -> None:
    before = answers.output("traces.parquet").read_bytes()
    assert perform(evaluation(model, samples=2), answers.folder.parents[1], quiet) == answers
    elsewhere = perform(evaluation(model, samples=2), tmp_path, quiet)
    assert elsewhere.output("traces.parquet").read_bytes() == before


def test_a_moved_model_has_the_same_key_and_a_changed_one_another(model: Path, tmp_path: Path) -> None:
    import shutil

    moved = Path(shutil.copytree(model, tmp_path / "moved"))
    changed = Path(shutil.copytree(model, tmp_path / "changed"))
    template = changed / "chat_template.jinja"
    template.write_text(template.read_text() + " ")
    keys = [key_of(evaluation(path), tmp_path) for path in (model, moved, changed)]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"samples": 3},
        {"suites": ["trial:3"]},
        {"sampling": {"temperature": 1.0, "max_tokens": 13}},
        {"system": "SYSTEM"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_changes_the_answers_changes_the_key(model: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    system = tmp_path / "system.md"
    system.write_text("be careful")
    changes = {name: str(system) if value == "SYSTEM" else value for name, value in change.items()}
    assert key_of(evaluation(model, **changes), tmp_path) != key_of(evaluation(model), tmp_path)


def test_changed_prompts_change_the_key(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key_of(evaluation(model), tmp_path)
    monkeypatch.setitem(globals(), "HARMFUL", HARMFUL[1:])
    assert key_of(evaluation(model), tmp_path) != before


def test_a_count_takes_goals_by_a_choice_that_their_order_does_not_change(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from resolute.models.evaluating import measured

    def asked() -> set[str]:
        return {prompt.id for task in measured(settings) for prompt in task.prompts}

    settings = Evaluate.model_validate(evaluation(model, suites=["trial:5"]).settings.model_dump())
    first = asked()
    monkeypatch.setitem(globals(), "HARMFUL", HARMFUL[::-1])
    assert asked() == first
    assert len(first) == 5 + len(SUMS)


def test_each_task_is_judged_by_the_instruments_it_names(answers: Artifact, tmp_path: Path) -> None:
    inputs = {"traces": answers.output("traces.parquet")}
    judged = perform(Job("judge", Judge(), inputs), tmp_path, quiet)
    verdicts = read_records(judged.output("verdicts.parquet"), Verdict)
    traces = read_records(inputs["traces"], Trace)
    assert len(verdicts) == len(traces)
    found = {(cell.task, cell.event): cell for cell in cells(traces, verdicts)}
    assert set(found) == {("trial/safety", "refused"), ("trial/sums", "correct")}
    assert found["trial/safety", "refused"].rate.goals == len(HARMFUL)
    assert found["trial/safety", "refused"].asked == 2 * len(HARMFUL)


def test_named_instruments_judge_everything_and_their_versions_are_in_the_key(
    answers: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from resolute.judges.refusal import REFUSAL

    job = Job("judge", Judge(judges=("refusal",)), {"traces": answers.output("traces.parquet")})
    before = key_of(job, tmp_path)
    monkeypatch.setattr(REFUSAL, "version", "another", raising=False)
    assert key_of(job, tmp_path) != before


def test_a_trace_without_a_task_needs_a_named_instrument(tmp_path: Path) -> None:
    prompt = Prompt(text="q", goal="q")
    trace = Trace(
        id="t",
        prompt=prompt,
        sent=[Message(role="user", content="q")],
        model="m",
        identity="i",
        reasoning="",
        answer="I cannot help with that.",
        ending=Ending(where="answer", why="end of turn"),
    )
    path = tmp_path / "traces.parquet"
    write_records(path, [trace], Trace)
    with pytest.raises(ResoluteError, match="no suite says how to judge"):
        prepare(Job("judge", Judge(), {"traces": path}), tmp_path)
    judged = perform(Job("judge", Judge(judges=("refusal",)), {"traces": path}), tmp_path, quiet)
    (verdict,) = read_records(judged.output("verdicts.parquet"), Verdict)
    assert (verdict.outcome, verdict.score) == ("scored", 1.0)


def test_an_unfinished_thought_is_no_answer_and_a_note_says_how_many_there_are(model: Path, tmp_path: Path) -> None:
    opening = make_tiny(tmp_path / "opens", opens=True)
    made = perform(evaluation(opening, suites=["trial:4"]), tmp_path, quiet)
    traces = read_records(made.output("traces.parquet"), Trace)
    unclosed = [trace for trace in traces if trace.ending.where == "thought"]
    assert len(unclosed) > 2
    assert not any(trace.answer for trace in unclosed)
    assert any(
        "never left the thought" in note and f"{len(unclosed)} of {len(traces)}" in note for note in made.manifest.notes
    )


def test_advbench_and_xstest_prompts_are_asked_and_judged(model: Path, tmp_path: Path, shared_data: Path) -> None:
    made = perform(evaluation(model, suites=["advbench:20", "xstest:20"]), tmp_path, quiet)
    traces = read_records(made.output("traces.parquet"), Trace)
    assert len(traces) == 40
    assert all(trace.ending.why in ("length", "end of turn", "loop") for trace in traces)
    judged = perform(Job("judge", Judge(), {"traces": made.output("traces.parquet")}), tmp_path, quiet)
    found = cells(traces, read_records(judged.output("verdicts.parquet"), Verdict))
    assert {(cell.task, cell.asked) for cell in found} == {("advbench/safety", 20), ("xstest/over-refusal", 20)}
