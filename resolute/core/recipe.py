"""A recipe: one section a stage, and where it is a study, a grid of rows and axes. Read from YAML, parts from others.

`extends: other.yaml` takes the other file as the base and lays this one over it, mapping by mapping, as settings are
layered; lists are replaced whole, and an axis that is null is gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field
from yaml.composer import ComposerError

from resolute.core.errors import ResoluteError
from resolute.core.layers import checked, merge

Change = dict[str, Any]
"""Sections with the settings that change; a section that is null is left out. `with` names rows or sources whose traces
are curated beside the row's own."""


class Grid(BaseModel):
    """Rows of a study: each is the recipe with some settings changed. With axes, each row times each combination."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: dict[str, Change | None] = {}
    """Label -> changed sections; `train: null` leaves the model untouched."""
    only: tuple[str, ...] = ()
    """The rows that stand, where not all of them do: of a recipe that extends another, say."""
    axes: dict[str, dict[str, Change | None] | None] = {}
    """Axis -> level -> changed sections; every level of one axis meets every level of the others."""
    without: tuple[dict[str, str], ...] = ()
    """Combinations that are left out: each says `axis: level` for one axis or more, rows being the axis `row`."""
    quick: tuple[str, ...] = ()
    """Rows of `--quick`: a label as the report has it, or that of a row, which means all its combinations."""
    quick_set: Change = {}
    """Sections with the settings that `--quick` changes."""


class Recipe(BaseModel):
    """One section per stage; sections are merged with a row's and the command line's before they are checked."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_version: Literal[1] = Field(alias="schema")
    name: str
    seeds: int | tuple[int, ...] = 1
    """Training seeds per row: so many from 0 on, or a list of them."""
    sources: dict[str, Change] = {}
    """Name -> changed sections: traces that rows may take beside their own, and no row of the report."""
    beside: tuple[str, ...] = Field(default=(), alias="with")
    """Sources or rows whose traces every row is curated with, where it does not say its own `with`."""
    guards: tuple[str, ...] = ()
    """Instruments that accept distilled traces; whatever stands here never headlines a result."""
    distill: dict[str, Any] | None = None
    audit: dict[str, Any] | None = None
    repair: dict[str, Any] | None = None
    judge: dict[str, Any] | None = None
    curate: dict[str, Any] | None = None
    train: dict[str, Any] | None = None
    evaluate: dict[str, Any] | None = None
    report: dict[str, Any] | None = None
    grid: Grid | None = None


def seeds_of(asked: int | tuple[int, ...], where: str) -> tuple[int, ...]:
    """The seeds themselves. Raises `ResoluteError` where there is none, one is negative, or one stands twice."""
    seeds = tuple(range(asked)) if isinstance(asked, int) else asked
    if not seeds or min(seeds) < 0:
        raise ResoluteError("seeds are whole numbers from 0 on, and at least one", where=where, mend="seeds: 3")
    if twice := [seed for seed, count in Counter(seeds).items() if count > 1]:
        mend = "one seed twice is one training counted twice: give each once"
        raise ResoluteError(f"seeds stand twice: {twice}", where=where, mend=mend)
    return seeds


def read_recipe(path: Path) -> Recipe:
    """A recipe from YAML; unknown keys, a key twice, damaged YAML, wrong types and a circle of `extends` are errors
    that name the place."""
    recipe = checked(Recipe, _content(path, ()), str(path))
    seeds_of(recipe.seeds, str(path))
    return recipe


def _content(path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    here = path.resolve()
    if here in above:
        circle = " -> ".join(each.name for each in (*above[above.index(here) :], here))
        raise ResoluteError(f"recipes extend each other in a circle: {circle}", where=str(path), mend="end it")
    content = _read(path)
    base = content.pop("extends", None)
    if base is None:
        return content
    if not isinstance(base, str):
        raise ResoluteError("`extends` names one file", where=str(path), mend="extends: other.yaml")
    return merge(_content(path.parent / base, (*above, here)), content)


class _Once(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error: the reader of YAML takes the last without a word."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        names = [name.value for name, _ in node.value if isinstance(name, yaml.ScalarNode)]
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            raise ComposerError(None, None, f"the key {twice[0]!r} stands twice", node.start_mark)
        return node


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open(encoding="utf-8") as stream:
            content: Any = yaml.load(stream, _Once)  # noqa: S506 - a safe loader of ours
    except OSError as error:
        raise ResoluteError(
            f"cannot read the recipe: {error.strerror}", where=str(path), mend="check the path"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError, TypeError) as error:
        raise ResoluteError(f"not YAML: {error}", where=str(path), mend="repair it") from error
    if not isinstance(content, Mapping):
        raise ResoluteError("a recipe is a mapping", where=str(path), mend="begin with `schema: 1`")
    return dict(cast("Mapping[str, Any]", content))
