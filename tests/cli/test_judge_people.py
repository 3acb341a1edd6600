"""`judge agree`, `sheet` and `calibrate` on a run: what is said, what is written, and what is refused."""

from __future__ import annotations

import csv
import json
import random
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from resolute.core.files import write_json, write_records
from resolute.core.keys import file_digest
from resolute.core.records import Ending, Prompt, Saw, Trace, Verdict
from resolute.core.runs import Artifact, Manifest, Run

Shell = Callable[..., Any]
TEXT = "MODEL-OUTPUT"
JUDGES = (("careful 1", 0.9, 0.95), ("coarse 1", 0.6, 0.9))


@pytest.fixture
def judge(resolute: Shell) -> Shell:
    """Runs `resolute judge ...`; gives exit code, output and errors."""

    def shell(*arguments: object) -> tuple[int, str, str]:
        told = resolute("judge", *arguments)
        return told.code, told.out, told.err

    return shell


def truth(trace: str) -> bool:
    """What people see in a text: its id says so."""
    return trace.endswith("1")


def made(run: Path, *, size: int = 900, rate: float = 0.3, salt: str = "a", judges: Any = JUDGES) -> Run:
    """A run with two attacks on shared goals, judged by two instruments; some rows hold nothing, some judges fail."""
    draw = random.Random(salt)
    traces: list[Trace] = []
    verdicts: list[Verdict] = []
    for number in range(size):
        unsafe = draw.random() < rate
        trace = _trace(f"{salt}{number:05d}{int(unsafe)}", number, empty=number % 30 == 0)
        traces.append(trace)
        for name, yes, no in judges:
            right = draw.random() < (yes if unsafe else no)
            verdicts.append(_verdict(trace, name, unsafe == right, failed=draw.random() < 0.02))
    return stored(run, traces, verdicts)


def stored(run: Path, traces: list[Trace], verdicts: list[Verdict]) -> Run:
    target = Run(run)
    artifact = Artifact("judge", f"key{run.name}", target.store / "judge" / f"key{run.name}")
    write_records(artifact.folder / "traces.parquet", traces, Trace)
    write_records(artifact.folder / "verdicts.parquet", verdicts, Verdict)
    names = ("traces.parquet", "verdicts.parquet")
    outputs = {name: file_digest(artifact.folder / name) for name in names}
    manifest = Manifest(stage="judge", stage_version=1, key=artifact.key, settings={}, state="done", outputs=outputs)
    write_json(artifact.folder / "manifest.json", manifest.model_dump(mode="json"))
    target.point("judge", artifact)
    return target


def _trace(name: str, number: int, *, empty: bool) -> Trace:
    ending = Ending(where="thought", why="length") if empty else Ending(where="answer", why="end of turn")
    return Trace(
        id=name,
        prompt=Prompt(text=f"framed {number}", goal=f"goal {number // 2}"),
        sent=[],
        model="secret-model",
        identity="secret-model",
        task="suite/task",
        attack=("none", "persona")[number % 2],
        reasoning="a thought",
        answer="" if empty else f"{TEXT} {number}",
        ending=ending,
    )


def _verdict(trace: Trace, judge: str, said: bool, *, failed: bool) -> Verdict:
    outcome = "model failed" if not trace.answer else "judge failed" if failed else "scored"
    return Verdict(
        trace=trace.id,
        judge=judge,
        event="unsafe",
        part="answer",
        outcome=outcome,
        score=float(said) if outcome == "scored" else None,
        saw=Saw(goal=True, parts=["answer"], characters=9),
    )


def labelled(run: Path, *, name: str = "labels.csv", honest: Callable[[str], bool] = truth, upto: int = 10**9) -> Path:
    """The run's sheet, labelled from the top by someone who is right."""
    (place,) = run.glob("quarantine/sheet-*.csv")
    (key,) = run.glob("*.key.csv")
    traces = {row["row"]: row["trace"] for row in read(key) if row["row"]}
    rows = read(place)
    for row in rows[:upto]:
        row["label"] = "unsafe" if honest(traces[row["row"]]) else "safe"
    with Path(name).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return Path(name)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_agree_shows_every_instrument_and_keeps_the_texts_apart(judge: Shell, here: Path) -> None:
    made(here / "runs" / "mine")
    code, out, err = judge("agree", "runs/mine")
    assert code == 0, err
    assert "careful 1" in out
    assert "Krippendorff's alpha of all 2" in out
    assert TEXT not in out + err
    summary = json.loads(Path("runs/mine/agreement.json").read_text())
    assert TEXT not in json.dumps(summary)
    (question,) = summary["questions"]
    assert (question["rows"], question["nothing_to_judge"]) == (870, 30)
    for one in question["instruments"]:
        assert one["scored"] + one["judge_failed"] == 870
        assert one["judge_failed"] > 0
    (pair,) = question["pairs"]
    assert 0.2 < pair["kappa"]["low"] < pair["kappa"]["value"] < pair["agreement"]["value"] < 1
    path = Path("runs/mine/quarantine/disagreements.jsonl")
    assert f"{path}: " in out
    assert "holds model output" in out
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert all(len(set(row["said"].values())) == 2 and row["text"].startswith(TEXT) for row in rows)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_one_instrument_alone_is_told_so(judge: Shell, here: Path) -> None:
    made(here / "runs" / "mine", size=60, judges=JUDGES[:1])
    code, out, _ = judge("agree", "runs/mine")
    assert code == 0
    assert "agrees with nobody" in out
    assert "0 rows on which they disagree" in out


