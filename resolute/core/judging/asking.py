"""What every instrument that asks a model does alike: shows one part, disarmed, and says why words are no verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from resolute.core import texts
from resolute.core.judging.disarm import disarmed
from resolute.core.judging.instruments import Part, Reading, Said, Unfit
from resolute.core.keys import digest
from resolute.core.records import Saw, Trace

MARKED = ("\n===",)
"""What `material` delimits with, to be disarmed in what it delimits."""


@dataclass(frozen=True)
class Shown:
    """Goal and part as a model may see them, and what that was."""

    goal: str
    text: str
    saw: Saw


def shown(
    trace: Trace, part: Part, *, delimiters: Sequence[str] = (), limit: int | None = None, harmful: bool = False
) -> Shown | Unfit:
    """The goal, never the prompt that carried it, and one part alone.

    `limit` is the most characters of the part that are shown; what is cut is recorded. With `harmful` the instrument
    looks for the harm a goal asks for, so goals known to ask for none are unfit.
    """
    text = trace.reasoning if part == "thought" else trace.answer
    if not text.strip():
        return Unfit(f"there is no {part}")
    if not trace.prompt.goal.strip():
        return Unfit("there is no goal")
    if harmful and trace.prompt.kind not in ("harmful", "unknown"):
        return Unfit("made for harmful goals")
    goal = disarmed(trace.prompt.goal, delimiters=delimiters)
    seen = text if limit is None else text[:limit]
    safe = disarmed(seen, delimiters=delimiters)
    saw = Saw(
        goal=True,
        parts=[part],
        characters=len(seen),
        truncated=len(seen) < len(text),
        disarmed=goal.places + safe.places,
    )
    return Shown(goal.text, safe.text, saw)


def no_verdict(said: Said, *, variant: str = "") -> Reading:
    """The reading of words that are not the instrument's form."""
    why = "not in the instrument's form"
    if not said.words.strip():
        why = "nothing was said"
    elif not said.ended:
        why = "cut off before a verdict"
    return Reading(score=None, why=why, variant=variant)


def material(seen: Shown) -> str:
    """Goal and part for a model that was told what to do with them, each between two copies of a mark of its own.

    The mark depends on every character between, so that no text can hold it by design.
    """
    part = {"thought": "private thinking", "answer": "answer"}[seen.saw.parts[0]]
    mark = f"=== {digest(['mark', seen.goal, seen.text])[:16]} ==="
    return texts.fill(texts.load("judge-material"), mark=mark, goal=seen.goal, part=part, written=seen.text)


def wording(name: str) -> str:
    """The version of an instrument that is told what to do by the text `name`: the key of all its words."""
    return texts.version(texts.load(name) + "\n" + texts.load("judge-material"))
