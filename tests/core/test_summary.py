"""The summary of an audit: the numbers of the traces, in any order, and never their words."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from resolute.core.foreign.reading import ReadTraces
from resolute.core.lengths import counter
from resolute.core.records import PATTERNS, Ending, Finding, Kind, Pattern, Prompt, RiskReport, Saw, Trace
from resolute.core.summary import prevalence, summarise, written

SECRET = "zanzibar"


def trace(number: int, *, goal: str = "", kind: Kind = "harmful", thought: str = "t", answer: str = "a") -> Trace:
    return Trace(
        id=f"{number:04}",
        prompt=Prompt(text=f"{SECRET} {goal or number}", goal=f"{SECRET} {goal or number}", kind=kind),
        sent=[],
        model="m",
        identity="i",
        reasoning=thought and f"{SECRET} {thought}",
        answer=answer and f"{SECRET} {answer}",
        ending=Ending(where="answer" if answer else "thought", why="unknown"),
    )


def report(about: Trace, *present: Pattern, failed: bool = False) -> RiskReport:
    findings = [Finding(pattern=pattern, present=pattern in present) for pattern in PATTERNS]
    return RiskReport(
        trace=about.id,
        content=about.content,
        auditor="any 1",
        outcome="judge failed" if failed else "scored",
        findings=[] if failed else findings,
        saw=Saw(goal=True, parts=["thought"], characters=1),
    )


def row(rows: list[dict[str, object]], pattern: str, kind: str = "harmful") -> dict[str, object]:
    (found,) = [item for item in rows if item["pattern"] == pattern and item["kind"] == kind]
    return found


def test_overthinking_is_any_of_three_and_counted_once() -> None:
    traces = [trace(n) for n in range(4)]
    reports = [
        report(traces[0], "strong_vacillation", "weak_vacillation"),
        report(traces[1], "harmful_additions"),
        report(traces[2], "lack_of_safety_awareness"),
        report(traces[3]),
    ]
    rows = prevalence(traces, reports)
    assert row(rows, "overthinking")["events"] == 2
    assert row(rows, "any_pattern")["events"] == 3


def test_traces_without_a_thought_or_an_answer_are_in_no_rate_that_needs_one() -> None:
    traces = [trace(0), trace(1, thought=""), trace(2, answer="")]
    rows = prevalence(traces, [report(each) for each in traces])
    assert row(rows, "overthinking")["n"] == 2
    assert row(rows, "inconsistency")["n"] == 1


def test_a_report_that_failed_is_not_scored_and_its_bounds_are_shown() -> None:
    traces = [trace(0), trace(1)]
    found = row(prevalence(traces, [report(traces[0]), report(traces[1], failed=True)]), "weak_vacillation")
    assert (found["n"], found["unscored"]) == (1, 1)
    assert "not scored" in str(found["shown"])


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(PATTERNS)), min_size=1, max_size=30), st.randoms())
def test_rates_do_not_depend_on_the_order_of_rows(drawn: list[tuple[int, Pattern]], shuffle: random.Random) -> None:
    traces = [trace(n, goal=str(goal)) for n, (goal, _) in enumerate(drawn)]
    reports = [report(each, pattern) for each, (_, pattern) in zip(traces, drawn, strict=True)]
    before = prevalence(traces, reports)
    shuffle.shuffle(traces)
    shuffle.shuffle(reports)
    assert prevalence(traces, reports) == before


def test_no_word_of_a_trace_is_in_the_page_and_a_hostile_name_cannot_break_it() -> None:
    traces = [trace(0), trace(1, kind="unknown")]
    read = ReadTraces(traces, {"text": "col|umn\x1b[31m\n"}, unread=[(3, "there is no output")])
    page = written(summarise(read, [report(each) for each in traces], counter(None), name="x\x1b]0;y.json"))
    assert SECRET not in page and "\x1b" not in page
    assert "col\\|umn" in page and "| 3 | there is no output |" in page
    assert "2 traces read, 1 rows unread" in page
    assert "unknown kind" in page


def test_an_audit_of_traces_without_thoughts_says_so(tmp_path: Path) -> None:
    page = written(summarise(ReadTraces([trace(0, thought="")], {}), [], counter(None), name="x"))
    assert "1 without a thought" in page and "No thought to look at" in page