def test_a_sheet_is_blind_private_and_its_key_lies_elsewhere(judge: Shell, here: Path) -> None:
    made(here / "runs" / "mine")
    code, out, err = judge("sheet", "runs/mine", "--n", 120)
    assert code == 0, err
    assert TEXT not in out + err
    (place,) = Path("runs/mine/quarantine").glob("*.csv")
    (key,) = Path("runs/mine").glob("*.key.csv")
    assert len(read(place)) == 120
    for word in ("secret-model", "persona", "careful", "suite/task", "0.1"):
        assert word not in place.read_text()
    assert stat.S_IMODE(place.stat().st_mode) == stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "stood already" in judge("sheet", "runs/mine", "--n", 120)[1]
    assert judge("sheet", "runs/mine", "--n", 120, "--seed", 1)[0] == 0


def test_labels_lead_from_a_wrong_rate_to_the_true_one(judge: Shell, here: Path) -> None:
    made(here / "runs" / "mine", size=3_000)
    assert judge("sheet", "runs/mine", "--n", 400)[0] == 0
    code, out, err = judge("calibrate", "runs/mine", "--labels", labelled(Path("runs/mine")))
    assert code == 0, err
    assert TEXT not in out
    summary = json.loads(Path("runs/mine/calibration.json").read_text())
    whole = {one["judge"]: one for one in summary["calibrations"] if not one["attack"]}
    true = 0.3 * 29 / 30  # where nothing is to judge, nothing happened
    assert set(whole) == {"careful 1", "coarse 1"}
    for one in whole.values():
        assert one["ppi"]["low"] < true < one["ppi"]["high"]
        assert one["rogan_gladen"]["low"] < true < one["rogan_gladen"]["high"]
        assert (one["rows"], one["sure"], one["labels"]) == (3_000, 100, 400)
        assert one["judge_failed"] > 0
    coarse = whole["coarse 1"]
    assert coarse["raw"]["events"] / coarse["raw"]["n"] < true - 0.02, "uncorrected, the coarse judge misses many"
    assert coarse["sensitivity"]["low"] < 0.6 < coarse["sensitivity"]["high"]
    attacks = {(one["judge"], one["attack"]) for one in summary["calibrations"] if one["attack"]}
    assert len(attacks) == 4


def test_too_few_labels_give_no_rate_but_a_number(judge: Shell, here: Path) -> None:
    made(here / "runs" / "mine")
    judge("sheet", "runs/mine", "--n", 60)
    code, out, _ = judge("calibrate", "runs/mine", "--labels", labelled(Path("runs/mine")))
    assert code == 0
    assert "too few labels: 60, about 100 would do" in out
    assert "No rate of its own: careful 1, suite/task persona: too few labels" in out


def test_rows_left_without_a_label_are_shown_with_what_they_could_change(judge: Shell, here: Path) -> None:
    made(here / "runs" / "mine")
    judge("sheet", "runs/mine", "--n", 300)
    path = labelled(Path("runs/mine"))
    rows = read(path)
    for row in rows[:6]:
        row["label"] = "unsure"
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    code, out, err = judge("calibrate", "runs/mine", "--labels", path)
    assert code == 0, err
    assert "6 drawn rows have no label; with all of them no or yes PPI++ is" in out
    for one in json.loads(Path("runs/mine/calibration.json").read_text())["calibrations"]:
        if one["missing"]:
            assert one["missing"]["if_no"] < one["missing"]["if_yes"]


def test_readers_of_one_sheet_stand_beside_the_instruments_and_readers_of_two_are_refused(
    judge: Shell, here: Path
) -> None:
    made(here / "runs" / "mine")
    judge("sheet", "runs/mine", "--n", 200)
    ann = labelled(Path("runs/mine"), name="ann.csv")
    ben = labelled(Path("runs/mine"), name="ben.csv", honest=lambda name: truth(name) or name.endswith("70"))
    code, out, err = judge("agree", "runs/mine", "--labels", ann, "--labels", ben)
    assert code == 0, err
    assert "people: ann" in out and TEXT not in out
    (question,) = json.loads(Path("runs/mine/agreement.json").read_text())["questions"]
    found = {(one["first"], one["second"]): one["kappa"]["value"] for one in question["with_people"]}
    assert 0.7 < found["people: ann", "people: ben"] < 1
    assert found["people: ann", "careful 1"] > found["people: ann", "coarse 1"]
    assert judge("sheet", "runs/mine", "--n", 100, "--seed", 1, "--out", "other.csv")[0] == 0
    rows = read(Path("other.csv"))
    Path("eve.csv").write_text("row,label\n" + "".join(f"{row['row']},safe\n" for row in rows))
    says(judge("agree", "runs/mine", "--labels", ann, "--labels", "eve.csv"), "different sheets")


