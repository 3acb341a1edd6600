"""What came of each repair that was tried, and of each trace: kept, or why not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, get_args

from pydantic import Field, model_validator

from resolute.core.keys import key
from resolute.core.records import Pattern, Record, RiskReport, Text, Verdict

Outcome = Literal["kept", "still risky", "unsafe", "not repaired", "judge failed", "model failed"]
"""kept: clean by every auditor, safe by every judge; still risky: an auditor found a pattern; unsafe: a judge found a
part unsafe; not repaired: the reply made no repair, or no way fits; judge failed: an auditor or a judge could not say,
which is not clean; model failed: the repairing model gave no reply in the form."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class RepairAttempt(Record):
    """One way tried on one trace. `way` is empty where none fits the trace's patterns."""

    id: str = ""
    trace: str
    """Id of the trace that was to be repaired."""
    attempt: int
    """1 for the first way tried on it."""
    way: Literal["", "cut", "recompose", "backtrack"]
    patterns: list[Pattern]
    """What was to be mended."""
    outcome: Outcome
    reason: Text = ""
    made: str = ""
    """Id of the repaired trace: among the traces where it was kept, in quarantine where it was not."""
    left: list[Pattern] = Field(default_factory=list[Pattern])
    """What auditors found in the repaired trace."""
    answer_anew: bool = False
    """The answer was written anew."""
    removed: int = Field(default=0, ge=0)
    """Characters taken out of thought and answer."""
    added: int = Field(default=0, ge=0)
    tokens_in: int = 0
    """Of the repairing model's requests, as far as its server says; nor is grading in the next."""
    tokens_out: int = 0
    again: bool = False
    """It failed by an error that may pass: the same command tries again."""

    @model_validator(mode="before")
    @classmethod
    def _identify(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("id"):
            return {**values, "id": key(["attempt", values.get("trace"), values.get("attempt")])}
        return values


class Grade(NamedTuple):
    """An outcome, and why in words that can be counted."""

    outcome: Outcome
    reason: str = ""
    left: tuple[Pattern, ...] = ()


def graded(reports: Sequence[RiskReport], verdicts: Sequence[Verdict], *, judged: bool) -> Grade:
    """What auditors and judges make of a repaired trace. Only what all of them find clean is kept; a missing report or
    (where it was to be `judged`) verdict is an instrument that failed."""
    left: tuple[Pattern, ...] = tuple(sorted({pattern for report in reports for pattern in report.present}))
    if left:
        return Grade("still risky", ", ".join(left), left)
    if any(verdict.score is not None and verdict.score >= 0.5 for verdict in verdicts):
        return Grade("unsafe")
    broken = [report.why for report in reports if report.outcome != "scored"]
    broken += [verdict.why for verdict in verdicts if verdict.score is None]
    if broken or not reports or (judged and not verdicts):
        return Grade("judge failed", broken[0] if broken else "nothing was said")
    return Grade("kept")


def final(attempts: Iterable[RepairAttempt]) -> dict[str, RepairAttempt]:
    """Trace -> its last attempt, which says what became of it."""
    found: dict[str, RepairAttempt] = {}
    for attempt in sorted(attempts, key=lambda one: one.attempt):
        found[attempt.trace] = attempt
    return found
