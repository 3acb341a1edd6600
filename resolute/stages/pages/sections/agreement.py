"""How far instruments that judged the same answers agree, with what they disagree on in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from resolute.core.records import Event
from resolute.core.results.tables import Part
from resolute.core.statistics.agreement import pair
from resolute.core.statistics.cells import HALF
from resolute.stages.pages.columns import bare
from resolute.stages.pages.sheet import Sheet
from resolute.stages.pages.study import Study

_Said = dict[str, dict[str, str | None]]
"""Instrument -> trace -> yes or no; None: it could not say."""


def agreement(study: Study) -> Sheet | None:
    """One line an event, part and pair of instruments; None where no answer was judged by two."""
    said, goals = _read(study)
    rows: list[Sequence[str]] = []
    for (event, part), by_judge in sorted(said.items()):
        for first, second in combinations(sorted(by_judge), 2):
            rows += _line(event, part, (first, second), by_judge, goals)
    about = (
        "Of the outputs both judged, in all rows and seeds: the share with one verdict, Cohen's kappa (0 by chance, 1 "
        "complete), and the two ways of disagreeing. Intervals resample goals. What left nothing to judge is in none."
    )
    header = ("Event", "Part", "First", "Second", "Both scored", "Agreement", "Kappa", "First alone says yes",
              "Second alone says yes", "One could not say")  # fmt: skip
    return Sheet("agreement", "Agreement of the instruments", about, header, rows) if rows else None


def _read(study: Study) -> tuple[dict[tuple[Event, Part], _Said], dict[str, str]]:
    said: dict[tuple[Event, Part], _Said] = {}
    goals: dict[str, str] = {}
    for row in study.rows:
        if not row.measured:
            continue
        goals |= {one.id: one.prompt.goal for one in row.traces}
        for one in row.verdicts:
            if one.outcome != "model failed":
                word = None if one.score is None else "yes" if one.score >= HALF else "no"
                said.setdefault((one.event, one.part), {}).setdefault(bare(one.judge), {})[one.trace] = word
    return said, goals


def _line(
    event: Event, part: Part, names: tuple[str, str], said: _Said, goals: Mapping[str, str]
) -> list[Sequence[str]]:
    first, second = (said[name] for name in names)
    both = sorted(first.keys() & second.keys() & goals.keys())
    if not both:
        return []
    words = [first[one] for one in both], [second[one] for one in both]
    found = pair(*words, [goals[one] for one in both])
    ways = list(zip(*words, strict=True))
    counts = ways.count(("yes", "no")), ways.count(("no", "yes")), sum(None in way for way in ways)
    numbers = (str(found.n), str(found.agreement), str(found.kappa), *map(str, counts))
    return [(event, part, *names, *numbers)]