def test_two_runs_are_compared_from_labels_of_each(judge: Shell, here: Path) -> None:
    for name, rate in (("first", 0.5), ("second", 0.2)):
        made(here / "runs" / name, rate=rate, salt=name)
        assert judge("sheet", f"runs/{name}", "--n", 300)[0] == 0
    first = labelled(Path("runs/first"), name="a.csv")
    second = labelled(Path("runs/second"), name="b.csv")
    line = ("calibrate", "runs/first", "--labels", first, "--against", "runs/second", "--against-labels", second)
    code, out, err = judge(*line)
    assert code == 0, err
    assert "## Difference" in out
    for one in json.loads(Path("runs/first/calibration.json").read_text())["differences"]:
        assert one["difference"]["low"] < 0.3 * 29 / 30 < one["difference"]["high"]
        assert one["difference"]["low"] > 0.1


def test_one_sheet_of_two_runs_hides_which_run_a_row_is_of(judge: Shell, here: Path) -> None:
    for name, rate in (("first", 0.5), ("second", 0.2)):
        made(here / "runs" / name, rate=rate, salt=name)
    assert judge("sheet", "runs/first", "runs/second", "--n", 700)[0] == 0
    path = labelled(Path("runs/first"))
    code, _, err = judge("calibrate", "runs/first", "--labels", path, "--against", "runs/second")
    assert code == 0, err
    for one in json.loads(Path("runs/first/calibration.json").read_text())["differences"]:
        assert one["difference"]["low"] < 0.3 * 29 / 30 < one["difference"]["high"]
    code, _, err = judge("calibrate", "runs/first", "--labels", path)
    assert code == 1
    assert "--against" in err


def test_a_run_that_judged_another_runs_traces_finds_them_until_they_change(judge: Shell, here: Path) -> None:
    target = made(here / "runs" / "mine", size=60)
    (own,) = target.entries().values()
    elsewhere = here / "answers.parquet"
    (own.folder / "traces.parquet").rename(elsewhere)
    manifest = own.manifest
    manifest.outputs.pop("traces.parquet")
    manifest.inputs, manifest.sources = {"traces": file_digest(elsewhere)}, {"traces": str(elsewhere)}
    write_json(own.folder / "manifest.json", manifest.model_dump(mode="json"))
    assert judge("agree", "runs/mine")[0] == 0
    elsewhere.write_bytes(b"something else")
    says(judge("agree", "runs/mine"), "moved or changed", "answers.parquet")


def says(told: tuple[int, str, str], *words: str) -> None:
    code, _, err = told
    assert code == 1
    assert err.count("error: ") == 1
    assert "mend: " in err
    for word in words:
        assert word in err


def test_labels_of_rows_people_chose_are_refused(judge: Shell, here: Path) -> None:
    made(here / "runs" / "mine", size=90)
    Path("own.csv").write_text("row,label\nabc,unsafe\n")
    says(judge("calibrate", "runs/mine", "--labels", "own.csv"), "no sheet was drawn", "runs/mine")
    judge("sheet", "runs/mine", "--n", 40)
    says(judge("calibrate", "runs/mine", "--labels", "own.csv"), "was not drawn", "own.csv, row 2")


def test_labels_of_a_run_that_changed_are_refused(judge: Shell, here: Path) -> None:
    made(here / "runs" / "mine", size=90)
    judge("sheet", "runs/mine", "--n", 40)
    path = labelled(Path("runs/mine"))
    made(here / "runs" / "mine", size=120)
    says(judge("calibrate", "runs/mine", "--labels", path), "drawn from other rows")
    made(here / "runs" / "mine", size=90, salt="b")
    says(judge("calibrate", "runs/mine", "--labels", path), "not in the run")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param(("agree", "runs/none"), ("no run and no file", "runs/none"), id="no run"),
        pytest.param(("sheet", "runs/mine", "--event", "refused"), ("nobody judged 'refused'", "unsafe"), id="event"),
        pytest.param(("sheet", "runs/mine", "--part", "thought"), ("nobody judged 'thought'", "answer"), id="part"),
        pytest.param(("sheet", "runs/mine", "--task", "odd"), ("the task 'odd'", "suite/task"), id="task"),
        pytest.param(("calibrate", "runs/mine", "--labels", "nosuch.csv"), ("nosuch.csv",), id="no labels"),
        pytest.param(
            ("calibrate", "runs/mine", "--labels", "x", "--against-labels", "y"), ("--against RUN",), id="no second run"
        ),
    ],
)
def test_wrong_lines_say_what_where_and_how(
    judge: Shell, here: Path, line: tuple[str, ...], words: tuple[str, ...]
) -> None:
    made(here / "runs" / "mine", size=60)
    judge("sheet", "runs/mine", "--n", 20)
    says(judge(*line), *words)
