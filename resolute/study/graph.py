"""A recipe as a graph of jobs: rows x seeds, with what they share asked for once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from resolute.core.errors import ResoluteError
from resolute.core.keys import key
from resolute.core.layers import resolve
from resolute.core.recipe import Recipe
from resolute.core.settings import SECTIONS, Audit, Curate, Distill, Repair, Section
from resolute.core.strategy import strategy
from resolute.study.grid import ROW, Combination, combinations, sibling

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
    at: Mapping[str, str] = field(default_factory=dict[str, str])
    """Axis of the grid -> level."""


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


def build(recipe: Recipe, overrides: Mapping[str, Mapping[str, Any]], *, seeds: Sequence[int], quick: bool) -> Graph:
    """The graph of a recipe. `overrides` are the command line's settings; they win over the recipe's and the rows'."""
    if recipe.evaluate is None:
        raise ResoluteError("a study needs the section `evaluate`", where=recipe.name, mend="add it")
    for where, said in (("recipe", recipe.train or {}), ("--set", overrides.get("train", {}))):
        if "seed" in said:
            mend = "say `seeds: [7]` at the top of the recipe, or --seeds: every row is trained with each"
            raise ResoluteError("in a study the training seed is no setting of `train`", where=where, mend=mend)
    graph = Graph()
    for row in combinations(recipe, quick=quick):
        layers = _Layers(recipe, row, overrides, quick=quick)
        for seed in seeds if layers.has("train") else (0,):
            graph.rows.append(_row(graph, layers, seed))
    return graph


@dataclass(frozen=True)
class _Layers:
    """The settings of one row, stage by stage, weakest first."""

    recipe: Recipe
    row: Combination
    overrides: Mapping[str, Mapping[str, Any]]
    quick: bool

    @property
    def label(self) -> str:
        return self.row.label

    def has(self, stage: str) -> bool:
        return self.row.has(stage, self.recipe)

    def of(self, stage: str, extra: Mapping[str, Any] | None = None) -> list[tuple[str, Mapping[str, Any]]]:
        grid = self.recipe.grid
        return [
            ("recipe", getattr(self.recipe, stage) or {}),
            *((origin, change.get(stage) or {}) for origin, change in self.row.changes),
            ("--quick", (grid.quick_set.get(stage) or {}) if grid and self.quick else {}),
            ("--set", self.overrides.get(stage, {})),
            ("study", extra or {}),  # what a row is: no setting makes a trained row another model's
        ]


def _row(graph: Graph, layers: _Layers, seed: int) -> Row:
    nodes: dict[str, str] = {}
    evaluated: tuple[Feed, ...] = ()
    extra: dict[str, Any] = {}
    if layers.has("train"):
        nodes |= _training_data(graph, layers)
        feeds = [Feed("examples", nodes["curate"], "examples.parquet")]
        train = graph.add("train", layers.of("train", {"seed": seed}), feeds, label=layers.label)
        nodes["train"] = train.id
        evaluated, extra = (Feed("model", train.id, "checkpoint"),), {"model": TRAINED}
    evaluate = graph.add("evaluate", layers.of("evaluate", extra), evaluated, label=layers.label)
    nodes["evaluate"] = evaluate.id
    answers = Feed("traces", evaluate.id, "traces.parquet")
    nodes["judge"] = graph.add("judge", layers.of("judge"), [answers], label=layers.label).id
    return Row(layers.label, seed, "trained" if layers.has("train") else "raw", nodes, layers.row.at)


def _repaired(graph: Graph, layers: _Layers, audit: Node, feeds: Sequence[Feed]) -> tuple[str, list[Feed]]:
    """The repair of what was audited, graded by the auditors and guards of the originals where it names none."""
    graders = {"auditors": cast("Audit", audit.settings).auditors, "judges": layers.recipe.guards}
    node = graph.add("repair", [("audit and guards", graders), *layers.of("repair")], feeds, label=layers.label)
    roles = ["traces", "risks", *(["verdicts"] if cast("Repair", node.settings).judges else [])]
    return node.id, [Feed(role, node.id, f"{role}.parquet") for role in roles]


def _training_data(graph: Graph, layers: _Layers) -> dict[str, str]:
    nodes, feeds = _traces(graph, layers)
    extra: dict[str, Any] = {}
    others = [name for name in layers.row.beside(layers.recipe) if name != layers.row.at.get(ROW)]
    for name in others:
        other = replace(layers, row=sibling(layers.recipe, layers.row, name))
        if not other.has("distill"):
            where = f"with of {layers.label}"
            raise ResoluteError(f"{name!r} has no traces to give", where=where, mend="name one that distils")
        feeds += [feed for feed in _traces(graph, other)[1] if feed not in feeds]
    curate, _ = resolve(Curate, layers.of("curate"))
    if curate.match and curate.only is None:
        extra = {"only": _strategy_of(graph.nodes[nodes["distill"]])}
    node = graph.add("curate", layers.of("curate", extra), _numbered(feeds), label=layers.label)
    return {**nodes, "curate": node.id}


def _strategy_of(distill: Node) -> str:
    try:
        return strategy(cast("Distill", distill.settings).strategy).name
    except ResoluteError as error:
        raise ResoluteError(error.what, where=f"distill.strategy of {distill.label}", mend=error.mend) from error


def _traces(graph: Graph, layers: _Layers) -> tuple[dict[str, str], list[Feed]]:
    """The nodes that make and judge a row's own traces, and what they feed a curation."""
    guards, label = layers.recipe.guards, layers.label
    distill = graph.add("distill", layers.of("distill"), (), label=label)
    traces = Feed("traces", distill.id, "traces.parquet")
    audit = graph.add("audit", layers.of("audit"), [traces], label=label)
    feeds = [traces, Feed("risks", audit.id, "risks.parquet")]
    nodes = {"distill": distill.id, "audit": audit.id}
    if guards:
        guard = graph.add("judge", [("guards", {"judges": guards})], [traces], label=label)
        feeds.append(Feed("verdicts", guard.id, "verdicts.parquet"))
        nodes["guard"] = guard.id
    if layers.has("repair"):
        nodes["repair"], more = _repaired(graph, layers, audit, feeds)
        feeds += more
    return nodes, feeds


def _numbered(feeds: Sequence[Feed]) -> list[Feed]:
    """Roles as the stage knows them: traces, traces-2, traces-3, each kind counted for itself."""
    seen: Counter[str] = Counter()
    numbered: list[Feed] = []
    for feed in feeds:
        seen[feed.role] += 1
        numbered.append(replace(feed, role=feed.role if seen[feed.role] == 1 else f"{feed.role}-{seen[feed.role]}"))
    return numbered
