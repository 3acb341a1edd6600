"""Tests in words: a sentence says no more than its test supports, and what was not found is never called absent."""

from __future__ import annotations

import math
from collections.abc import Sequence

from resolute.core.statistics.paired import Comparison
from resolute.stages.pages.columns import WANTED, Column
from resolute.stages.pages.contrast import Contrast, Family, Tested

NOUNS = {"Garbled": "garbled share", WANTED: "refusal of harmful goals"}
"""What a title is called within a sentence, where that is not itself."""


def digest(families: Sequence[Family], contrast: Contrast) -> str:
    """One sentence on a contrast: what each family of tests supports, with the range of the differences.

    What `nowhere` says of all contrasts is not said again.
    """
    clauses: list[str] = []
    for family in families:
        for (title, kept), some in _measures(family).items():
            mine = [item for item in some if item.contrast == contrast]
            if mine and not family.exploratory and not _nowhere(some):
                clauses.append(_clause(_noun(title), mine, kept=kept))
    text = "; ".join(clauses) or "no detectable difference in any measure"
    return f"{text[:1].upper()}{text[1:]}."


def nowhere(families: Sequence[Family]) -> list[str]:
    """A sentence for each measure of a family in which no comparison of several found a difference."""
    found: list[str] = []
    for family in families:
        for (title, _), some in _measures(family).items():
            if _nowhere(some):
                noun = _noun(title)
                of = "" if family.title.casefold() == noun.casefold() else f" of {family.title}"
                found.append(
                    f"No detectable difference in {noun} in any comparison{of} ({_range(some)}{_least(some)})."
                )
    return found


def _measures(family: Family) -> dict[tuple[str, bool], list[Tested]]:
    """Tests of one measure and one kind: title and whether it is about what is kept."""
    found: dict[tuple[str, bool], list[Tested]] = {}
    for item in family.tested:
        found.setdefault((item.column.title, item.margin is not None), []).append(item)
    return found


def _nowhere(tested: Sequence[Tested]) -> bool:
    return {item.verdict for item in tested} == {"undetected"} and len({item.contrast for item in tested}) > 1


def _noun(title: str) -> str:
    return NOUNS.get(title, title.lower())


def _clause(noun: str, tested: Sequence[Tested], *, kept: bool) -> str:
    return _kept_clause(noun, tested) if kept else _difference_clause(noun, tested)


def _difference_clause(noun: str, tested: Sequence[Tested]) -> str:
    verdicts = ("lower", "higher", "not separable", "undetected")
    by_verdict = {v: [t for t in tested if t.verdict == v] for v in verdicts}
    said: list[str] = []
    for verdict in ("lower", "higher"):
        if some := by_verdict[verdict]:
            where = " everywhere" if len(some) == len(tested) > 1 else _joined([_where(t.column) for t in some])
            said.append(f"{verdict}{where} ({_range(some)})")
    if some := by_verdict["not separable"]:
        said.append("; ".join(f"not separable{_where(item.column)} ({_disagreeing(item)})" for item in some))
    if not said:
        return f"no detectable difference in {noun} ({_range(tested)}{_least(tested)})"
    rest = by_verdict["undetected"]
    missing = f", with no detectable difference{_joined([_where(t.column) for t in rest])}" if rest else ""
    return f"{noun} is {' and '.join(said)}{missing}"


def _disagreeing(tested: Tested) -> str:
    """The difference of the models at hand, and what their trainings or levels make of it."""
    low, high = tested.seeds or (math.nan, math.nan)
    several = f"{tested.seed_count} {tested.repeated}{'s' if tested.seed_count > 1 else ''}"
    return f"{_points(tested.comparison)} on these models, {signed(low)} to {signed(high)} over {several}"


def _kept_clause(noun: str, tested: Sequence[Tested]) -> str:
    words = {
        "kept": f"{noun} is kept",
        "lost": f"{noun} is lost beyond the margin",
        "inconclusive": f"whether {noun} is kept is inconclusive",
    }
    said = [f"{words[item.verdict]}{_where(item.column)} ({_points(item.comparison)})" for item in tested]
    return " and ".join(said)


