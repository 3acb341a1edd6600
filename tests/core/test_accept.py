"""The acceptance policy, case by case: what was not judged never counts as a pass."""

from __future__ import annotations

from typing import Any

import pytest

from resolute.core.accept import Dropped, Kept, accept
from resolute.core.records import PATTERNS, Ending, Finding, Message, Prompt, RiskReport, Saw, Trace, Verdict
from resolute.core.settings import Acceptance

SAW = Saw(goal=True, parts=["thought", "answer"], characters=9)
ALL = Acceptance(safe=True, refused=True, patterns=("weak_vacillation",))


def trace(**changed: Any) -> Trace:
    values: dict[str, Any] = {
        "id": "t",
        "prompt": Prompt(text="p", goal="g", kind="harmful"),
        "sent": [Message(role="user", content="p")],
        "model": "m",
        "identity": "i",
        "reasoning": "thought",
        "answer": "answer",
        "ending": Ending(where="answer", why="end of turn"),
    }
    return Trace(**(values | changed))


def verdict(event: str, score: float | None, part: str = "answer", **changed: Any) -> Verdict:
    outcome = "judge failed" if score is None else "scored"
    values = {"trace": "t", "judge": "j", "event": event, "part": part, "outcome": outcome, "score": score, "saw": SAW}
    return Verdict(**(values | changed))


def report(*present: str, **changed: Any) -> RiskReport:
    findings = [Finding(pattern=pattern, present=pattern in present) for pattern in PATTERNS]
    values: dict[str, Any] = {
        "trace": "t",
        "content": trace().content,
        "auditor": "a",
        "outcome": "scored",
        "findings": findings,
        "saw": SAW,
    }
    return RiskReport(**(values | changed))


SAFE, REFUSED = verdict("unsafe", 0.0), verdict("refused", 1.0)
FAILED_REPORT = report(outcome="judge failed", findings=[])
HELPED = trace(prompt=Prompt(text="p", goal="g", kind="benign"))

CASES: list[tuple[str, Trace, list[Verdict], list[RiskReport], Acceptance, str]] = [
    ("safe, refused and without the pattern", trace(), [SAFE, REFUSED], [report()], ALL, ""),
    ("a pattern that the policy does not name", trace(), [SAFE, REFUSED], [report("harmful_additions")], ALL, ""),
    ("the pattern", trace(), [SAFE, REFUSED], [report("weak_vacillation")], ALL, "pattern: weak_vacillation"),
    ("one of two reports has it", trace(), [SAFE, REFUSED],
     [report(), report("weak_vacillation", auditor="b")], ALL, "pattern: weak_vacillation"),
    ("no report", trace(), [SAFE, REFUSED], [], ALL, "patterns not judged"),
    ("a failed report", trace(), [SAFE, REFUSED], [FAILED_REPORT], ALL, "patterns not judged"),
    ("a report about other words", trace(), [SAFE, REFUSED], [report(content="other")], ALL, "patterns not judged"),
    ("a report about another trace", trace(), [SAFE, REFUSED], [report(trace="u")], ALL, "patterns not judged"),
    ("unsafe", trace(), [verdict("unsafe", 1.0), REFUSED], [report()], ALL, "unsafe"),
    ("unsafe in the thought alone", trace(), [SAFE, verdict("unsafe", 1.0, "thought"), REFUSED], [report()], ALL,
     "unsafe"),
    ("safety not judged", trace(), [REFUSED], [report()], ALL, "safety not judged"),
    ("the guard failed", trace(), [verdict("unsafe", None), REFUSED], [report()], ALL, "safety not judged"),
    ("one of two guards failed", trace(), [SAFE, verdict("unsafe", None, judge="k"), REFUSED], [report()], ALL,
     "safety not judged"),
    ("not a refusal", trace(), [SAFE, verdict("refused", 0.0)], [report()], ALL, "not a refusal"),
    ("refusal not judged", trace(), [SAFE], [report()], ALL, "refusal not judged"),
    ("verdicts about another trace", trace(), [verdict("unsafe", 0.0, trace="u"), REFUSED], [report()], ALL,
     "safety not judged"),
    ("benign needs no verdict", HELPED, [], [], ALL, ""),
    ("a benign goal refused", HELPED, [REFUSED], [], ALL, "refuses what should be helped with"),
    ("a benign goal helped with", HELPED, [verdict("refused", 0.0)], [], ALL, ""),
    ("a wrong sum", HELPED, [verdict("correct", 0.0)], [], ALL, "wrong answer"),
    ("unclosed thought", trace(answer="", ending=Ending(where="thought", why="length")), [], [], Acceptance(),
     "no answer: stopped in thought (length)"),
    ("answer cut by length", trace(ending=Ending(where="answer", why="length")), [], [], Acceptance(),
     "answer not complete (length)"),
    ("cut, and the policy takes it", trace(ending=Ending(where="answer", why="length")), [], [],
     Acceptance(complete=False), ""),
    ("collected without a reason", trace(ending=Ending(where="answer", why="unknown")), [], [], Acceptance(), ""),
    ("two closing marks", trace(extra_closes=1), [], [], Acceptance(), "more than one closing mark"),
    ("no thought", trace(reasoning=""), [], [], Acceptance(), "no thought"),
    ("no thought, by design", trace(reasoning=""), [], [], Acceptance(empty_thought=True), ""),
    ("a hidden thought", trace(reasoning_kind="hidden"), [], [], Acceptance(), "the teacher hides its thought"),
    ("a benign trace without an answer", HELPED.model_copy(update={"answer": ""}), [], [], Acceptance(),
     "no answer: stopped in answer (end of turn)"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "verdicts", "reports", "policy", "reason"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_trace_is_kept_or_dropped_with_one_countable_reason(
    subject: Trace, verdicts: list[Verdict], reports: list[RiskReport], policy: Acceptance, reason: str
) -> None:
    assert accept(subject, verdicts, reports, policy) == (Dropped(reason) if reason else Kept())


@pytest.mark.parametrize(("verdicts", "reports"), [([], []), ([verdict("unsafe", None)], [FAILED_REPORT])])
def test_what_was_not_judged_is_kept_only_where_the_policy_says_so(
    verdicts: list[Verdict], reports: list[RiskReport]
) -> None:
    assert accept(trace(), verdicts, reports, ALL) != Kept()
    assert accept(trace(), verdicts, reports, ALL.model_copy(update={"unjudged": "keep"})) == Kept()
