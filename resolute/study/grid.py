"""The rows of a grid: every row times every combination of the axes' levels, less those the recipe leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from resolute.core.errors import ResoluteError
from resolute.core.recipe import Grid, Recipe
from resolute.core.settings import SECTIONS
from resolute.core.statistics.declared import JOINED

ROW = "row"
"""The axis that the grid's own rows are the levels of."""
WITH = "with"
"""The key of a change that is no section."""


@dataclass(frozen=True)
class Combination:
    """One row of the grid before its seeds."""

    label: str
    at: Mapping[str, str]
    """Axis -> level."""
    changes: Sequence[tuple[str, Mapping[str, Any]]]
    """What changes the recipe, weakest first, each with where it stands in the file."""

    def beside(self, recipe: Recipe) -> tuple[str, ...]:
        """Sources and rows whose traces are curated with its own: what was said last; null says none."""
        said = [change[WITH] for _, change in self.changes if WITH in change]
        return tuple(said[-1] or ()) if said else recipe.beside

    def has(self, stage: str, recipe: Recipe) -> bool:
        """Whether this row has the stage: somebody names it and nobody sets it to null."""
        said = [change[stage] for _, change in self.changes if stage in change]
        return None not in said and (bool(said) or getattr(recipe, stage) is not None)


@dataclass(frozen=True)
class _Axis:
    name: str
    levels: Mapping[str, Mapping[str, Any]]
    where: str = field(compare=False)


def levels_of(recipe: Recipe) -> dict[str, list[str]]:
    """Axis -> its levels in order; a grid of rows alone has the one axis `row`."""
    return {axis.name: list(axis.levels) for axis in _axes(recipe)}


def combinations(recipe: Recipe, *, quick: bool) -> list[Combination]:
    """All of them in order, the first axis (that of the rows) turning slowest; with `quick` those it names.

    Raises `ResoluteError` for an axis without levels, for sections, axes and levels that are not there, for a training
    seed in a row, for two rows of one label, and for a grid of nothing.
    """
    grid, axes = recipe.grid or Grid(), _axes(recipe)
    for axis in (*axes, *([_Axis("source", recipe.sources, "sources")] if recipe.sources else [])):
        _check(axis)
    made = [_joined(axes, levels) for levels in product(*(axis.levels for axis in axes))]
    kept = [each for each in made if not any(_matches(each, out) for out in _without(grid, axes, made))]
    if not kept:
        raise ResoluteError("the grid has no row left", where="grid.without", mend="take out fewer combinations")
    labels = [each.label for each in kept]
    if twice := sorted({label for label in labels if labels.count(label) > 1}):
        raise ResoluteError(f"rows of one label: {twice}", where="grid", mend="name levels and rows apart")
    return _quick(grid, kept) if quick and grid.quick else kept


def sibling(recipe: Recipe, row: Combination, name: str) -> Combination:
    """What `name` means where `row` is curated with it: a source, which no axis changes, or a row of the grid, standing
    or not, at the same place of all axes.

    Raises `ResoluteError` where it is neither, or both.
    """
    rows = recipe.grid.rows if recipe.grid else {}
    if (name in rows) == (name in recipe.sources):
        what = f"{name!r} is {'both a row and a source' if name in rows else 'neither a row nor a source'}"
        there = ", ".join([*rows, *recipe.sources])
        raise ResoluteError(what, where=f"with of {row.label}", mend=f"name one of: {there}")
    if name in rows:
        axes = [_rows(rows), *(axis for axis in _axes(recipe) if axis.name != ROW)]
        return _joined(axes, [name, *(row.at[axis.name] for axis in axes[1:])])
    return Combination(name, {}, [(f"source {name}", recipe.sources[name])])


def _axes(recipe: Recipe) -> list[_Axis]:
    grid = recipe.grid or Grid(rows={recipe.name: {}})
    if ROW in grid.axes:
        raise ResoluteError(f"`{ROW}` is the axis of grid.rows", where="grid.axes", mend="give the axis another name")
    if unknown := [label for label in grid.only if label not in grid.rows]:
        mend = f"one of: {', '.join(grid.rows)}"
        raise ResoluteError(f"no such rows: {unknown}", where="grid.only", mend=mend)
    rows = {label: change for label, change in grid.rows.items() if not grid.only or label in grid.only}
    others = [
        _Axis(name, {level: change or {} for level, change in levels.items()}, f"grid.axes.{name}")
        for name, levels in grid.axes.items()
        if levels is not None
    ]
    if not rows and not others:
        raise ResoluteError("the grid has neither rows nor axes", where="grid", mend="add `rows` or `axes`")
    return [*([_rows(rows)] if rows else []), *others]


def _rows(rows: Mapping[str, Mapping[str, Any] | None]) -> _Axis:
    return _Axis(ROW, {label: change or {} for label, change in rows.items()}, "grid.rows")


def _check(axis: _Axis) -> None:
    if not axis.levels:
        raise ResoluteError("an axis without levels", where=axis.where, mend="add one or remove the axis")
    for level, change in axis.levels.items():
        where = f"{axis.where}.{level}"
        if unknown := [name for name in change if name not in (*SECTIONS, WITH)]:
            mend = f"one of: {', '.join(SECTIONS)}, {WITH}"
            raise ResoluteError(f"unknown sections: {unknown}", where=where, mend=mend)
        names: Any = change.get(WITH)
        if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):  # pyright: ignore[reportUnknownVariableType]
            raise ResoluteError("`with` is a list of names", where=where, mend="with: [NAME], or null")
        if odd := [name for name, inner in change.items() if name != WITH and not isinstance(inner, Mapping | None)]:
            raise ResoluteError(
                f"not settings: {odd}", where=where, mend="a section is a mapping, or null to leave out"
            )
        if "seed" in (change.get("train") or {}):
            mend = "say `seeds:` at the top of the recipe: every row is trained with each"
            raise ResoluteError("a row has no training seed of its own", where=f"{where}.train.seed", mend=mend)


def _joined(axes: Sequence[_Axis], levels: Sequence[str]) -> Combination:
    pairs = list(zip(axes, levels, strict=True))
    changes = [
        (f"row {level}" if axis.name == ROW else f"{axis.name} {level}", axis.levels[level]) for axis, level in pairs
    ]
    return Combination(JOINED.join(levels), {axis.name: level for axis, level in pairs}, changes)


def _without(grid: Grid, axes: Sequence[_Axis], made: Sequence[Combination]) -> Sequence[Mapping[str, str]]:
    known = {axis.name: axis.levels for axis in axes}
    for place, out in enumerate(grid.without):
        where = f"grid.without.{place}"
        if not out:
            raise ResoluteError("it names no axis", where=where, mend="say `axis: level`, or remove it")
        for name, level in out.items():
            if level not in known.get(name, {}):
                there = known.get(name) or known
                raise ResoluteError(f"no such combination: {name}: {level}", where=where, mend=f"one of: {list(there)}")
    return grid.without


def _matches(each: Combination, out: Mapping[str, str]) -> bool:
    return all(each.at[name] == level for name, level in out.items())


def _quick(grid: Grid, kept: Sequence[Combination]) -> list[Combination]:
    names = [{each.label, each.at.get(ROW, each.label)} for each in kept]
    if unknown := [label for label in grid.quick if not any(label in some for some in names)]:
        raise ResoluteError(f"quick rows that are no rows: {unknown}", where="grid.quick", mend="name rows of the grid")
    return [each for each, some in zip(kept, names, strict=True) if some & set(grid.quick)]
