"""An axis of a study's grid as a curve: how a measure changes with its levels, all else held."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from resolute.stages.pages.arms import ROW, arms
from resolute.stages.pages.columns import Column
from resolute.stages.pages.measures import Measures
from resolute.stages.pages.shown import Shown

WIDE = 20.0
"""Ratio of the largest level to the smallest from which a scale is logarithmic."""


@dataclass(frozen=True)
class Series:
    """One line of a curve: the rows that differ in this axis alone. `points` are level and cell."""

    label: str
    points: Sequence[tuple[str, Shown]]


@dataclass(frozen=True)
class Curve:
    """A measure along an axis."""

    axis: str
    levels: Sequence[str]
    column: Column
    series: Sequence[Series]

    @property
    def numbers(self) -> Sequence[float] | None:
        """The levels as numbers; None where one of them is no number."""
        read = [number(level) for level in self.levels]
        return None if any(math.isnan(one) for one in read) else read

    @property
    def logarithmic(self) -> bool:
        there = self.numbers
        return bool(there) and min(there) > 0 and max(there) / min(there) > WIDE


def curves(measures: Measures, columns: Sequence[Column], random: Sequence[str] = ()) -> list[Curve]:
    """One for each axis that is not random, with two or more measured levels, and each column of the main table."""
    found: list[Curve] = []
    for axis, levels in measures.study.axes.items():
        for column in columns if axis not in (ROW, *random) else ():
            series = _series(measures, axis, column, random)
            there = {level for one in series for level, _ in one.points}
            if len(there) > 1:
                found.append(Curve(axis, [level for level in levels if level in there], column, series))
    return found


def number(level: str) -> float:
    """A level's number, with or without commas between thousands; NaN where it is none."""
    try:
        read = float(level.replace(",", ""))
    except ValueError:
        return math.nan
    return read if math.isfinite(read) else math.nan


def _series(measures: Measures, axis: str, column: Column, random: Sequence[str]) -> list[Series]:
    held: dict[tuple[tuple[str, str], ...], dict[str, Shown]] = {}
    for arm in arms(measures.study, random).values():
        at = arm.rows[0].at
        shown = measures.over(arm, column) if axis in at else None
        if shown is not None and shown.points:
            rest = tuple((name, level) for name, level in at.items() if name not in (axis, *random))
            held.setdefault(rest, {})[at[axis]] = shown
    order = measures.study.axes[axis]
    return [
        Series(" · ".join(level for _, level in rest) or column.title, [(n, some[n]) for n in order if n in some])
        for rest, some in held.items()
    ]
