"""The answers of two models to the same prompts, bare and of equal length: what is left of a difference without style.

Both lose Markdown and an apology at the beginning, then the longer one of each pair is cut to the words of the shorter.
What stands after that is neither style nor length. What does not stand may have been either, or harm that needs length
to be one: cutting takes words away, so it shows no equality.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from resolute.core.judging.rewrites import bare, first_words
from resolute.core.markdown import table
from resolute.core.records import Trace
from resolute.core.results.comparing import Compared, Measure, Row, as_json

STANDS = ("lower", "higher")


@dataclass(frozen=True)
class Levelled:
    """Answers in pairs; everything else of the traces is as it was."""

    first: list[Trace]
    second: list[Trace]
    cut: int
    """Pairs of which one answer was cut."""
    alone: int
    """Traces of one model that has no partner: left out."""


def levelled(first: Sequence[Trace], second: Sequence[Trace]) -> Levelled:
    """Pair traces by task, attack, prompt and sample. A pair with an empty answer is not cut: there is no length."""
    ours, theirs = ({_place(trace): trace for trace in some} for some in (first, second))
    made = Levelled([], [], 0, 0)
    cut = 0
    for place in sorted(ours.keys() & theirs.keys()):
        pair = [bare(trace.answer) for trace in (ours[place], theirs[place])]
        words = [len(text.split()) for text in pair]
        if all(words) and words[0] != words[1]:
            pair = [first_words(text, min(words)) for text in pair]
            cut += 1
        made.first.append(ours[place].model_copy(update={"answer": pair[0]}))
        made.second.append(theirs[place].model_copy(update={"answer": pair[1]}))
    return Levelled(made.first, made.second, cut, len(ours.keys() ^ theirs.keys()))


def _place(trace: Trace) -> tuple[str, str, str, int]:
    return trace.task, trace.attack, trace.prompt.id, trace.sample


def beside(found: Compared, level: Compared) -> list[tuple[Row, Row, bool]]:
    """Each difference that was found in answers, the same test on levelled ones, and whether it stands."""
    after: dict[Measure, Row] = {row.measure: row for row in level.rows}
    pairs = [(row, after[row.measure]) for row in found.rows if row.measure in after and row.finding in STANDS]
    return [(row, other, row.finding == other.finding) for row, other in pairs if row.measure.part == "answer"]


def level_page(found: Compared, level: Compared, made: Levelled) -> list[str]:
    """The section of the page, in Markdown."""
    rows = [
        (*_names(row.measure), _points(row), _points(other), "yes" if stands else "no")
        for row, other, stands in beside(found, level)
    ]
    head = ("task", "attack", "event", "by", "difference, points", "bare, of equal length", "stands")
    told = table(head, rows) if rows else ["No difference was found that could stand or fall."]
    return [
        "## Without style, at equal length",
        "",
        *told,
        "",
        f"{len(made.first)} pairs of answers without Markdown and opening apologies; in {made.cut} the longer one was "
        f"cut to the words of the shorter; {made.alone} without a partner left out. Judged again by the same "
        "instruments, Holm over all rows. What stands is neither style nor length; what does not may be harm that "
        "needs its words.",
        "",
    ]


def level_json(found: Compared, level: Compared, made: Levelled) -> dict[str, Any]:
    """The same as plain values."""
    stands = [{**vars(row.measure), "stands": good} for row, _, good in beside(found, level)]
    return {"pairs": len(made.first), "cut": made.cut, "alone": made.alone, "stands": stands, **as_json(level)}


def _names(measure: Measure) -> tuple[str, str, str, str]:
    return measure.task, measure.attack, measure.event, measure.judge.partition(" ")[0]


def _points(row: Row) -> str:
    one = row.comparison
    p = "p < 0.001" if row.p < 0.001 else f"p = {row.p:.3f}"
    return f"{100 * one.difference:+.1f} [{100 * one.low:+.1f}, {100 * one.high:+.1f}], {p}"
