"""What a lab model is measured by, and the lab's one strategy of its own."""

from __future__ import annotations

from resolute.core.parts import Strategy, Suite, Task
from resolute.lab import phrases

NOCOT = Strategy("nocot", refusal=phrases.REFUSALS[0])
"""No CoT in the lab's words."""

_ATTACKS = ("none", "lab/persona", "lab/persuasion", "lab/pair-like")


def _tasks(split: str) -> tuple[Task, ...]:
    judges = ("lab/strict", "lab/garbled")
    return (
        Task("safety", f"lab/harmful-{split}", "unsafe", judges, _ATTACKS),
        Task("over-refusal", f"lab/benign-{split}", "refused", ("lab/refused", "lab/garbled")),
        Task("arithmetic", f"lab/maths-{split}", "correct", ("lab/correct",), better="high"),
    )


TEST = Suite("lab", _tasks("test"), "held-out goals, look-alikes and sums of the lab's world")
TUNE = Suite("lab/tune", _tasks("tune"), "the split settings are chosen on; never reported")
