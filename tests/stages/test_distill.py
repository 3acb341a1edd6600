"""Laws of distilling: each request once, acceptance as a policy says, and prompts without an accepted trace go on."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from resolute.core.ask import Sampling
from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, read_records, write_jsonl
from resolute.core.jobs import Job, perform, prepare
from resolute.core.records import RiskReport, Trace, Verdict
from resolute.core.runs import Artifact
from resolute.core.settings import Acceptance, Distill
from resolute.models import engine
from resolute.models.asked import asked
from resolute.models.running import BROKE, Patience
from tests.server import Answer, Fault, Served, refused, said, serving

DRAW = Sampling(temperature=0.7, max_tokens=64)


def quiet(what: str, done: int, total: int, /, note: str = "") -> None:
    pass


@pytest.fixture
def goals(tmp_path: Path) -> str:
    """Thirty harmless goals that a file calls harmful, so that guards and framings take them."""
    rows = [{"prompt": f"rub the lamp number {number:02}", "kind": "harmful"} for number in range(30)]
    write_jsonl(tmp_path / "goals.jsonl", rows)
    return str(tmp_path / "goals.jsonl")


@contextmanager
def stub(answer: Answer) -> Generator[Served]:
    with serving(answer) as served, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUB_BASE_URL", served.url)
        patch.setenv("STUB_API_KEY", "none")
        yield served


def job(goals: str, **settings: Any) -> Job:
    usual: dict[str, Any] = {"model": "openai-api/stub/m", "strategy": "improved", "sampling": DRAW}
    return Job("distill", Distill.model_validate({**usual, "prompts": [goals], **settings}))


def traces(made: Artifact) -> list[Trace]:
    return read_records(made.folder / "traces.parquet", Trace)


def lab(**settings: Any) -> Job:
    usual: dict[str, Any] = {
        "model": "lab/teacher",
        "strategy": "default",
        "prompts": ["lab/harmful-train:60", "lab/benign-train:10"],
        "sampling": DRAW,
        "accept": {"safe": True, "patterns": ["weak_vacillation", "strong_vacillation"]},
        "judges": ["lab/guard"],
        "auditors": ["lab/oracle"],
    }
    return Job("distill", Distill.model_validate({**usual, **settings}))


def test_goals_are_framed_and_the_judge_still_sees_the_goal(goals: str, tmp_path: Path) -> None:
    with stub(lambda text, payload: said("<think>a</think>b")) as served:
        made = perform(job(goals, framings=["builtin:3"], n=50), tmp_path, quiet)
    found = traces(made)
    assert len(found) == len(served.asked) == 50
    assert len({one.prompt.framing for one in found}) == 3
    assert all(one.prompt.goal in one.prompt.text != one.prompt.goal for one in found)
    assert sorted(served.texts) == sorted(one.prompt.text for one in found)


def test_only_the_self_strategy_steers_and_only_harmful_prompts(tmp_path: Path) -> None:
    rows = [{"prompt": "rub the lamp", "kind": "harmful"}, {"prompt": "wash the lamp", "kind": "benign"}]
    write_jsonl(tmp_path / "p.jsonl", rows)
    with stub(lambda text, payload: said("<think>a</think>b")) as served:
        made = perform(job(str(tmp_path / "p.jsonl"), strategy="self"), tmp_path, quiet)
    sent = {one.prompt.goal: one.sent for one in traces(made)}
    assert [message.role for message in sent["rub the lamp"]] == ["user"]
    assert sent["rub the lamp"][0].content.endswith("\n\nrub the lamp")
    assert sent["wash the lamp"][0].content == "wash the lamp"
    assert sorted(served.texts) == sorted(one[-1].content for one in sent.values())


def test_a_teacher_without_thoughts_is_told_to_write_one_and_the_trace_says_so(goals: str, tmp_path: Path) -> None:
    with stub(lambda text, payload: said("<think>\na\n</think>\nb")) as served:
        made = perform(job(goals, thought="written"), tmp_path, quiet)
    assert {one.reasoning_kind for one in traces(made)} == {"written"}
    assert all("</think>" in payload["messages"][0]["content"] for payload in served.asked)
    with stub(lambda text, payload: said("b")):
        bare = perform(job(goals), tmp_path, quiet)
    assert any("have no thought" in note for note in bare.manifest.notes)


def test_every_step_of_the_harvest_is_a_part_of_the_one_before(tmp_path: Path) -> None:
    made = perform(lab(then=["improved"], limit=2), tmp_path, quiet)
    found = read_json(made.folder / "harvest.json")
    steps = ("asked", "answered", "complete", "safe", "clean")
    for row in [found["all"], *(row for rows in found["by"].values() for row in rows)]:
        counts = [row[step] for step in steps]
        assert counts == sorted(counts, reverse=True)
        assert row["prompts_kept"] <= row["prompts"]
    for name, rows in found["by"].items():
        for step in steps:
            assert sum(row[step] for row in rows) == found["all"][step], name
    assert found["all"]["clean"] + sum(row["n"] for row in found["left"]) == found["all"]["asked"]
    assert 0 < found["all"]["safe"] < found["all"]["complete"]


def test_prompts_without_an_accepted_trace_go_on_and_no_others(tmp_path: Path) -> None:
    once = perform(lab(), tmp_path, quiet)
    more = perform(lab(then=["improved"], limit=2), tmp_path, quiet)
    first, all_of_them = read_json(once.folder / "harvest.json"), read_json(more.folder / "harvest.json")
    assert all_of_them["all"]["prompts_kept"] > first["all"]["prompts_kept"]
    everything = traces(more) + read_records(more.folder / "quarantine" / "traces.parquet", Trace)
    rounds: dict[str, list[tuple[str, int]]] = {}
    for one in everything:
        rounds.setdefault(one.prompt.id, []).append((one.strategy, one.sample))
    order = [("default", 0), ("default", 1), ("improved", 0), ("improved", 1)]
    assert {tuple(sorted(asked, key=order.index)) for asked in rounds.values()} <= {
        tuple(order[:number]) for number in range(1, 5)
    }
    kept = {one.prompt.id for one in _kept(more)}
    gave_up = [asked for name, asked in rounds.items() if name not in kept]
    assert all(len(asked) == 4 for asked in gave_up), "a prompt without an accepted trace is asked to the limit"


def _kept(made: Artifact) -> list[Trace]:
    about = read_records(made.folder / "risks.parquet", RiskReport)
    risky = {one.trace for one in about if one.present & {"weak_vacillation", "strong_vacillation"}}
    return [one for one in traces(made) if one.id not in risky and one.ending.complete]


def test_what_is_rejected_lies_in_quarantine_and_what_can_be_mended_does_not(tmp_path: Path) -> None:
    made = perform(lab(), tmp_path, quiet)
    place = made.folder / "quarantine"
    assert place.stat().st_mode & 0o777 == 0o700
    assert (place / ".gitignore").read_text() == "*\n"
    unsafe = {
        one.trace
        for file in (made.folder / "verdicts.parquet", place / "verdicts.parquet")
        for one in read_records(file, Verdict)
        if one.score is not None and one.score >= 0.5
    }
    rejected = {one.id for one in read_records(place / "traces.parquet", Trace)}
    assert unsafe and unsafe == rejected
    risky = {one.trace for one in read_records(made.folder / "risks.parquet", RiskReport) if one.present}
    assert risky and risky <= {one.id for one in traces(made)}
    assert (made.folder / "harvest.md").read_text().count("rub") == 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"accept": None}, "nothing says which traces are good enough"),
        ({"judges": []}, "no guard says what is safe"),
        ({"auditors": []}, "no auditor looks for patterns"),
    ],
)
def test_a_policy_that_nobody_can_apply_is_refused(settings: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(ResoluteError, match=words):
        prepare(lab(**settings), tmp_path)


FAULTS = (
    lambda: refused(429),
    lambda: refused(500),
    lambda: (Fault.CUT, {}),
    lambda: (Fault.TORN, said("<think>a</think>never read whole")[1]),
    lambda: (Fault.SLOW, {}),
    lambda: said(""),
)


def test_with_three_of_ten_requests_failing_every_prompt_ends_accepted_or_with_a_typed_failure(
    goals: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "Patience", lambda: Patience(retries=0, seconds=4, client_seconds=1, failures=60))
    draw, empty = random.Random(5), Counter[str]()

    def answer(text: str, payload: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        if draw.random() < 0.3:
            fault = draw.choice(FAULTS)
            empty[text] += fault is FAULTS[-1]
            return fault()
        return said(f"<think>about it</think>no: {text}")

    with stub(answer) as served:
        wanted = job(goals, framings=["builtin:4"], accept=Acceptance(), limit=3)
        for _ in range(20):
            made = perform(wanted, tmp_path, quiet)
            found = traces(made)
            for one in found:
                if one.ending.why == "error":
                    assert one.error and not (one.answer or one.reasoning)
                else:
                    assert one.answer == f"no: {one.prompt.text}", "nobody's words stand under another's prompt"
            if not made.manifest.failed_rows:
                break
    assert not made.manifest.failed_rows
    assert {one.ending.why for one in found} == {"end of turn"}
    assert len({one.prompt.id for one in found}) == 120, "every prompt has an accepted trace in the end"
    rejected = made.folder / "quarantine" / "traces.parquet"
    emptied = len(read_records(rejected, Trace)) if rejected.is_file() else 0
    assert emptied == sum(empty.values()) > 0, "an empty reply is the teacher's own, and asked on"
    assert len({one["seed"] for one in served.asked}) == len(found) + emptied


def test_a_budget_ends_at_a_trace_and_more_of_it_goes_on(
    goals: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("prices:\n- {model: m, input: 1000, output: 1000, as_of: 2026-11-01}\n")
    monkeypatch.setenv("RESOLUTE_PRICES", str(prices))
    with stub(lambda text, payload: said("<think>a</think>b")) as served:
        made = perform(job(goals, strategy="default", budget=0.25, concurrency=4), tmp_path / "runs", quiet)
        first = len(served.asked)
        assert 0 < first < 30
        assert made.manifest.cost is not None and made.manifest.cost <= 0.25
        assert {one.error for one in traces(made) if one.ending.why == "error"} == {BROKE}
        assert made.manifest.failed_rows == 30 - first
        whole = perform(job(goals, strategy="default", budget=50.0), tmp_path / "runs", quiet)
    assert whole.folder == made.folder, "what may be spent is no part of the key"
    assert len(served.asked) == 30
    assert whole.manifest.cost == pytest.approx(30 * 12 / 1000)


def test_a_plan_counts_prompts_requests_and_dollars_and_asks_nothing(goals: str, tmp_path: Path) -> None:
    base = {"framings": ["builtin"], "accept": {"complete": True}, "then": ["template"], "limit": 2}
    told = "\n".join(asked(job(goals, model="openai/gpt-4.1-mini", **base)))
    assert "prompts: 600 (600 harmful), 30 goals in 20 framings" in told
    assert "requests: 600, at most 2400" in told
    assert "$" in told and "list prices of 20" in told
    assert "price: unknown" in "\n".join(asked(job(goals)))
    assert "price: nothing" in "\n".join(asked(lab()))
    assert [path.name for path in tmp_path.iterdir()] == ["goals.jsonl"]


def test_a_checkpoint_served_by_vllm_is_another_artifact_with_the_same_prompts(tmp_path: Path) -> None:
    here = prepare(lab(model="lab/base", judges=[], auditors=[], accept=None), tmp_path)[0]
    there = prepare(lab(model="lab/base", judges=[], auditors=[], accept=None, engine="vllm"), tmp_path)[0]
    wide = {"tensor_parallel": 4, "memory": 0.5}
    other = prepare(lab(model="lab/base", judges=[], auditors=[], accept=None, engine="vllm", serving=wide), tmp_path)[
        0
    ]
    assert here.key != there.key, "what runs a checkpoint can change its words"
    assert there.key == other.key, "on how many GPUs it runs is no part of the key"
