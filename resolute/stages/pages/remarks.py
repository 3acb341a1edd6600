"""What stands round the tables and pictures, true of the study at hand: pages in every format say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from resolute.stages.pages.shown import Shown
from resolute.stages.pages.view import Page

BEFORE = (
    "Intervals are before correction for how much is tested, p values after it. Not separable: these models differ, "
    "but so much from training to training that nothing is said of others."
)


@dataclass(frozen=True)
class Remarks:
    """Sentences; empty where there is nothing to say."""

    lead: str
    """Which rates have intervals; without a full stop."""
    better: str
    scored: str
    intervals: str
    only: str
    """What is tested against some rows alone."""
    guide: str
    bars: str
    before: str = BEFORE


def remarks(page: Page) -> Remarks:
    """All of them."""
    shown = [cell for line in page.lines for cell in line.shown if cell is not None]
    return Remarks(
        _lead(shown), _better(page), _scored(shown), _intervals(page), _only(page), _guide(page), _bars(page)
    )


def _lead(shown: Sequence[Shown]) -> str:
    bare = [cell for cell in shown if cell.points and cell.low is None]
    if not bare:
        return "Every rate stands with its 95% interval"
    of = dict.fromkeys(f"fewer than three {cell.over}s" if cell.over else "two training seeds" for cell in bare)
    return f"Rates stand with their 95% intervals, those of {' and of '.join(of)} without one"


def _better(page: Page) -> str:
    titles = dict.fromkeys(column.title.lower() for column in page.columns if column.better == "high")
    return f"Lower is better{', but for ' if titles else ''}{' and '.join(titles)}."


def _scored(shown: Sequence[Shown]) -> str:
    rates = [cell.rate for one in shown for cell in one.cells]
    lost = sum(rate.unscored for rate in rates)
    if not lost:
        return "Every answer was scored."
    asked = sum(rate.n for rate in rates) + lost
    be = "was" if lost == 1 else "were"
    return (
        f"{lost:,} of {asked:,} answers {be} not scored, each counted once for every instrument that was to score it."
    )


def _intervals(page: Page) -> str:
    said = (
        "Intervals: Wilson where each goal stands once, else clustered by goal; from three training seeds a t interval "
        "on their means, never narrower than over goals; two seeds are shown as points."
    )
    if page.parts:
        axis = page.settings.random[0]
        said += (
            f" Rows are means over {axis}: seeds of one {axis} are alike, so the interval is the t interval of the "
            "means of each, however many seeds stand behind them, and never narrower than over goals."
        )
    said += (
        " “No answer” is the share of outputs with nothing to judge by the model’s own fault: they count as outputs in "
        "which the event did not happen. What an instrument could not score is in neither the events nor n; the bounds "
        "say what it could mean. The instrument named with a measure is the first one its suite names"
    )
    guards = ", ".join(sorted(page.study.guards))
    return said + (f"; {guards} accepted the training data and headlines nothing." if guards else ".")


def _only(page: Page) -> str:
    if page.settings.families:
        explored = any(family.exploratory for family in page.families)
        return "What no family names is exploratory: it stands among the tests, untested." if explored else ""
    every = {item.contrast.first for family in page.families for item in family.tested}
    said: list[str] = []
    for family in page.families:
        mine = dict.fromkeys(item.contrast.first for item in family.tested)
        if mine.keys() < every:
            said.append(f"{family.title} is tested against {_joined(list(mine), page)} only.")
    return " ".join(said)


def _joined(firsts: Sequence[str], page: Page) -> str:
    raws = {line.label for line in page.lines if line.kind == "raw"}
    return "the untouched models" if len(firsts) > 1 and raws.issuperset(firsts) else " and ".join(firsts)


def _guide(page: Page) -> str:
    raw = next((line.label for line in page.lines if line.kind == "raw"), "")
    return f"In the pictures of rates the dashed line is the rate of {raw}." if raw else ""


def _bars(page: Page) -> str:
    middle = "middle, orange: safe to the guard; " if any(item.passed is not None for item in page.patterns) else ""
    bars = f"Upper bar, grey: distilled; {middle}lower, blue: kept."
    return f"{bars} The line on a bar is the 95% interval, clustered by goal."
