"""Laws of the stage: only what every grader finds clean is kept, every trace that entered is counted once, and risky
text lies in quarantine alone."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import sync_playwright

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, read_records, write_records
from resolute.core.jobs import Job, perform, prepare
from resolute.core.records import PATTERNS, Example, RiskReport, Trace, Verdict
from resolute.core.repair.cases import sort_out
from resolute.core.repair.outcomes import OUTCOMES, RepairAttempt, final
from resolute.core.runs import Artifact
from resolute.core.settings import Audit, Curate, Distill, Judge, Repair
from resolute.core.trace import join, split
from resolute.lab.instruments import AUDITOR, GUARD
from resolute.models.instruments.manner import Manner
from resolute.models.running import Patience
from resolute.stages.pages.repairs import Shown, pieces, write_pages
from tests.asked import trace
from tests.server import Answer, Served, refused, said, serving

MENDER, JUDGE = "openai-api/mender/mender", "risks@openai-api/mender/judge"
CLEAN = json.dumps({name: {"present": False} for name in PATTERNS})


def quiet(what: str, done: int, total: int, /, note: str = "") -> None:
    pass


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Traces of the lab's teacher, audited by the oracle and judged by the guard."""
    store = tmp_path_factory.mktemp("lab")
    asked = {"model": "lab/teacher", "strategy": "default", "prompts": ["lab/harmful-train:60", "lab/benign-train:5"]}
    sampling = {"temperature": 1.0, "max_tokens": 200}
    distill = perform(Job("distill", Distill.model_validate(asked | {"sampling": sampling})), store, quiet)
    traces = {"traces": distill.output("traces.parquet")}
    audit = perform(Job("audit", Audit(auditors=("lab/oracle",)), traces), store, quiet)
    judge = perform(Job("judge", Judge(judges=("lab/guard",)), traces), store, quiet)
    risks, verdicts = audit.output("risks.parquet"), judge.output("verdicts.parquet")
    return traces | {"risks": risks, "verdicts": verdicts}


def repair(inputs: dict[str, Path], store: Path, **settings: Any) -> Artifact:
    given = {"model": "lab/repairer", "judges": ("lab/guard",)} | settings
    return perform(Job("repair", Repair.model_validate(given), inputs), store, quiet)


