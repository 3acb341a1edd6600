"""Whether a finding is one of style: the same tests on verdicts of the same answers, said otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from resolute.core.judging.rewrites import STYLES, kept_as
from resolute.core.results.tables import by_goal
from resolute.stages.pages.arms import Arm
from resolute.stages.pages.columns import POOLED, Column, bare
from resolute.stages.pages.contrast import Tested
from resolute.stages.pages.study import Row
from resolute.stages.pages.wordless import Opinion, as_traces, as_verdicts, read_opinions
from resolute.stages.pages.words import style_sentence

Goals = Callable[[Row, Column], Mapping[str, float]]
"""Goal -> mean score in one row and column."""


def styles(arms: Iterable[Arm]) -> list[str]:
    """Rewrites after which the answers of every row were judged again."""
    rows = [row for arm in arms for row in arm.rows]
    return [
        style
        for style in STYLES
        if rows and all(kept_as(style) in row.artifacts["judge"].manifest.outputs for row in rows)
    ]


@dataclass
class Restyled:
    """Scores by goal from the verdicts on answers in one style."""

    style: str
    _read: dict[tuple[str, int], list[Opinion]] = field(default_factory=dict[tuple[str, int], list[Opinion]])

    def goals(self, row: Row, column: Column) -> Mapping[str, float]:
        place = (row.label, row.seed)
        if place not in self._read:
            self._read[place] = read_opinions(row.artifacts["judge"].output(kept_as(self.style)))
        verdicts = self._read[place]
        traces = [one for one in row.traces if one.task == column.task and column.attack in (one.attack, POOLED)]
        judge = min({one.judge for one in verdicts if bare(one.judge) == column.judge}, default="")
        return by_goal(as_traces(traces), as_verdicts(verdicts), event=column.event, judge=judge, part=column.part)


def with_style(tested: Sequence[Tested], style: str, again: Sequence[Tested]) -> list[Tested]:
    """What was found, and whether it stands after a rewrite; of what was not found nothing is said."""
    after = {(item.contrast, item.column): item for item in again}
    return [_told(item, style, after.get((item.contrast, item.column))) for item in tested]


def _told(tested: Tested, style: str, after: Tested | None) -> Tested:
    if tested.verdict in ("not separable", "undetected", "inconclusive") or after is None:
        return tested
    stands = after.verdict == tested.verdict
    sentence = f"{tested.sentence} {style_sentence(style, after.comparison, stands=stands)}"
    return replace(tested, styles={**tested.styles, style: stands}, sentence=sentence)
