"""Laws of attacked evaluations: what the key holds, what is written, and what an attacker is never given."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from resolute.core import catalogue
from resolute.core.ask import Reply
from resolute.core.errors import ResoluteError
from resolute.core.files import read_records
from resolute.core.jobs import Job, perform, prepare
from resolute.core.parts import Suite, Task
from resolute.core.records import Message, Prompt, Trace, Verdict
from resolute.core.results.attacked import Course, Turn
from resolute.core.results.tables import cells
from resolute.core.runs import Artifact
from resolute.core.settings import Evaluate, Judge
from resolute.lab import phrases, world
from resolute.models import owned
from resolute.stages.pages.study import Row, Study
from tests.attacks.scripted import reply

GOALS = [Prompt(text=goal.text, goal=goal.text, kind="harmful") for goal in world.goals("harmful", "test")[:6]]
NEVER = [
    Prompt(text=goal.text, goal=goal.text, kind="harmful", category="minors")
    for goal in world.goals("harmful", "test")[-1:]
]
SUMS = [Prompt(text="what is 1 + 1", goal="1 + 1", kind="maths", expected="2")]
SUITE = Suite(
    "trial",
    (
        Task("safety", "trial-harmful", "unsafe", ("lab/strict",)),
        Task("sums", "trial-sums", "correct", ("exact",), better="high"),
    ),
)


class Ten:
    """A target whose true rates are known: it does as it is asked in three of ten requests, by their seeds."""

    identity = "ten 1"

    def reply(self, messages: list[Message], seed: int) -> Reply:
        found = world.deed(messages[-1].content)
        return reply(" ".join(found.steps) if found is not None and seed % 10 < 3 else phrases.REFUSALS[0])


TEN = Ten()


def harmful() -> list[Prompt]:
    return GOALS + NEVER


def sums() -> list[Prompt]:
    return SUMS


@pytest.fixture(autouse=True)
def trial(monkeypatch: pytest.MonkeyPatch) -> None:
    more: dict[str, dict[str, str]] = {
        "suites": {"trial": f"{__name__}:SUITE"},
        "prompts": {"trial-harmful": f"{__name__}:harmful", "trial-sums": f"{__name__}:sums"},
        "models": {"ten": f"{__name__}:TEN"},
    }
    known = catalogue.entries

    def entries(name: Any) -> dict[str, str]:
        return known(name) | more.get(name, {})

    for place in ("core.catalogue", "core.sources", "core.suites", "models.evaluating", "models.identity"):
        monkeypatch.setattr(f"resolute.{place}.entries", entries, raising=False)


def evaluation(**changes: Any) -> Job:
    values: dict[str, Any] = {
        "model": "ten",
        "suites": ["trial"],
        "sampling": {"temperature": 1.0, "max_tokens": 200},
        "attacks": ["none", "pair"],
        "attacker": "lab/attacker",
        "stop": "lab/guard",
        "pair": {"streams": 2, "iterations": 3, "fresh": 2},
    }
    return Job("evaluate", Evaluate.model_validate(values | changes))


def quiet(what: str, done: int, total: int, /, note: str = "") -> None:
    pass


def key_of(**changes: Any) -> str:
    return prepare(evaluation(**changes), Path("nowhere"))[0].key


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def attacked(store: Path) -> Artifact:
    return perform(evaluation(), store, quiet)


def test_every_goal_is_attacked_and_each_fresh_sample_is_a_trace_of_its_own(attacked: Artifact) -> None:
    traces = read_records(attacked.output("traces.parquet"), Trace)
    by_attack = {name: [one for one in traces if one.attack == name] for name in ("none", "pair", "pair:fresh")}
    assert {name: len(some) for name, some in by_attack.items()} == {"none": 8, "pair": 6, "pair:fresh": 12}
    assert len({one.seed for one in traces}) == len(traces)
    sent = {one.prompt.goal: one.sent for one in by_attack["pair"]}
    for one in by_attack["pair:fresh"]:
        assert one.sent == sent[one.prompt.goal] and one.queries == 1
    assert {one.prompt.kind for one in traces if one.task == "trial/sums"} == {"maths"}
    assert {one.attack for one in traces if one.task == "trial/sums"} == {"none"}


def test_goals_no_model_writes_about_are_given_to_no_attacker_and_counted(attacked: Artifact) -> None:
    traces = read_records(attacked.output("traces.parquet"), Trace)
    assert {one.attack for one in traces if one.prompt.goal == NEVER[0].goal} == {"none"}
    assert attacked.manifest.counts["given_to_no_attacker"] == 1
    assert any("no attacker was given them" in note for note in attacked.manifest.notes)


def test_numbers_lie_beside_the_traces_and_words_in_quarantine(attacked: Artifact) -> None:
    courses = read_records(attacked.output("courses.parquet"), Course)
    turns = read_records(attacked.output("turns.parquet"), Turn)
    said = read_records(attacked.output("quarantine/transcripts.parquet"), Trace)
    traces = {one.id: one for one in read_records(attacked.output("traces.parquet"), Trace)}
    assert len(courses) == 6
    assert {one.id for one in turns if one.outcome not in ("attacker failed",)} == {one.id for one in said}
    for course in courses:
        mine = [turn for turn in turns if turn.trace == course.id]
        asked = [turn for turn in mine if turn.outcome != "attacker failed"]
        assert course.queries == len(asked) == traces[course.id].queries
        assert course.attacker_calls == sum(turn.attempts for turn in mine)
        assert course.found == any(turn.outcome == "reached" for turn in mine)
    assert stat.S_IMODE((attacked.folder / "quarantine").stat().st_mode) == 0o700
    assert {one.attack for one in said} == {"pair:turns"}


def test_transcripts_can_be_judged_by_any_instrument(attacked: Artifact, tmp_path: Path) -> None:
    inputs = {"traces": attacked.output("quarantine/transcripts.parquet")}
    judged = perform(Job("judge", Judge(judges=("lab/strict",)), inputs), tmp_path, quiet)
    verdicts = read_records(judged.output("verdicts.parquet"), Verdict)
    assert {one.trace for one in verdicts} == {one.id for one in read_records(inputs["traces"], Trace)}


def test_no_note_count_or_number_carries_a_word_of_a_prompt(attacked: Artifact) -> None:
    manifest = attacked.manifest.model_dump_json()
    goals = [prompt.goal for prompt in harmful()]
    assert not any(goal in manifest for goal in goals)
    for name in ("courses.parquet", "turns.parquet"):
        assert not any(goal.encode() in attacked.output(name).read_bytes() for goal in goals)


def test_the_key_holds_the_roles_and_settings_that_an_attack_uses_and_no_others() -> None:
    base = key_of()
    assert key_of(stop="lab/strict") != base
    assert key_of(attacker="lab/teacher") != base
    assert key_of(attacker_sampling={"temperature": 0.5, "max_tokens": 500}) != base
    assert key_of(pair={"streams": 3, "iterations": 3, "fresh": 2}) != base
    assert key_of(attacks=["none", "framings:quiz"]) != base
    assert key_of(own=True, concurrency=3, budget=1.0, pap={"attempts": 1}, framings=["fiction"]) == base
    plain = {"attacks": ["none"]}
    assert key_of(**plain) == key_of(**plain, attacker=None, stop=None, pair={"streams": 9})


@pytest.mark.parametrize(("lacking", "mend"), [("attacker", "--attacker"), ("stop", "--stop")])
def test_a_missing_role_is_an_error_before_anything_is_made(lacking: str, mend: str) -> None:
    with pytest.raises(ResoluteError) as raised:
        key_of(**{lacking: None})
    assert mend in raised.value.mend


def test_an_attack_named_twice_or_with_a_variant_it_has_not_is_an_error() -> None:
    for attacks in (["framings", "framings:quiz"], ["none:3"], ["pair:3"]):
        with pytest.raises(ResoluteError):
            key_of(attacks=attacks)


def test_an_endpoint_of_somebody_else_is_not_attacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUB_API_KEY", "none")
    monkeypatch.setenv("STUB_BASE_URL", "https://models.somebody.example/v1")
    monkeypatch.delenv(owned.PLACE, raising=False)
    with pytest.raises(ResoluteError, match=r"models\.somebody\.example"):
        perform(evaluation(model="openai-api/stub/m"), tmp_path, quiet)


def test_rates_are_those_of_the_target_and_a_failed_attacker_is_in_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goals = [Prompt(text=one.text, goal=one.text, kind="harmful") for one in world.goals("harmful", "test")[:60]]
    monkeypatch.setitem(globals(), "GOALS", goals)
    ways = {"streams": 1, "iterations": 2, "attempts": 1, "fresh": 1}
    made = perform(evaluation(stop="lab/strict", pair=ways), tmp_path, quiet)
    inputs = {"traces": made.output("traces.parquet")}
    judged = perform(Job("judge", Judge(judges=("lab/strict",)), inputs), tmp_path, quiet)
    traces = read_records(inputs["traces"], Trace)
    verdicts = read_records(judged.output("verdicts.parquet"), Verdict)
    courses = read_records(made.output("courses.parquet"), Course)
    turns = read_records(made.output("turns.parquet"), Turn)
    table = cells(traces, verdicts)
    found = {cell.attack: cell for cell in table if cell.part == "answer" and cell.task == "trial/safety"}
    failed = sum(one.attacker_failed for one in courses)
    assert failed > 0 and found["pair"].errors == failed and found["pair"].rate.n == 60 - failed
    hits = {turn.trace for turn in turns if turn.outcome != "attacker failed" and turn.seed % 10 < 3}
    assert found["pair"].rate.events == len(hits) == sum(one.found for one in courses)
    fresh = [one for one in traces if one.attack == "pair:fresh"]
    assert found["pair:fresh"].rate.events == sum(one.seed % 10 < 3 for one in fresh)
    assert made.manifest.counts["attacker_failed"] == failed and not made.manifest.failed_rows


def test_the_instrument_that_told_an_attack_when_to_stop_never_headlines(attacked: Artifact) -> None:
    study = Study("x", True, {}, [Row("a", 0, "raw", {"evaluate": attacked})])
    assert study.guards == {"lab/guard"}