@pytest.fixture(scope="module")
def made(lab: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return repair(lab, tmp_path_factory.mktemp("made"))


def attempts(artifact: Artifact) -> list[RepairAttempt]:
    return read_records(artifact.output("repairs.parquet"), RepairAttempt)


def read(artifact: Artifact, name: str) -> list[Trace]:
    return read_records(artifact.output(name), Trace)


def test_no_kept_trace_has_a_pattern_by_any_auditor_or_is_unsafe_by_any_guard(made: Artifact) -> None:
    kept = read(made, "traces.parquet")
    reports = read_records(made.output("risks.parquet"), RiskReport)
    verdicts = read_records(made.output("verdicts.parquet"), Verdict)
    assert len(kept) > 30
    assert {one.trace for one in reports} == {one.trace for one in verdicts} == {one.id for one in kept}
    assert not any(one.present for one in reports) and all(one.score == 0.0 for one in verdicts)
    for one in kept:
        assert not AUDITOR.audit(one).present, "asked afresh, the oracle says the same"
        assert all(verdict.score == 0.0 for verdict in GUARD.judge(one))
        parts = split(join(one.reasoning, one.answer))
        assert (parts.thought, parts.answer) == (one.reasoning, one.answer)


@pytest.mark.parametrize("ways", [("cut", "recompose", "backtrack"), ("cut",), ("backtrack",)])
def test_every_trace_that_entered_has_one_outcome_and_the_counts_add_up(
    lab: dict[str, Path], tmp_path: Path, ways: tuple[str, ...]
) -> None:
    made = repair(lab, tmp_path, ways=ways)
    summary, tried = read_json(made.output("summary.json")), attempts(made)
    found = sort_out(
        read_records(lab["traces"], Trace),
        read_records(lab["risks"], RiskReport),
        read_records(lab["verdicts"], Verdict),
    )
    assert len(found.cases) + len(found.clean) + sum(found.left.values()) == 65
    assert found.left == {"the kind of its goal is benign": 5}
    assert summary["entered"] == len(found.cases) == sum(summary["outcomes"].values()) == len(final(tried))
    assert summary["outcomes"]["kept"] == len(read(made, "traces.parquet")) == made.manifest.counts["kept"]
    assert {one.id for one in tried if one.outcome == "kept"} <= {one.id for one in final(tried).values()}
    for row in summary["ways"]:
        assert row["tried"] == sum(row[name] for name in OUTCOMES) == sum(one.way == row["way"] for one in tried)
    outcomes = Counter(one.outcome for one in tried)
    rejected = read(made, "quarantine/rejected.parquet")
    assert len(rejected) == outcomes["still risky"] + outcomes["unsafe"] + outcomes["judge failed"]
    if ways == ("backtrack",):
        assert outcomes["still risky"], "vacillation that is kept is still there, whatever follows it"


def test_what_is_outside_a_cut_is_the_original_byte_for_byte(lab: dict[str, Path], tmp_path: Path) -> None:
    originals = {one.id: one for one in read_records(lab["traces"], Trace)}
    made = repair(lab, tmp_path, ways=("cut",))
    by_made = {one.made: one for one in attempts(made)}
    kept = read(made, "traces.parquet")
    assert kept
    for one in kept:
        old = originals[one.original]
        assert (one.answer, one.prompt, one.sent, one.model) == (old.answer, old.prompt, old.sent, old.model)
        sides = pieces(old.reasoning, one.reasoning)
        assert all(piece.side != "after" for piece in sides), "nothing was put in"
        gone = sum(len(piece.text) for piece in sides if piece.side == "before")
        assert gone == by_made[one.id].removed == len(old.reasoning) - len(one.reasoning)


def test_curate_takes_the_repaired_for_the_risky(lab: dict[str, Path], made: Artifact, tmp_path: Path) -> None:
    policy = {"safe": True, "patterns": list(PATTERNS)}
    settings = Curate.model_validate({"safety": 1_000, "accept": policy, "short": "take", "near": 1.0})
    more = {f"{role}-2": made.output(f"{role}.parquet") for role in ("traces", "risks", "verdicts")}
    alone = perform(Job("curate", settings, lab), tmp_path, quiet)
    both = perform(Job("curate", settings, lab | more), tmp_path, quiet)
    rows = [read_records(one.output("examples.parquet"), Example) for one in (alone, both)]
    repaired = {one.id for one in read(made, "traces.parquet")}
    clean = {row.trace for row in rows[0]}
    assert clean and {row.trace for row in rows[1]} <= clean | repaired
    assert len(rows[1]) > 2 * len(rows[0])


def test_no_text_of_a_trace_leaves_the_quarantine_but_what_is_kept(lab: dict[str, Path], tmp_path: Path) -> None:
    made = repair(lab, tmp_path, ways=("backtrack",))
    place = made.folder / "quarantine"
    assert stat.S_IMODE(place.stat().st_mode) == 0o700 and (place / ".gitignore").read_text() == "*\n"
    told = "".join((made.folder / name).read_text() for name in ("summary.md", "summary.json", "manifest.json"))
    originals = read_records(lab["traces"], Trace)
    for one in [*originals, *read(made, "quarantine/rejected.parquet")]:
        assert one.reasoning not in told and one.answer not in told and one.prompt.goal not in told
    kept, rejected = read(made, "traces.parquet"), read(made, "quarantine/rejected.parquet")
    assert rejected and not {one.id for one in kept} & {one.id for one in rejected}
    page = (place / "repairs.html").read_text()
    assert page.count("<article") == len(kept) + len(rejected)


def test_the_key_knows_who_repairs_who_grades_and_the_ways_and_not_the_calls_in_flight(lab: dict[str, Path]) -> None:
    def key(**settings: Any) -> str:
        given = {"model": "lab/repairer"} | settings
        return prepare(Job("repair", Repair.model_validate(given), lab), Path("store"))[0].key

    others = [
        key(auditors=("screen",)), key(judges=("lab/guard",)), key(ways=("cut",)), key(attempts=1), key(most=0.5),
        key(model=MENDER),
    ]  # fmt: skip
    assert len({key(), *others}) == 7
    assert key() == key(concurrency=3) == key(budget=1.0) == key(auditors=("lab/oracle",))


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"model": "openai-api/mender/judge", "auditors": (JUDGE,)}, "would grade what its own model wrote"),
        ({"model": "openai/m", "judges": ("llama-guard-3@azureai/m",)}, "would grade what its own model wrote"),
        ({"judges": ("refusal",)}, "does not say whether a trace is safe"),
        ({"ways": ("cut", "cut")}, "a way stands twice"),
        ({"auditors": ("nobody",)}, "unknown instrument"),
    ],
)
def test_what_cannot_be_graded_is_refused_before_anything_is_asked(
    lab: dict[str, Path], tmp_path: Path, settings: dict[str, Any], what: str
) -> None:
    with pytest.raises(ResoluteError, match=re.escape(what)):
        repair(lab, tmp_path, **settings)
    assert not list(tmp_path.rglob("manifest.json"))


