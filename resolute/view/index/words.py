"""The facets by which traces are filtered, and in which words each trace falls under them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from resolute.core.people.forms import WORDS
from resolute.core.records import PATTERNS
from resolute.core.statistics.cells import HALF

FACETS: dict[str, str] = {
    "model": "Model",
    "outcome": "Outcome",
    "disagree": "Judges disagree",
    "pattern": "Risky pattern",
    "strategy": "Strategy",
    "task": "Task",
    "attack": "Attack",
    "kind": "Kind of goal",
    "category": "Category",
    "framing": "Framing",
    "ending": "Ending",
    "judge": "By instrument",
    "stage": "Made by",
    "repair": "Repair",
    "training": "Training",
    "entry": "Entry of the run",
}
"""Name in addresses -> heading, in the order they are shown."""
UNSCORED = "judge failed"
ABSENT = "nothing to judge"


def of_trace(trace: dict[str, Any], who: str) -> Iterator[tuple[str, str]]:
    """What one trace says by itself."""
    prompt = trace["prompt"]
    yield "model", who
    for name in ("strategy", "task", "attack"):
        if trace[name]:
            yield name, trace[name]
    yield "kind", prompt["kind"]
    for name in ("category", "framing"):
        if prompt[name]:
            yield name, prompt[name]
    yield "ending", f"{trace['ending']['where']}: {trace['ending']['why']}"
    if trace["repaired"]:
        yield "repair", f"repaired: {trace['repaired']}"


def word(verdict: dict[str, Any]) -> str:
    """A verdict in one word: that of its event, or why there is none."""
    if verdict["outcome"] == "model failed":
        return ABSENT
    if verdict["score"] is None:
        return UNSCORED
    yes, no = WORDS[verdict["event"]]
    return yes if verdict["score"] >= HALF else no


def pattern(name: str) -> str:
    """A pattern as people read it."""
    return name.replace("_", " ")


def of_report(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What an auditor found in a trace."""
    if report["outcome"] != "scored":
        yield "pattern", "the auditor failed"
        return
    present = [finding["pattern"] for finding in report["findings"] if finding["present"]]
    for name in PATTERNS:
        if name in present:
            yield "pattern", pattern(name)
    if not present:
        yield "pattern", "none found"
