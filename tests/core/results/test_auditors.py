"""Several auditors: what they agree on is counted, and a majority needs three."""

from __future__ import annotations

from resolute.core.records import PATTERNS, Finding, Pattern, RiskReport, Saw, Trace
from resolute.core.results.auditors import compare, disagreements, majority
from tests.asked import trace

SAW = Saw(goal=True, parts=["thought"], characters=1)


def report(auditor: str, name: str, *present: Pattern, failed: bool = False) -> RiskReport:
    findings = [Finding(pattern=one, present=one in present, quotes=[auditor]) for one in PATTERNS]
    return RiskReport(
        trace=name,
        content="c",
        auditor=auditor,
        outcome="judge failed" if failed else "scored",
        findings=[] if failed else findings,
        saw=SAW,
    )


def traces(count: int) -> list[Trace]:
    return [trace(goal=f"goal {number}").model_copy(update={"id": f"t{number}"}) for number in range(count)]


def test_precision_and_recall_of_the_screen_are_against_the_judge_on_what_both_scored() -> None:
    weak, strong = "weak_vacillation", "strong_vacillation"
    said = [report("screen 1", f"t{n}", *([weak] if n < 4 else [])) for n in range(8)]
    said += [report("risks@m 1", f"t{n}", *([weak] if 2 <= n < 8 else [])) for n in range(7)]
    said += [report("risks@m 1", "t7", failed=True)]
    rows = {row["pattern"]: row for row in compare(traces(8), said)}
    row = rows[weak]
    assert (row["first"], row["second"], row["n"]) == ("screen 1", "risks@m 1", 7)
    assert row["precision"].startswith("50% ") and row["precision"].endswith("of 4")
    assert row["recall"].startswith("40% ") and row["recall"].endswith("of 5")
    assert row["agreement"].startswith("0.29")
    assert rows[strong]["precision"] == "none flagged"


def test_a_majority_needs_three_auditors_that_all_scored_the_trace() -> None:
    two = [report("a", "t0", "inconsistency"), report("b", "t0", "inconsistency")]
    assert majority(two) == []
    (most,) = majority([*two, report("c", "t0"), report("c", "t1")])
    assert most.present == {"inconsistency"} and most.auditor == "majority of 3"
    shown = next(one for one in most.findings if one.present)
    assert shown.quotes == ["a", "b"]


def test_disagreements_name_the_trace_the_pattern_and_who_said_so_without_any_text() -> None:
    rows = disagreements([report("a", "t0", "inconsistency"), report("b", "t0"), report("b", "t1", "inconsistency")])
    assert rows == [{"trace": "t0", "pattern": "inconsistency", "says": {"a": True, "b": False}}]