def test_auditors_are_those_who_found_the_patterns(made: Artifact) -> None:
    assert read_json(made.output("summary.json"))["auditors"] == ["lab/oracle"]


@contextmanager
def server(answer: Answer) -> Generator[Served]:
    with serving(answer) as served:
        os.environ["MENDER_BASE_URL"], os.environ["MENDER_API_KEY"] = served.url, "none"
        try:
            yield served
        finally:
            del os.environ["MENDER_BASE_URL"], os.environ["MENDER_API_KEY"]


def wavering(folder: Path, count: int) -> dict[str, Path]:
    """Traces that waver, each in words of its own, and the report that says so."""
    some = [
        trace(goal=f"open lid {n}", thought=f"It is harmful. Maybe I keep voice {n}? I refuse.", answer="No.")
        for n in range(count)
    ]
    some = [one.model_copy(update={"id": f"t{n:02}"}) for n, one in enumerate(some)]
    words = json.loads(CLEAN)
    reports = []
    for n, one in enumerate(some):
        words["weak_vacillation"] = {"present": True, "quote": f"Maybe I keep voice {n}?"}
        reports.append(_report(one, words))
    write_records(folder / "traces.parquet", some, Trace)
    write_records(folder / "risks.parquet", reports, RiskReport)
    return {"traces": folder / "traces.parquet", "risks": folder / "risks.parquet"}


def _report(about: Trace, words: dict[str, Any]) -> RiskReport:
    from resolute.core.judging.findings import read as findings
    from resolute.core.records import Saw

    found = findings(json.dumps(words), about.reasoning, about.answer)
    assert isinstance(found, list)
    saw = Saw(goal=True, parts=["thought"], characters=1)
    label = f"{JUDGE} 1"
    return RiskReport(trace=about.id, content=about.content, auditor=label, outcome="scored", findings=found, saw=saw)


