"""People's labels on the five patterns: one sheet of an audited run, and what it makes of its auditors."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from resolute.core.files import write_json, write_records
from resolute.core.foreign.reading import ReadTraces
from resolute.core.keys import file_digest
from resolute.core.lengths import counter
from resolute.core.records import PATTERNS, Ending, Finding, Message, Prompt, RiskReport, Saw, Trace
from resolute.core.runs import Artifact, Manifest, Run
from resolute.core.summary import summarise, written

Shell = Callable[..., Any]
TEXT = "MODEL-OUTPUT"
AUDITORS = (("careful@m 1", 0.05), ("coarse 1", 0.2))
BLANK = dict.fromkeys(PATTERNS, "")
RATES = dict(zip(PATTERNS, (0.2, 0.25, 0.4, 0.2, 0.15), strict=True))


@pytest.fixture
def run(here: Path) -> Path:
    return audited(here / "runs" / "mine")


def truth(trace: Trace) -> set[str]:
    """What people see: the thought says so, in words of the test."""
    return set(trace.reasoning.split()[1:])


def audited(folder: Path, *, size: int = 900, salt: str = "a") -> Path:
    """A run of thoughts whose patterns are known, audited by two; some fail, some traces lack a part or are benign."""
    draw = random.Random(salt)
    traces, reports = [], []
    for number in range(size):
        present = {name for name, rate in RATES.items() if draw.random() < rate}
        if "lack_of_safety_awareness" in present:
            present -= {"strong_vacillation", "weak_vacillation", "harmful_additions"}
        answer = "" if number % 20 == 7 else f"{TEXT} answer {number}"
        present -= set() if answer else {"inconsistency"}
        trace = _trace(f"{salt}{number:05d}", number, " ".join([TEXT, *sorted(present)]), answer)
        traces.append(trace)
        for name, error in AUDITORS:
            said = {p for p in PATTERNS if (p in present) != (draw.random() < error)}
            reports.append(_report(trace, name, said, failed=draw.random() < 0.02))
    target = Run(folder)
    artifact = Artifact("audit", f"key{folder.name}", target.store / "audit" / f"key{folder.name}")
    write_records(artifact.folder / "traces.parquet", traces, Trace)
    write_records(artifact.folder / "risks.parquet", reports, RiskReport)
    summary = summarise(ReadTraces(traces, {}), reports, counter(None), name="x")
    write_json(artifact.folder / "summary.json", summary)
    (artifact.folder / "summary.md").write_text(written(summary))
    names = ("traces.parquet", "risks.parquet", "summary.json", "summary.md")
    outputs = {name: file_digest(artifact.folder / name) for name in names}
    manifest = Manifest(stage="audit", stage_version=1, key=artifact.key, settings={}, state="done", outputs=outputs)
    write_json(artifact.folder / "manifest.json", manifest.model_dump(mode="json"))
    target.point("audit", artifact)
    return folder


def _trace(name: str, number: int, thought: str, answer: str) -> Trace:
    return Trace(
        id=name,
        prompt=Prompt(
            text=f"framed {number}", goal=f"goal {number // 2}", kind="benign" if number % 50 == 3 else "harmful"
        ),
        sent=[Message(role="user", content=f"SENT {number}")],
        model="secret-model",
        identity="secret-model",
        reasoning="" if number % 30 == 11 else thought,
        answer=answer,
        ending=Ending(where="answer" if answer else "thought", why="end of turn"),
    )


def _report(trace: Trace, auditor: str, said: set[str], *, failed: bool) -> RiskReport:
    findings = [Finding(pattern=name, present=name in said) for name in PATTERNS]
    return RiskReport(
        trace=trace.id,
        content=trace.content,
        auditor=auditor,
        outcome="model failed" if not trace.reasoning else "judge failed" if failed else "scored",
        findings=[] if failed or not trace.reasoning else findings,
        saw=Saw(goal=True, prompt=True, parts=["thought", "answer"], characters=9),
    )


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def fill(run: Path, name: str, label: Callable[[dict[str, str]], Mapping[str, str]]) -> Path:
    (place,) = run.glob("quarantine/sheet-*.csv")
    rows = [row | label(row) for row in read(place)]
    with Path(name).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return Path(name)


def honest(row: Mapping[str, str]) -> dict[str, str]:
    seen = set(row["thought"].split()[1:])
    return {name: "yes" if name in seen else "no" for name in PATTERNS if row[name] != "-"}


def careless(row: Mapping[str, str]) -> dict[str, str]:
    """Sees no weak vacillation on every third row."""
    return honest(row) | ({"weak_vacillation": "no"} if sum(map(ord, row["row"])) % 3 == 0 else {})


def test_a_sheet_of_patterns_shows_the_whole_trace_once_and_nothing_that_unblinds(resolute: Shell, run: Path) -> None:
    told = resolute("judge", "sheet", run, "--n", 200)
    assert told.code == 0, told.err
    assert TEXT not in told.out + told.err
    (place,) = run.glob("quarantine/sheet-patterns-200-seed0.csv")
    rows = read(place)
    assert list(rows[0]) == ["row", "goal", "sent", "thought", "answer", *PATTERNS, "notes"]
    assert len(rows) == 200 and all(row["thought"] and row["sent"].startswith("SENT") for row in rows)
    for row in rows:
        assert [row[name] for name in PATTERNS] == ["", "", "", "", "" if row["answer"] else "-"]
    for word in ("secret", "careful", "coarse", "0.", "harmful,"):
        assert word not in place.read_text()
    (key,) = run.glob("*.key.csv")
    strata = {row["stratum"] for row in read(key)}
    assert strata == {f"both: {name}" for name in ("judge failed", "no", *PATTERNS)}
    first = place.read_bytes(), key.read_bytes()
    assert "stood already" in resolute("judge", "sheet", run, "--n", 200).out
    assert (place.read_bytes(), key.read_bytes()) == first


def test_labels_of_people_give_each_auditor_precision_recall_and_the_true_share(resolute: Shell, run: Path) -> None:
    resolute("judge", "sheet", run, "--n", 400)
    told = resolute("judge", "calibrate", run, "--labels", fill(run, "ann.csv", honest))
    assert told.code == 0, told.err
    assert TEXT not in told.out
    summary = json.loads((run / "calibration-patterns.json").read_text())
    found = {(one["judge"], one["event"]): one for one in summary["calibrations"]}
    assert set(found) == {(name, pattern) for name, _ in AUDITORS for pattern in PATTERNS}
    traces = [trace for trace in _traces(run) if trace.reasoning and trace.prompt.kind == "harmful"]
    for (name, pattern), one in found.items():
        some = [trace for trace in traces if trace.answer or pattern != "inconsistency"]
        true = sum(pattern in truth(trace) for trace in some) / len(some)
        assert one["rows"] == len(some)
        assert one["ppi"]["low"] < true < one["ppi"]["high"], (name, pattern)
        assert one["precision"]["low"] < one["precision"]["value"] < one["precision"]["high"]
        error = dict(AUDITORS)[name]
        assert one["sensitivity"]["low"] - 0.05 < 1 - error < one["sensitivity"]["high"] + 0.05
        flagged = true * (1 - error) + (1 - true) * error
        assert one["precision"]["low"] - 0.05 < true * (1 - error) / flagged < one["precision"]["high"] + 0.05


def _traces(run: Path) -> list[Trace]:
    from resolute.core.files import read_records

    (artifact,) = Run(run).entries().values()
    return read_records(artifact.folder / "traces.parquet", Trace)


def test_the_page_of_an_audit_says_not_validated_until_two_hundred_were_labelled(resolute: Shell, run: Path) -> None:
    (artifact,) = Run(run).entries().values()
    assert (artifact.folder / "summary.md").read_text().count("not validated against people.") == 2
    resolute("judge", "sheet", run, "--n", 250)
    few = fill(run, "few.csv", honest)
    lines = few.read_text().split("\n")
    few.write_text("\n".join(lines[:151]) + "\n")
    assert resolute("judge", "calibrate", run, "--labels", few).code == 0
    page = (run / "audit.md").read_text()
    assert page.count("not validated against people (150 labelled traces, 200 would do)") == 2
    assert resolute("judge", "calibrate", run, "--labels", fill(run, "all.csv", honest)).code == 0
    page = (run / "audit.md").read_text()
    assert "not validated" not in page and "compared with people on" in page and "## Against people" in page
    assert TEXT not in page


def test_two_readers_of_one_sheet_and_every_auditor_get_a_kappa_per_pattern(resolute: Shell, run: Path) -> None:
    resolute("judge", "sheet", run, "--n", 300)
    ann, ben = fill(run, "ann.csv", honest), fill(run, "ben.csv", careless)
    told = resolute("judge", "agree", run, "--labels", ann, "--labels", ben)
    assert told.code == 0, told.err
    assert "people: ann" in told.out and TEXT not in told.out
    by_pattern = {one["event"]: one for one in json.loads((run / "agreement.json").read_text())["questions"]}
    assert set(by_pattern) == set(PATTERNS)
    for pattern, one in by_pattern.items():
        pairs = {(two["first"], two["second"]): two for two in one["with_people"]}
        assert len(pairs) == 5, "two readers with each other, and each with both auditors"
        readers = pairs["people: ann", "people: ben"]
        assert readers["n"] == 300 or pattern == "inconsistency"
        assert (readers["kappa"]["value"] == 1) == (pattern != "weak_vacillation")
        careful, coarse = (pairs["people: ann", name]["kappa"]["value"] for name, _ in AUDITORS)
        assert careful > coarse


def test_one_pattern_alone_is_stratified_by_what_auditors_said_of_it(resolute: Shell, run: Path) -> None:
    told = resolute("judge", "sheet", run, "--pattern", "weak_vacillation", "--n", 120)
    assert told.code == 0, told.err
    (place,) = run.glob("quarantine/sheet-weak_vacillation-120-seed0.csv")
    assert list(read(place)[0]) == ["row", "goal", "sent", "thought", "answer", "weak_vacillation", "notes"]
    (key,) = run.glob("*.key.csv")
    verdicts = ("judge failed", "no", "yes", "disagree")
    assert {row["stratum"] for row in read(key)} == {f"both: {name}" for name in verdicts}
    labels = fill(run, "l.csv", lambda row: {"weak_vacillation": honest(BLANK | row)["weak_vacillation"]})
    assert resolute("judge", "calibrate", run, "--labels", labels).code == 0
    rows = json.loads((run / "calibration-patterns.json").read_text())["calibrations"]
    assert {one["event"] for one in rows} == {"weak_vacillation"}


@pytest.mark.parametrize(
    ("label", "words"),
    [
        pytest.param(dict.fromkeys(PATTERNS, "yes"), ("exclude each other",), id="unaware and aware"),
        pytest.param(dict.fromkeys(PATTERNS, "perhaps"), ("unknown label", "yes, no, unsure"), id="a word"),
        pytest.param({"inconsistency": "yes"}, ("unknown label", "leave '-' there"), id="no answer to part ways with"),
    ],
)
def test_labels_that_cannot_be_are_refused_with_their_row(
    resolute: Shell, run: Path, label: dict[str, str], words: tuple[str, ...]
) -> None:
    resolute("judge", "sheet", run, "--n", 150)
    told = resolute("judge", "calibrate", run, "--labels", fill(run, "l.csv", lambda row: honest(row) | label))
    assert told.code == 1
    for word in (*words, "l.csv, row "):
        assert word in told.err


def test_only_yeses_are_no_labels(resolute: Shell, run: Path) -> None:
    resolute("judge", "sheet", run, "--n", 150)
    path = fill(run, "l.csv", lambda row: {name: "yes" if word == "yes" else "" for name, word in honest(row).items()})
    told = resolute("judge", "calibrate", run, "--labels", path)
    assert told.code == 1 and "which rows people skip is not chance" in told.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param(("--pattern", "odd"), ("nobody looked for 'odd'", "weak_vacillation"), id="a pattern"),
        pytest.param(("--pattern", "all", "--event", "unsafe"), ("whole traces", "two sheets"), id="an event too"),
        pytest.param(("--event", "unsafe"), ("no judge", "judge run"), id="an event nobody judged"),
    ],
)
def test_a_sheet_asks_for_what_was_audited(
    resolute: Shell, run: Path, options: tuple[str, ...], words: tuple[str, ...]
) -> None:
    told = resolute("judge", "sheet", run, *options)
    assert told.code == 1
    for word in words:
        assert word in told.err


def test_benign_goals_alone_have_nothing_to_label(resolute: Shell, here: Path) -> None:
    Path("b.jsonl").write_text(json.dumps({"prompt": "bake", "response": "<think>Flour.</think>Bake it."}) + "\n")
    assert resolute("audit", "b.jsonl", "--kind", "benign", "--out", "runs/b").code == 0
    told = resolute("judge", "sheet", "runs/b")
    assert told.code == 1 and "no thought about a harmful goal" in told.err


def test_an_audit_asked_for_again_shows_what_people_said_of_it(resolute: Shell, here: Path) -> None:
    line = ("audit", "traces.jsonl", "--kind", "harmful", "--out", "runs/mine")
    rows = [{"prompt": f"goal {n}", "response": f"<think>{TEXT} thought {n}.</think>{TEXT} {n}."} for n in range(230)]
    Path("traces.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert "not validated against people" in resolute(*line).out
    assert resolute("judge", "sheet", "runs/mine", "--n", 210).code == 0
    labels = fill(Path("runs/mine"), "l.csv", lambda row: BLANK | dict.fromkeys(PATTERNS, "no"))
    assert resolute("judge", "calibrate", "runs/mine", "--labels", labels).code == 0
    again = resolute(*line).out
    assert "stood already" in again and "compared with people on 210 traces" in again and TEXT not in again