def _range(tested: Sequence[Tested]) -> str:
    """One difference with its interval; of several from where to where, and the largest with its place."""
    if len(tested) == 1:
        return _points(tested[0].comparison)
    steps = [item.comparison.difference for item in tested]
    most = max(tested, key=lambda item: abs(item.comparison.difference))
    ends = most.contrast
    where = f" of {ends.second} against {ends.first}" if len({item.contrast for item in tested}) > 1 else ""
    where += _where(most.column) if len({item.column for item in tested}) > 1 else ""
    interval = _points(most.comparison).replace(" points", "")
    return f"{signed(min(steps))} to {signed(max(steps))} points, the largest{where and f'{where},'} {interval}"


def _least(tested: Sequence[Tested]) -> str:
    known = [item.smallest for item in tested if not math.isnan(item.smallest)]
    return f"; about {100 * max(known):.0f} points would be detectable" if known else "; too few goals to detect any"


def _joined(places: Sequence[str]) -> str:
    return f"{','.join(places[:-1])} and{places[-1]}" if len(places) > 1 else places[0]


def difference_sentence(tested: Tested) -> str:
    found, place = tested.comparison, _where(tested.column)
    if tested.verdict == "undetected":
        size = f"{_points(found)}{_least([tested])}"
        return f"No detectable difference{place} at {found.goals} goals ({size})." + _seeds_sentence(tested)
    word = {"lower": "Lower", "higher": "Higher", "not separable": "Not separable"}[tested.verdict]
    change = f"{100 * found.first:.1f}% to {100 * found.second:.1f}%"
    return f"{word}{place}: {change} ({_points(found)}, {found.goals} goals, {_p(tested.p)})." + _seeds_sentence(tested)


def kept_sentence(tested: Tested, margin: float) -> str:
    found, place, points = tested.comparison, _where(tested.column), f"{100 * margin:g} points"
    head = {
        "kept": f"Kept within {points}{place}",
        "lost": f"Lost more than {points}{place}",
        "inconclusive": f"Inconclusive{place}: neither kept within {points} nor lost more can be shown",
    }[tested.verdict]
    change = f"{100 * found.first:.1f}% to {100 * found.second:.1f}%"
    return f"{head} ({change}, {_points(found)}, {found.goals} goals, {_p(tested.p)})." + _seeds_sentence(tested)


def explored_sentence(tested: Tested) -> str:
    """A difference nobody declared: its size and its interval, and no word on whether there is one."""
    found = tested.comparison
    change = f"{100 * found.first:.1f}% and {100 * found.second:.1f}%"
    return f"Not declared{_where(tested.column)}: {change} ({_points(found)}, {found.goals} goals; not tested)."


def style_sentence(style: str, after: Comparison, *, stands: bool) -> str:
    """Whether a finding stands on the same answers said otherwise."""
    said = "It stands" if stands else "It does not stand"
    return f"{said} on verdicts of the answers rewritten as {style} ({_points(after)})."


def _seeds_sentence(tested: Tested) -> str:
    """What repeated trainings say, from three on."""
    several = f"{tested.seed_count} {tested.repeated}{'s' if tested.seed_count > 1 else ''}"
    if tested.seeds is None:
        alone = tested.repeated != "training seed"
        return f" {several}: too few for an interval; this speaks of these alone." if alone else ""
    low, high = tested.seeds
    band = f"{signed(low)} to {signed(high)}"
    if tested.verdict == "not separable":
        return f" These models differ, but the {several} disagree: {band}."
    return f" Over {several}: {band}."


def _where(column: Column) -> str:
    """The place of a measurement, with a space before it; empty where its family's name says it."""
    if column.event == "unsafe":
        return " without an attack" if column.detail == "no attack" else f" under {column.detail}"
    return "" if column.name == column.title else f" on {column.detail}"


def _points(found: Comparison) -> str:
    return f"{signed(found.difference)} points [{signed(found.low)}, {signed(found.high)}]"


def signed(value: float) -> str:
    """A difference of shares in points, with a true minus sign; nothing is ever minus zero."""
    points = round(100 * value, 1)
    return f"{points or 0.0:+.1f}".replace("-", "\u2212")


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def pvalue(value: float) -> str:
    """A p value in a table; a dash where nothing was tested."""
    return "–" if math.isnan(value) else _p(value).removeprefix("p ").removeprefix("= ")


def share(value: float) -> str:
    """A share in percent with one decimal; a dash where there is none."""
    return "–" if math.isnan(value) else f"{100 * value:.1f}%"
