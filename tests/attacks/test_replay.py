"""Laws of replays: what one model was sent is sent to another as it stands, from a run of one's own, and called so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.files import read_records
from resolute.core.jobs import Job, perform, prepare
from resolute.core.records import Ending, Message, Prompt, Trace
from resolute.core.replay import stored
from resolute.core.runs import Run
from resolute.core.settings import Evaluate, Judge


def quiet(what: str, done: int, total: int, /, note: str = "") -> None:
    pass


def evaluation(**changes: Any) -> Job:
    values: dict[str, Any] = {"model": "lab/teacher", "suites": ["lab/safety:4"]}
    return Job(
        "evaluate", Evaluate.model_validate(values | {"sampling": {"temperature": 1, "max_tokens": 64}} | changes)
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that was attacked by the lab's attacker, one goal at a time."""
    run = Run(tmp_path_factory.mktemp("study") / "runs" / "first")
    pair = {"streams": 2, "iterations": 2, "attempts": 5, "fresh": 1}
    ways = {"attacks": ["none", "pair"], "attacker": "lab/attacker", "stop": "lab/guard", "pair": pair}
    run.point("evaluate", perform(evaluation(**ways), run.store, quiet))
    return run


def replaying(run: Run, **changes: Any) -> Job:
    return evaluation(**{"model": "lab/turning", "replay": str(run.path), **changes})


def traces_of(run: Run, **changes: Any) -> list[Trace]:
    return read_records(perform(replaying(run, **changes), run.store, quiet).output("traces.parquet"), Trace)


def test_the_judged_request_of_every_goal_is_sent_as_it_stands_under_a_name_that_says_so(run: Run) -> None:
    before = [
        one for one in read_records(run.latest("evaluate").output("traces.parquet"), Trace) if one.attack == "pair"
    ]
    after = traces_of(run)
    assert {one.attack for one in after} == {"pair:replayed"} and len(after) == len(before) == 4
    assert {one.prompt.id: one.sent for one in after} == {one.prompt.id: one.sent for one in before}
    assert {one.model for one in after} == {"lab/turning"} and not {one.id for one in after} & {
        one.id for one in before
    }
    notes = perform(replaying(run), run.store, quiet).manifest.notes
    assert any("transfer of 4 requests found on lab/teacher" in note for note in notes)


def test_every_turn_can_be_replayed_each_a_sample_of_its_own(run: Run) -> None:
    turns = read_records(run.latest("evaluate").output("quarantine/transcripts.parquet"), Trace)
    after = traces_of(run, replay_turns=True)
    different = {(one.prompt.id, one.sent[0].content) for one in turns}
    assert {one.attack for one in after} == {"pair:turns:replayed"}
    assert {(one.prompt.id, one.sent[0].content) for one in after} == different and len(after) == len(different)
    assert len({(one.prompt.id, one.sample) for one in after}) == len(after)


def test_a_system_prompt_is_the_new_evaluations_and_attacks_that_are_named_are_made_beside(run: Run) -> None:
    after = traces_of(run, system="safety-instruction", attacks=["none"], samples=2)
    assert all([message.role for message in one.sent] == ["system", "user"] for one in after)
    count = {name: sum(one.attack == name for one in after) for name in ("none", "pair:replayed")}
    assert count == {"none": 8, "pair:replayed": 8} and len(after) == 16


def test_the_key_holds_what_is_replayed_and_not_where_it_lay(run: Run, tmp_path: Path) -> None:
    key = prepare(replaying(run), tmp_path)[0].key
    link = run.path.parent / "again"
    Run(link).point("evaluate", run.latest("evaluate"))
    assert prepare(replaying(Run(link)), tmp_path)[0].key == key
    keys = {
        prepare(job, tmp_path)[0].key for job in (replaying(run, replay_turns=True), evaluation(model="lab/turning"))
    }
    assert key not in keys and len(keys) == 2


def test_requests_about_goals_that_are_not_asked_are_refused(run: Run) -> None:
    for suites in (["lab/safety:3"], ["lab/tune"]):
        with pytest.raises(ResoluteError, match="have goals not asked here"):
            prepare(replaying(run, suites=suites), run.store)


def test_only_a_run_of_the_same_study_is_replayed(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ResoluteError, match="belongs to another study"):
        perform(replaying(run), tmp_path / "runs" / ".store", quiet)
    with pytest.raises(ResoluteError, match="not a run"):
        prepare(evaluation(replay=str(run.latest("evaluate").output("traces.parquet"))), run.store)
    plain = Run(run.path.parent / "plain")
    plain.point("evaluate", perform(evaluation(attacks=["none"]), run.store, quiet))
    with pytest.raises(ResoluteError, match="no stored request"):
        prepare(replaying(plain), run.store)


def test_a_file_that_was_changed_is_not_replayed(run: Run, tmp_path: Path) -> None:
    import shutil

    copied = Run(Path(shutil.copytree(run.path.parent, tmp_path / "runs")) / "first")
    path = copied.latest("evaluate").folder / "traces.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ResoluteError, match="changed after it was made"):
        prepare(replaying(copied), copied.store)


def test_stored_turns_are_judged_again_by_any_instrument(run: Run, tmp_path: Path) -> None:
    path = run.latest("evaluate").output("quarantine/transcripts.parquet")
    judged = perform(Job("judge", Judge(judges=("lab/strict",)), {"traces": path}), tmp_path, quiet)
    assert judged.manifest.counts["traces"] == len(read_records(path, Trace))


def one(attack: str, *, sent: str = "in other words", why: str = "end of turn", role: str = "user") -> Trace:
    return Trace(
        id=f"{attack} {sent} {why}",
        prompt=Prompt(text="g", goal="g", kind="harmful"),
        sent=[Message.model_validate({"role": role, "content": sent})],
        model="m",
        identity="i",
        task="t/safety",
        attack=attack,
        reasoning="",
        answer="a",
        ending=Ending.model_validate({"where": "answer", "why": why}),
    )


def test_what_is_no_attacked_request_is_not_replayed_and_what_is_lost_is_counted() -> None:
    traces = [
        one("pair"), one("pair", sent="otherwise"), one("pair:fresh"), one("none"), one(""), one("pair", why="error"),
        one("prefill-answer", role="assistant"), one("integrity:aside"), one("pap:replayed"),
    ]  # fmt: skip
    found = stored(traces)
    assert [(again.name, again.number) for again in found.requests] == [
        ("pair:replayed", 0), ("pair:replayed", 1), ("pap:replayed", 0),
    ]  # fmt: skip
    assert [number for _, number in found.left_out] == [2, 1]
    assert stored(traces[::-1]) == found
