"""What a recipe declares to test before anything is measured: families of contrasts, and which axes are random.

Whatever is not declared is exploratory: shown with its interval, neither tested nor claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from resolute.core.errors import ResoluteError

JOINED = " · "
"""Between the levels in the label of a row."""
SEED = "seed"
"""The training seed, which is always random and never an axis."""


class Declared(BaseModel):
    """One family of tests, corrected together by Holm."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contrasts: tuple[tuple[str, str], ...] = Field(min_length=1)
    """Pairs of row labels without the levels of random axes, `[first, second]`: the second is compared with the
    first."""
    columns: tuple[str, ...] = Field(min_length=1)
    """Columns by event (`unsafe`, `refused`, `correct`, `garbled`) or by the name they have in the report; `*` stands
    for anything, and case does not matter."""
    test: Literal["difference", "kept"] = "difference"
    """difference: two-sided. kept: one-sided, that the second is not lower than the first by the margin."""
    margin: float | None = Field(default=None, gt=0, lt=1)
    """Of `kept`; None: the report's."""

    def takes(self, event: str, name: str) -> bool:
        """Whether a column is meant."""
        return any(fnmatchcase(each.casefold(), wanted.casefold()) for wanted in self.columns for each in (event, name))


def merged(label: str, at: Mapping[str, str], random: Sequence[str]) -> str:
    """The label of a row apart from the levels of random axes: what families and sentences call it."""
    if not any(axis in at for axis in random):
        return label
    return JOINED.join(level for axis, level in at.items() if axis not in random)


def families_of(recipe: Mapping[str, Any]) -> dict[str, Declared]:
    """The families that the recipe of a study declares."""
    report: Mapping[str, Any] = recipe.get("report") or {}
    return {name: Declared.model_validate(family) for name, family in (report.get("families") or {}).items()}


def check_families(
    families: Mapping[str, Declared], random: Sequence[str], rows: Iterable[tuple[str, Mapping[str, str]]]
) -> None:
    """Look at a recipe's families before work starts. `rows`: label and place on the axes of every row of the grid.

    Raises `ResoluteError` for a random axis that is none, for a contrast whose rows are not there or are one, and for
    a test that stands twice.
    """
    placed = list(rows)
    axes = {axis for _, at in placed for axis in at} - {"row"}
    for axis in random:
        if axis not in axes:
            there = f"one of: {', '.join(sorted(axes))}" if axes else "this grid has no axes"
            raise ResoluteError(f"no such axis: {axis!r}", where="report.random", mend=there)
    labels = list(dict.fromkeys(merged(label, at, random) for label, at in placed))
    for name, family in families.items():
        where = f"report.families.{name}"
        for pair in family.contrasts:
            if missing := [label for label in pair if label not in labels]:
                mend = f"one of: {', '.join(labels)}"
                raise ResoluteError(f"no row is called {missing[0]!r}", where=where, mend=mend)
            if pair[0] == pair[1]:
                raise ResoluteError(f"{pair[0]!r} is compared with itself", where=where, mend="name two rows")
        if len(set(family.contrasts)) < len(family.contrasts):
            raise ResoluteError("a contrast stands twice", where=where, mend="a test twice is corrected twice: once")
        if family.margin is not None and family.test == "difference":
            raise ResoluteError("a difference has no margin", where=where, mend="test: kept, or no margin")
