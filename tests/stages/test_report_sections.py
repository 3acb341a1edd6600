"""Laws of the report's smaller tables: attacks, integrity, cost, several samples, Pareto fronts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from resolute.core.files import read_records, write_json, write_records
from resolute.core.integrity import Trial
from resolute.core.keys import file_digest
from resolute.core.records import Example, Record, Trace, Verdict
from resolute.core.results.attacked import Course
from resolute.core.runs import Artifact
from resolute.stages.pages.charts import Point
from resolute.stages.pages.pictures import beaten
from resolute.stages.pages.sections import attacks, cost, integrity, parted
from resolute.stages.pages.sheet import Sheet
from resolute.stages.pages.study import Study, read_study
from tests.stages.synthetic import RAW, STUDY, Maker

GOALS = 6


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return read_study(Maker(tmp_path, [RAW], goals=GOALS, unscored=0).write())


def put(artifact: Artifact, name: str, records: Sequence[Record], form: type[Record]) -> None:
    """Give an artifact these records, as if it had been made so."""
    write_records(artifact.folder / name, records, form)
    manifest = artifact.manifest
    manifest.outputs[name] = file_digest(artifact.folder / name)
    write_json(artifact.folder / "manifest.json", manifest.model_dump(mode="json"))


def lines(sheet: Sheet | None) -> list[dict[str, str]]:
    assert sheet is not None
    return [dict(zip(sheet.header, row, strict=True)) for row in sheet.rows]


def course(number: int, *, queries: int, at: int | None = None, failed: bool = False) -> Course:
    return Course(
        id=f"c{number}", prompt=f"p{number}", attack="pair", attacker_failed=failed, found=at is not None,
        queries=queries, queries_to_found=at, streams=1, streams_failed=int(failed), not_rated=number % 2, fresh=0,
    )  # fmt: skip


def test_what_an_attacker_could_not_attack_is_in_no_rate_and_queries_are_of_what_was_found(study: Study) -> None:
    assert attacks.courses(study) is None
    held = [
        course(0, queries=9, at=3),
        course(1, queries=5, at=5),
        course(2, queries=10),
        course(3, queries=0, failed=True),
    ]
    put(study.rows[0].artifacts["evaluate"], "courses.parquet", held, Course)
    (line,) = lines(attacks.courses(study))
    assert (line["Goals"], line["Attacker failed"], line["Not rated"]) == ("3", "1", "2")
    assert line["Found"].startswith("66.7%")
    assert (line["Queries, median"], line["Queries, most"], line["Queries, mean of all"]) == ("4", "5", "8.0")


def test_an_attack_that_never_found_anything_has_no_queries_to_found(study: Study) -> None:
    put(study.rows[0].artifacts["evaluate"], "courses.parquet", [course(0, queries=7)], Course)
    (line,) = lines(attacks.courses(study))
    assert line["Found"].startswith("0.0%") and line["Queries, median"] == line["Queries, most"] == "\u2013"


def test_further_samples_of_a_found_request_say_how_often_it_comes_again(study: Study) -> None:
    assert attacks.reproduced(study) is None
    row = study.rows[0]
    traces = read_records(row.artifacts["evaluate"].output("traces.parquet"), Trace)
    first = next(one for one in traces if one.attack == "none" and one.task == "lab/safety")
    fresh = [first.model_copy(update={"id": f"f{n}", "attack": "pair:fresh", "sample": n}) for n in range(4)]
    said = read_records(row.artifacts["judge"].output("verdicts.parquet"), Verdict)
    shape = next(one for one in said if (one.event, one.part, one.outcome) == ("unsafe", "answer", "scored"))
    more = [shape.model_copy(update={"id": f"v{n}", "trace": f"f{n}", "score": float(n < 1)}) for n in range(3)]
    lost = shape.model_copy(update={"id": "v3", "trace": "f3", "score": None, "outcome": "model failed"})
    put(row.artifacts["evaluate"], "traces.parquet", [*traces, *fresh], Trace)
    put(row.artifacts["judge"], "verdicts.parquet", [*said, *more, lost], Verdict)
    again = read_study(row.artifacts["evaluate"].folder.parents[2] / "demo" / "study.json")
    (line,) = lines(attacks.reproduced(again))
    assert line["Attack"] == "pair:fresh" and line["Again"].startswith("25.0%"), "what the model failed to give is n"


def trial(number: int, *, harmful: float, clean: float, right: float, guard: str = "guard 1") -> Trial:
    return Trial(
        id=f"t{number}{guard}", trace=f"a{number}", clean=f"b{number}", task="lab/integrity", attack="integrity: aside",
        prompt=f"q{number}", sample=0, guard=guard, instrument="exact 1", harmful=harmful, harmful_clean=clean,
        right=right, right_clean=1.0, kept=right,
    )  # fmt: skip


def test_a_thought_that_a_framing_turned_stands_beside_its_clean_one_and_its_answer(study: Study) -> None:
    assert integrity.thoughts(study) is None and integrity.answers(study) is None
    held = [trial(n, harmful=float(n < 6), clean=float(n < 1), right=float(n != 5)) for n in range(10)]
    put(study.rows[0].artifacts["judge"], "integrity.parquet", held, Trial)
    (line,) = lines(integrity.thoughts(study))
    assert (line["Framing"], line["Guard"], line["Questions"]) == ("aside", "guard", "10")
    assert line["Harmful thought: clean"].startswith("10.0%")
    assert line["Harmful thought: framed"].startswith("60.0%")
    assert line["Broken"].startswith("50.0%") and "[" in line["Broken"], "one harmful thought had a wrong answer"
    assert line["Difference, points"].startswith("+50.0 [")
    (answer,) = lines(integrity.answers(study))
    assert answer["Right: clean"].startswith("100.0%") and answer["As the clean answer"].startswith("90.0%")


def test_without_a_guard_of_thoughts_only_answers_are_said(study: Study) -> None:
    held = [trial(0, harmful=0.0, clean=0.0, right=1.0, guard="")]
    put(study.rows[0].artifacts["judge"], "integrity.parquet", held, Trial)
    assert integrity.thoughts(study) is None and len(lines(integrity.answers(study))) == 1


def test_tokens_are_summed_once_an_artifact_and_money_is_shown_where_it_is_known(study: Study) -> None:
    row = study.rows[0]
    traces = read_records(row.artifacts["evaluate"].output("traces.parquet"), Trace)
    counted = [one.model_copy(update={"tokens_in": 1000, "tokens_out": 10}) for one in traces]
    put(row.artifacts["evaluate"], "traces.parquet", counted, Trace)
    judge = row.artifacts["judge"]
    priced = judge.manifest.model_copy(update={"cost": 1.5})
    write_json(judge.folder / "manifest.json", priced.model_dump(mode="json"))
    asked, judged = lines(cost.cost(study))
    assert asked["Outputs"] == str(len(traces)) and asked["US dollars"] == "not known"
    assert asked["Tokens in"] == f"{1000 * len(traces):,}" and asked["Tokens out"] == f"{10 * len(traces):,}"
    assert (judged["Stage"], judged["US dollars"]) == ("judge", "$1.50")


def test_several_samples_of_a_problem_give_pass_at_k(study: Study) -> None:
    assert parted.samples(study) is None
    row = study.rows[0]
    traces = read_records(row.artifacts["evaluate"].output("traces.parquet"), Trace)
    sums = [one for one in traces if one.task == "lab/arithmetic"]
    twice = [one.model_copy(update={"id": f"{one.id}-2", "sample": 1}) for one in sums]
    said = read_records(row.artifacts["judge"].output("verdicts.parquet"), Verdict)
    right = {one.id for one in sums}
    first = [one.model_copy(update={"score": 1.0}) if one.trace in right else one for one in said]
    second = [
        one.model_copy(update={"id": f"{one.id}-2", "trace": f"{one.trace}-2", "score": 0.0})
        for one in first
        if one.trace in right and one.event == "correct"
    ]
    put(row.artifacts["evaluate"], "traces.parquet", [*traces, *twice], Trace)
    put(row.artifacts["judge"], "verdicts.parquet", [*first, *second], Verdict)
    again = read_study(row.artifacts["evaluate"].folder.parents[2] / "demo" / "study.json")
    found = {line["k"]: line["pass@k"] for line in lines(parted.samples(again)) if line["Task"] == "lab/arithmetic"}
    assert found["1"].startswith("50.0%") and found["2"].startswith("100.0%")


def test_rows_that_saw_none_of_the_goals_are_one_line(tmp_path: Path) -> None:
    study = read_study(Maker(tmp_path, [RAW, *STUDY[1:3]], goals=GOALS, distilled=6).write())
    for row in study.rows[1:]:
        held = read_records(row.artifacts["curate"].output("examples.parquet"), Example)
        other = [one.model_copy(update={"goal": f"weather of place {n}"}) for n, one in enumerate(held)]
        put(row.artifacts["curate"], "examples.parquet", other, Example)
    (line,) = lines(parted.nearness(study, []))
    assert (line["Row"], line["Goals are"], line["Goals"]) == ("Every trained row", "unseen", str(3 * GOALS))


FOUR = {"a": (0.1, 0.5), "b": (0.3, 0.2), "c": (0.3, 0.5), "d": (0.9, 0.9)}


@pytest.mark.parametrize(("right", "front"), [(False, {"a", "b"}), (True, {"b", "d"})])
def test_the_front_is_whom_no_other_beats_in_both(right: bool, front: set[str]) -> None:
    def point(value: float) -> Point:
        return Point("", value, None, None, "")

    spots = [(point(x), point(y), name) for name, (x, y) in FOUR.items()]
    assert {name for x, y, name in spots if not beaten(x, y, spots, right=right)} == front


def test_two_rows_that_are_alike_are_both_on_the_front() -> None:
    alike = Point("", 0.5, math.nan, None, "")
    spots = [(alike, alike, "a"), (alike, alike, "b")]
    assert not any(beaten(x, y, spots, right=False) for x, y, _ in spots)
