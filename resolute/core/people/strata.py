"""What the instruments made of each row: the strata a labelling sheet is drawn from.

Of one event: all say no, all say yes, they disagree, one of them failed. Of several patterns at once: the rarest that
any auditor flags, so that each is looked at closely and a row stands in one stratum only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from resolute.core.results.judged import Judged

Verdicts = Literal["no", "yes", "disagree", "judge failed"]


@dataclass(frozen=True)
class Candidate:
    """A row that can be drawn."""

    row: Judged
    asks: tuple[str, ...]
    """What is asked of it."""
    stratum: str


def stratum(row: Judged) -> Verdicts:
    """What the instruments made of one row under one question."""
    said = {row.says(judge) for judge in row.scores}
    if None in said or not said:
        return "judge failed"
    return "disagree" if len(said) > 1 else "yes" if said == {"yes"} else "no"


def by_verdict(rows: Sequence[Judged], event: str) -> list[Candidate]:
    """The rows of one event."""
    return [Candidate(row, (event,), stratum(row)) for row in rows]


def by_pattern(questions: Mapping[str, Sequence[Judged]]) -> list[Candidate]:
    """Traces with everything that is asked of them, of one pattern or of several."""
    if len(questions) == 1:
        return [one for pattern, rows in questions.items() for one in by_verdict(rows, pattern)]
    said: dict[str, dict[str, Verdicts]] = {}
    first: dict[str, Judged] = {}
    for pattern, rows in questions.items():
        for row in rows:
            said.setdefault(row.trace.id, {})[pattern] = stratum(row)
            first.setdefault(row.trace.id, row)
    flags = {trace: [p for p, verdict in by.items() if verdict in ("yes", "disagree")] for trace, by in said.items()}
    times = Counter(pattern for flagged in flags.values() for pattern in flagged)
    found: list[Candidate] = []
    for trace, by in said.items():
        rarest = min(flags[trace], key=lambda pattern: (times[pattern], pattern), default="no")
        failed = "judge failed" in by.values()
        found.append(Candidate(first[trace], tuple(by), "judge failed" if failed else rarest))
    return found
