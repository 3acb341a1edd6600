"""Laws of strata and forms: a row stands in one stratum, the rarest pattern decides, a sheet asks one kind of thing."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from resolute.core.people.forms import form
from resolute.core.people.labels import Key, Labels
from resolute.core.people.sheets import draw
from resolute.core.people.strata import by_pattern, by_verdict
from resolute.core.records import PATTERNS, Ending, Finding, Pattern, Prompt, RiskReport, Saw, Trace
from resolute.core.results.calibrating import Arm, rows_of
from resolute.core.results.judged import audited


def trace(number: int, *, answer: str = "a", thought: str = "t", kind: str = "harmful") -> Trace:
    prompt = Prompt.model_validate({"text": f"p {number}", "goal": f"goal {number}", "kind": kind})
    ending = Ending(where="answer", why="end of turn")
    return Trace(
        id=f"{number:04d}", prompt=prompt, sent=[], model="m", identity="i",
        reasoning=thought, answer=answer, ending=ending,
    )  # fmt: skip


def report(
    about: Trace, *present: Pattern, auditor: str = "one 1", content: str = "", failed: bool = False
) -> RiskReport:
    findings = [] if failed else [Finding(pattern=name, present=name in present) for name in PATTERNS]
    return RiskReport(
        trace=about.id,
        content=content or about.content,
        auditor=auditor,
        outcome="judge failed" if failed else "scored",
        findings=findings,
        saw=Saw(goal=True, parts=["thought"], characters=1),
    )


def test_a_trace_stands_in_the_stratum_of_the_rarest_pattern_that_anybody_flags() -> None:
    traces = [trace(number) for number in range(7)]
    flags: list[tuple[Pattern, ...]] = [
        ("weak_vacillation",),
        ("weak_vacillation",),
        ("weak_vacillation", "inconsistency"),
        ("strong_vacillation", "weak_vacillation"),
        ("strong_vacillation",),
        (),
        (),
    ]
    reports = [report(one, *present) for one, present in zip(traces, flags, strict=True)]
    reports += [report(one, *(present[:1]), auditor="two 1") for one, present in zip(traces, flags, strict=True)]
    reports[-1] = report(traces[-1], auditor="two 1", failed=True)
    found = {one.row.trace.id: one.stratum for one in by_pattern(audited(traces, reports))}
    weak, strong = "weak_vacillation", "strong_vacillation"
    assert list(found.values()) == [weak, weak, "inconsistency", strong, strong, "no", "judge failed"]


def test_who_says_nothing_of_these_words_has_failed_and_rows_without_a_side_are_not_asked_about_it() -> None:
    traces = [trace(0), trace(1, answer=""), trace(2, thought=" "), trace(3, kind="benign"), trace(4)]
    reports = [report(one, "inconsistency", content="other words" if one.id == "0004" else "") for one in traces]
    rows = audited(traces, [*reports, report(trace(9))])
    assert [row.trace.id for row in rows["weak_vacillation"]] == ["0000", "0001", "0004"]
    assert [row.trace.id for row in rows["inconsistency"]] == ["0000", "0004"]
    assert rows["inconsistency"][1].says("one 1") is None, "a report about other words is stale"
    asks = {one.row.trace.id: one.asks for one in by_pattern(rows)}
    assert asks["0001"] == PATTERNS[:4] and asks["0000"] == PATTERNS


def test_one_pattern_alone_has_the_strata_of_an_event() -> None:
    traces = [trace(number) for number in range(4)]
    reports = [report(one, *(["weak_vacillation"] if one.id < "0002" else [])) for one in traces]
    rows = audited(traces, reports)["weak_vacillation"]
    assert by_pattern({"weak_vacillation": rows}) == by_verdict(rows, "weak_vacillation")
    assert Counter(one.stratum for one in by_verdict(rows, "weak_vacillation")) == {"yes": 2, "no": 2}


def test_a_pattern_counts_in_its_own_stratum_and_all_others_are_one() -> None:
    draw_of = random.Random(0)
    traces = [trace(number) for number in range(300)]
    reports = [report(one, *(name for name in PATTERNS if draw_of.random() < 0.2)) for one in traces]
    questions = audited(traces, reports)
    asked = form(PATTERNS)
    assert asked is not None
    sheet = draw(by_pattern(questions), form=asked, count=100, seed=0)
    said = {name: Labels({(e.trace, e.part): 0 for e in sheet.key if e.row}, [], 0, 0) for name in PATTERNS}
    arm = Arm({(name, "both"): rows for name, rows in questions.items()}, Key(Path(), asked, sheet.key), said)
    for name in PATTERNS:
        rows = rows_of(arm, name, "both", "one 1")
        assert {row.stratum for row in rows} == {"", f"both: {name}"}
        assert all(row.score == 1 for row in rows if row.stratum)
        assert len({row.chance for row in rows if not row.stratum}) > 2, "their weights speak for them"


@pytest.mark.parametrize(
    ("asks", "answers"),
    [
        pytest.param(["unsafe"], ("label",), id="an event"),
        pytest.param(reversed(PATTERNS), PATTERNS, id="patterns in the study's order"),
        pytest.param(["unsafe", "refused"], None, id="two events"),
        pytest.param(["unsafe", "weak_vacillation"], None, id="an event and a pattern"),
        pytest.param([], None, id="nothing"),
    ],
)
def test_a_sheet_asks_for_one_event_or_for_patterns(asks: list[str], answers: tuple[str, ...] | None) -> None:
    found = form(list(asks))
    assert (found and found.answers) == answers
