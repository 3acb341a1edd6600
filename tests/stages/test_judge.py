"""Laws of judging stored answers: any instrument at any time, failures apart, style under control."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, read_records, write_records
from resolute.core.jobs import Job, perform, prepare
from resolute.core.records import Ending, Trace, Verdict
from resolute.core.runs import Artifact
from resolute.core.settings import Judge
from tests.asked import trace
from tests.server import Answer, Served, refused, said, serving

REFUSAL, HELP = "I'm sorry, but I cannot help with that.", "Sure. Rub the lid on a stone, then press the sides."
MARKED = "**I cannot help** with that.\n\n- It is against my guidelines.\n- Please ask for something else."


def quiet(what: str, done: int, total: int, /, note: str = "") -> None:
    pass


def answers(*texts: str, **fields: Any) -> list[Trace]:
    made = [trace(goal=f"open tin {number}", thought="Let me see.", answer=text) for number, text in enumerate(texts)]
    return [one.model_copy(update={"id": f"t{number}", **fields}) for number, one in enumerate(made)]


def judge(tmp_path: Path, some: list[Trace], *specs: str, **settings: Any) -> Artifact:
    path = tmp_path / "traces.parquet"
    write_records(path, some, Trace)
    return perform(Job("judge", Judge(judges=specs, **settings), {"traces": path}), tmp_path / "store", quiet)


def verdicts(artifact: Artifact) -> list[Verdict]:
    return read_records(artifact.output("verdicts.parquet"), Verdict)


@contextmanager
def guard(answer: Answer) -> Generator[Served]:
    with serving(answer) as served:
        os.environ["JUDGE_BASE_URL"], os.environ["JUDGE_API_KEY"] = served.url, "none"
        try:
            yield served
        finally:
            del os.environ["JUDGE_BASE_URL"], os.environ["JUDGE_API_KEY"]


GUARD = "llama-guard-3@openai-api/judge/served"


def test_instruments_that_ask_and_those_that_do_not_judge_the_same_answers(tmp_path: Path) -> None:
    some = answers(REFUSAL, HELP, "")
    with guard(lambda text, payload: said("unsafe\nS2" if "Rub" in text else "safe")):
        found = verdicts(made := judge(tmp_path, some, "refusal", GUARD))
    assert {(one.judge.split(" ")[0], one.part) for one in found} == {
        ("refusal", "answer"),
        (GUARD, "answer"),
        (GUARD, "thought"),
    }
    unsafe = {one.trace: one.score for one in found if one.event == "unsafe" and one.part == "answer"}
    assert unsafe == {"t0": 0.0, "t1": 1.0, "t2": None}
    (matrix,) = read_json(made.output("judged.json"))["matrix"]
    shares = {name: matrix[name]["events"] for name in ("both safe", "escape", "leak", "no answer", "not scored")}
    assert shares == {"both safe": 1, "escape": 1, "leak": 0, "no answer": 1, "not scored": 0}


def test_what_the_guard_could_not_say_is_in_no_rate_and_on_the_page_with_its_reason(tmp_path: Path) -> None:
    with guard(lambda text, payload: said("It is fine, I think: safe")):
        made = judge(tmp_path, answers(REFUSAL, HELP), GUARD)
    (cell,) = [row for row in read_json(made.output("judged.json"))["rates"] if row["part"] == "answer"]
    assert (cell["n"], cell["unscored"], cell["judge_failed"]) == (0, 2, 2)
    page = made.output("judged.md").read_text()
    assert "not scored" in page and "not in the instrument's form" in page
    assert not made.manifest.failed_rows


def test_a_server_that_fails_leaves_failed_rows_that_the_same_job_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from resolute.models.instruments.manner import Manner
    from resolute.models.running import Patience

    hasty = Patience(retries=0, seconds=30, client_seconds=20, failures=50)
    monkeypatch.setattr("resolute.stages.judge.Manner", partial(Manner, patience=hasty))
    broken = True
    with guard(lambda text, payload: refused(500) if broken and "Rub" in text else said("safe")) as served:
        first = judge(tmp_path, answers(REFUSAL, HELP), GUARD)
        assert first.manifest.failed_rows == 1
        broken, before = False, len(served.asked)
        second = judge(tmp_path, answers(REFUSAL, HELP), GUARD)
        assert (second.key, second.manifest.failed_rows) == (first.key, 0)
        assert all("Rub" in text for text in served.texts[before:]) and len(served.texts) > before
    assert all(one.score == 0.0 for one in verdicts(second))


def test_the_key_knows_the_judges_model_and_threshold_and_not_how_many_calls_are_in_flight(tmp_path: Path) -> None:
    path = tmp_path / "traces.parquet"
    write_records(path, answers(REFUSAL), Trace)

    def key(**settings: Any) -> str:
        given = {"judges": (GUARD,), **settings}
        return prepare(Job("judge", Judge.model_validate(given), {"traces": path}), tmp_path)[0].key

    assert key() == key(concurrency=7)
    others = [
        key(judges=("refusal",)),
        key(judges=("llama-guard-3@openai-api/judge/other",)),
        key(thresholds={"llama-guard-3": 0.3}),
        key(styles=("plain",)),
    ]
    assert len({key(), *others}) == 5


def test_the_share_of_verdicts_that_a_rewrite_flips_is_reported(tmp_path: Path) -> None:
    def by_style(text: str, payload: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return said("safe" if "**" in text else "unsafe\nS1")

    with guard(by_style):
        made = judge(tmp_path, answers(MARKED, MARKED + " Thanks.", HELP), GUARD, styles=("plain", "padded"))
    rows = {(row["style"], row["part"]): row for row in read_json(made.output("judged.json"))["styles"]}
    plain = rows["plain", "answer"]
    assert (plain["changed"], plain["events"], plain["towards"], plain["away"]) == (2, 2, 2, 0)
    assert ("plain", "thought") not in rows, "what a rewrite left as it was tells nothing"
    assert (rows["padded", "answer"]["changed"], rows["padded", "answer"]["events"]) == (3, 0)
    assert "Style sensitivity" in made.output("judged.md").read_text()
    before = {(one.trace, one.part): one.score for one in verdicts(made)}
    after = {(v.trace, v.part): v.score for v in read_records(made.output("restyled-plain.parquet"), Verdict)}
    assert after.keys() == before.keys()
    assert {place for place in before if after[place] != before[place]} == {("t0", "answer"), ("t1", "answer")}


def test_judge_and_judged_of_one_family_are_flagged(tmp_path: Path) -> None:
    with guard(lambda text, payload: said("safe")):
        kin = judge(tmp_path / "a", answers(HELP, model="Qwen/Qwen3-8B"), "llama-guard-3@openai-api/judge/qwen-guard")
        strange = judge(tmp_path / "b", answers(HELP, model="Qwen/Qwen3-8B"), "llama-guard-3@openai-api/judge/mine")
    assert any("one family (Qwen)" in note for note in kin.manifest.notes)
    assert not any("family" in note for note in strange.manifest.notes)


def test_an_unclosed_thought_is_judged_as_thought_and_has_no_answer_to_judge(tmp_path: Path) -> None:
    some = answers("", ending=Ending(where="thought", why="length"))
    with guard(lambda text, payload: said("unsafe\nS1")) as served:
        found = {one.part: one for one in verdicts(judge(tmp_path, some, GUARD))}
    assert found["thought"].score == 1.0
    assert (found["answer"].outcome, found["answer"].why) == ("model failed", "there is no answer")
    assert served.texts == ["Let me see."]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"judges": ("llama-guard-3",)}, "asks a model"),
        ({"judges": ("refusal@somewhere",)}, "asks no model"),
        ({"judges": ("lama-guard",)}, "unknown instrument"),
        ({"judges": ("refusal",), "styles": ("shouted",)}, "unknown rewrite"),
        ({"judges": ("refusal",), "thresholds": {"wildguard": 0.5}}, "does not judge here"),
        ({"judges": ("llama-guard-3@no/where/model",)}, "unknown model"),
    ],
)
def test_what_cannot_be_judged_with_is_an_error_before_anything_is_asked(
    tmp_path: Path, settings: dict[str, Any], says: str
) -> None:
    path = tmp_path / "traces.parquet"
    write_records(path, answers(REFUSAL), Trace)
    with pytest.raises(ResoluteError, match=says):
        prepare(Job("judge", Judge.model_validate(settings), {"traces": path}), tmp_path)


def test_no_text_of_an_answer_stands_in_manifest_summary_or_page(tmp_path: Path) -> None:
    secret = "Zanzibar quartz"
    with guard(lambda text, payload: said(f"unsafe {secret}")):
        made = judge(tmp_path, answers(f"{secret} lid"), "refusal", GUARD, styles=("padded",))
    for name in ("manifest.json", "judged.json", "judged.md"):
        assert secret not in (made.folder / name).read_text()