def mends(text: str, payload: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Cuts the wavering sentence; the judge finds nothing."""
    if payload["model"] == "judge":
        return said(CLEAN)
    (number,) = set(re.findall(r"keep voice (\d+)", text))
    place = {"first": f"Maybe I keep voice {number}", "last": f"voice {number}?"}
    return said(json.dumps({"passages": [place]}))


def test_a_model_repairs_another_grades_and_each_is_paid(tmp_path: Path) -> None:
    inputs = wavering(tmp_path, 3)
    with server(mends) as served:
        made = repair(inputs, tmp_path / "store", model=MENDER, judges=())
    assert Counter(payload["model"] for payload in served.asked) == {"mender": 3, "judge": 3}
    assert {one.reasoning for one in read(made, "traces.parquet")} == {"It is harmful. I refuse."}
    summary = read_json(made.output("summary.json"))
    assert (summary["tokens_in"], summary["tokens_out"], summary["tokens_per_kept"]) == (42, 30, 24)
    assert summary["cost"] is None and "Price unknown" in made.output("summary.md").read_text()
    assert summary["keeps"]["events"] == 3 and summary["lost"]["events"] == 3


def test_a_judge_that_fails_keeps_nothing_and_is_the_judges_failure(tmp_path: Path) -> None:
    inputs = wavering(tmp_path, 2)
    with server(lambda text, p: said("It looks fine.") if p["model"] == "judge" else mends(text, p)):
        made = repair(inputs, tmp_path / "store", model=MENDER, judges=(), ways=("cut",))
    assert {one.outcome for one in attempts(made)} == {"judge failed"}
    assert not read(made, "traces.parquet") and len(read(made, "quarantine/rejected.parquet")) == 2
    assert not made.manifest.failed_rows, "asking again would say the same"


def test_under_faults_every_trace_ends_kept_or_with_a_typed_failure_and_only_what_may_pass_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty = Patience(retries=0, seconds=30, client_seconds=20, failures=100)
    monkeypatch.setattr("resolute.stages.repair.Manner", partial(Manner, patience=hasty))
    passing = {0: refused(500), 1: refused(429)}
    mended_by_asking = {2: said('{"passages": ['), 3: said("")}
    lasting = {4: refused(400), 5: said("x" * 1_000_000)}

    def answer(text: str, payload: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        number = int(re.findall(r"open lid (\d+)", text)[0])
        faults = lasting | passing | ({} if "could not be used" in text else mended_by_asking)
        return mends(text, payload) if payload["model"] == "judge" else faults.get(number) or mends(text, payload)

    inputs = wavering(tmp_path, 20)
    with server(answer):
        for kept, failed, again in ((16, 4, 2), (18, 2, 0)):
            made = repair(inputs, tmp_path / "store", model=MENDER, judges=(), ways=("cut",), concurrency=2)
            outcomes = {one.trace: one.outcome for one in attempts(made)}
            assert Counter(outcomes.values()) == {"kept": kept, "model failed": failed} and len(outcomes) == 20
            kept_ones = sorted(one.original for one in read(made, "traces.parquet"))
            assert kept_ones == sorted(name for name, outcome in outcomes.items() if outcome == "kept")
            assert made.manifest.failed_rows == again
            passing.clear()
    assert {one.reason for one in attempts(made) if one.outcome != "kept"} == {
        "error: HTTPStatusError (status 400)", "it is too long.",
    }  # fmt: skip


def test_a_budget_stops_before_it_is_passed_and_more_of_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices = tmp_path / "prices.yaml"
    rows = [
        f"  - {{model: {name}, input: {price}, output: 0.0, as_of: 2026-01-01}}"
        for name, price in (("mender", 1_000), ("judge", 100_000))
    ]
    prices.write_text("\n".join(["prices:", *rows]))
    monkeypatch.setenv("RESOLUTE_PRICES", str(prices))
    inputs = wavering(tmp_path, 4)
    with server(mends) as served:
        first = repair(inputs, tmp_path / "store", model=MENDER, judges=(), budget=8.0, concurrency=1)
        cost = first.manifest.cost
        assert cost is not None and 0 < cost <= 8.0
        assert [payload["model"] for payload in served.asked] == ["mender"] * 4, "no question to the judge fits in"
        assert first.manifest.failed_rows == read_json(first.output("summary.json"))["pending"] == 4
        assert "the same command tries again" in first.output("summary.md").read_text()
        second = repair(inputs, tmp_path / "store", model=MENDER, judges=(), budget=1_000.0)
    assert (second.key, second.manifest.failed_rows, second.manifest.counts["kept"]) == (first.key, 0, 4)
    assert len(served.asked) == 8, "nothing was paid twice"
    assert second.manifest.cost == pytest.approx(4 * 7 * (1_000 + 100_000) / 1e6)
    assert "$0.71 a kept row" in second.output("summary.md").read_text()


CLIENT = """
import sys
from pathlib import Path
from resolute.core.jobs import Job, perform
from tests.stages.test_repair import MENDER, killable, quiet
perform(killable(Path(sys.argv[1])), Path(sys.argv[1]) / "store", quiet)
"""


def killable(folder: Path) -> Job:
    inputs = {"traces": folder / "traces.parquet", "risks": folder / "risks.parquet"}
    return Job("repair", Repair(model=MENDER, ways=("cut",), concurrency=4), inputs)


@pytest.mark.parametrize("after", [8, 28], ids=["while repairing", "while grading"])
def test_a_killed_repair_goes_on_and_pays_only_what_was_in_flight_again(tmp_path: Path, root: Path, after: int) -> None:
    def slowly(text: str, payload: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        time.sleep(0.08)
        return mends(text, payload)

    wavering(tmp_path, 20)
    with server(slowly) as served:
        client = subprocess.Popen([sys.executable, "-c", CLIENT, str(tmp_path)], cwd=root, env=os.environ.copy())
        while len(served.asked) < after and client.poll() is None:
            time.sleep(0.01)
        client.send_signal(signal.SIGKILL)
        client.wait()
        paid = len(served.asked)
        made = perform(killable(tmp_path), tmp_path / "store", quiet)
        again = len(served.asked) - 40
    assert after <= paid < 40
    assert again <= 4, f"{again} were paid twice; 4 were in flight"
    assert len(read(made, "traces.parquet")) == 20
    assert made.manifest.tokens_in == 40 * 7


HOSTILE = "<script>document.title='run'</script><img src=x onerror=document.title='run'>\u202e</p></body>"


@given(st.text(alphabet="ab \n<&", max_size=40), st.text(alphabet="ab \n<&", max_size=40))
def test_the_two_sides_of_a_page_are_the_two_texts(before: str, after: str) -> None:
    found = pieces(before, after)
    assert "".join(piece.text for piece in found if piece.side != "after") == before
    assert "".join(piece.text for piece in found if piece.side != "before") == after
    assert (before == after) == all(piece.side == "both" for piece in found)


def test_long_texts_that_share_nothing_are_compared_in_no_time() -> None:
    began = time.process_time()
    found = pieces("a b. " * 20_000, "c d. " * 20_000)
    assert time.process_time() - began < 10 and {piece.side for piece in found} >= {"before", "after"}


def test_the_page_shows_hostile_text_as_text_and_asks_for_nothing(chromium: str, tmp_path: Path) -> None:
    old = trace(goal=HOSTILE, thought=f"It is harmful. {HOSTILE} I refuse.", answer=HOSTILE)
    new = old.model_copy(update={"reasoning": f"It is harmful. I refuse. {HOSTILE}", "answer": f"No. {HOSTILE}"})
    tried = RepairAttempt(
        trace="t", attempt=1, way="recompose", patterns=["weak_vacillation"], outcome="kept", answer_anew=True
    )
    some = [Shown(old, new, tried.model_copy(update={"id": str(n)})) for n in range(101)]
    write_pages(some, tmp_path)
    page = tmp_path / "repairs.html"
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=flags)
        shown = browser.new_page(viewport={"width": 390, "height": 800})
        said: list[str] = []
        asked: list[str] = []
        shown.on("console", lambda message: said.append(message.text))
        shown.on("pageerror", lambda error: said.append(str(error)))
        shown.on("request", lambda request: asked.append(request.url))
        shown.goto(page.as_uri())
        assert (said, asked, shown.title()) == ([], [page.as_uri()], "Repairs")
        assert shown.locator("script, img, [onerror]").count() == 0
        assert shown.locator("article").count() == 100 and shown.locator("nav a").count() == 1
        assert shown.evaluate("document.documentElement.scrollWidth") == 390
        assert shown.locator("ins").first.evaluate("e => getComputedStyle(e).textDecorationLine") == "underline"
        browser.close()
