"""A recipe as a graph of jobs: rows x seeds, with what they share asked for once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from resolute.core.budgets import require
from resolute.core.errors import ResoluteError
from resolute.core.keys import key
from resolute.core.settings import SECTIONS, Audit, Evaluate, Grid, Recipe, Repair, Section, resolve

TRAINED = "trained"
"""The model name of an evaluation whose model is the checkpoint of the row's own training."""


@dataclass(frozen=True)
class Feed:
    """An input of a node: the file `name` of another node's artifact, in the role the stage knows it by."""

    role: str
    node: str
    name: str


@dataclass(frozen=True)
class Node:
    """One job of the study. Two rows that ask for the same job share one node."""

    id: str
    stage: str
    settings: Section
    origins: Mapping[str, str]
    feeds: tuple[Feed, ...]
    label: str
    """Of the first row that asked for it."""


@dataclass(frozen=True)
class Row:
    """One row of the report: a label, a training seed, and the nodes it is made of, by their part in it."""

    label: str
    seed: int
    kind: str
    """`raw` for the untouched model, else `trained`."""
    nodes: Mapping[str, str]


@dataclass
class Graph:
    """Nodes in an order in which each stands after its feeds, and the rows made of them."""

    nodes: dict[str, Node] = field(default_factory=dict[str, Node])
    rows: list[Row] = field(default_factory=list[Row])

    def add(
        self, stage: str, layers: Iterable[tuple[str, Mapping[str, Any]]], feeds: Iterable[Feed], *, label: str
    ) -> Node:
        """The node for these settings and feeds, made where it does not stand yet."""
        settings, origins = resolve(SECTIONS[stage], layers)
        inputs = tuple(feeds)
        name = key([stage, settings, [[feed.role, feed.node, feed.name] for feed in inputs]])
        return self.nodes.setdefault(name, Node(name, stage, settings, origins, inputs, label))


def build(recipe: Recipe, overrides: Mapping[str, Mapping[str, Any]], *, seeds: int, quick: bool) -> Graph:
    """The graph of a recipe. `overrides` are the command line's settings; they win over the recipe's and the rows'."""
    grid = recipe.grid or Grid(rows={recipe.name: {}})
    labels = list(grid.quick) if quick and grid.quick else list(grid.rows)
    if unknown := [label for label in labels if label not in grid.rows]:
        raise ResoluteError(f"quick rows that are no rows: {unknown}", where="grid.quick", mend="name rows of the grid")
    if recipe.evaluate is None:
        raise ResoluteError("a study needs the section `evaluate`", where=recipe.name, mend="add it")
    graph = Graph()
    for label in labels:
        layers = _Layers(recipe, grid, label, overrides, quick=quick)
        row_seeds = range(seeds) if layers.has("train") else range(1)
        for seed in row_seeds:
            graph.rows.append(_row(graph, layers, recipe, label, seed))
    return graph


@dataclass(frozen=True)
class _Layers:
    """The settings of one row, stage by stage, weakest first."""

    recipe: Recipe
    grid: Grid
    label: str
    overrides: Mapping[str, Mapping[str, Any]]
    quick: bool

    def __post_init__(self) -> None:
        if unknown := [name for name in self._row() if name not in SECTIONS]:
            where = f"grid.rows.{self.label}"
            raise ResoluteError(f"unknown sections: {unknown}", where=where, mend=f"one of: {', '.join(SECTIONS)}")

    def _row(self) -> dict[str, Any]:
        return self.grid.rows[self.label] or {}

    def has(self, stage: str) -> bool:
        """Whether the row has this stage: the recipe names it and the row does not set it to null."""
        row = self._row()
        return (row[stage] if stage in row else getattr(self.recipe, stage)) is not None

    def of(self, stage: str, extra: Mapping[str, Any] | None = None) -> list[tuple[str, Mapping[str, Any]]]:
        quick = self.grid.quick_set.get(stage, {}) if self.quick else {}
        return [
            ("recipe", getattr(self.recipe, stage) or {}),
            (f"row {self.label}", self._row().get(stage) or {}),
            ("--quick", quick),
            ("study", extra or {}),
            ("--set", self.overrides.get(stage, {})),
        ]


def _row(graph: Graph, layers: _Layers, recipe: Recipe, label: str, seed: int) -> Row:
    nodes: dict[str, str] = {}
    evaluated: tuple[Feed, ...] = ()
    extra: dict[str, Any] = {}
    if layers.has("train"):
        nodes |= _training_data(graph, layers, recipe, label)
        feeds = [Feed("examples", nodes["curate"], "examples.parquet")]
        train = graph.add("train", layers.of("train", {"seed": seed}), feeds, label=label)
        nodes["train"] = train.id
        evaluated, extra = (Feed("model", train.id, "checkpoint"),), {"model": TRAINED}
    evaluate = graph.add("evaluate", layers.of("evaluate", extra), evaluated, label=label)
    assert isinstance(evaluate.settings, Evaluate)
    require(evaluate.settings)
    nodes["evaluate"] = evaluate.id
    answers = Feed("traces", evaluate.id, "traces.parquet")
    nodes["judge"] = graph.add("judge", layers.of("judge"), [answers], label=label).id
    return Row(label, seed, "trained" if layers.has("train") else "raw", nodes)


def _repaired(
    graph: Graph, layers: _Layers, recipe: Recipe, audit: Node, feeds: Sequence[Feed], label: str
) -> tuple[str, list[Feed]]:
    """The repair of what was audited, graded by the auditors and guards of the originals where it names none."""
    graders = {"auditors": cast("Audit", audit.settings).auditors, "judges": recipe.guards}
    node = graph.add("repair", [("audit and guards", graders), *layers.of("repair")], feeds, label=label)
    roles = ["traces", "risks", *(["verdicts"] if cast("Repair", node.settings).judges else [])]
    return node.id, [Feed(f"{role}-2", node.id, f"{role}.parquet") for role in roles]


def _training_data(graph: Graph, layers: _Layers, recipe: Recipe, label: str) -> dict[str, str]:
    distill = graph.add("distill", layers.of("distill"), (), label=label)
    traces = Feed("traces", distill.id, "traces.parquet")
    audit = graph.add("audit", layers.of("audit"), [traces], label=label)
    feeds = [traces, Feed("risks", audit.id, "risks.parquet")]
    nodes = {"distill": distill.id, "audit": audit.id}
    if recipe.guards:
        guard = graph.add("judge", [("guards", {"judges": recipe.guards})], [traces], label=label)
        feeds.append(Feed("verdicts", guard.id, "verdicts.parquet"))
        nodes["guard"] = guard.id
    if layers.has("repair"):
        nodes["repair"], more = _repaired(graph, layers, recipe, audit, feeds, label)
        feeds += more
    nodes["curate"] = graph.add("curate", layers.of("curate"), feeds, label=label).id
    return nodes
