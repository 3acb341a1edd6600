"""A study one cell at a time, for Slurm arrays and make: every job of the graph by its id, made by whoever asks for it.

A cell is made by the process that asks, under the lock of its artifact's folder, and twice is once. Ids are the same on
every machine that has the same recipe and the same Resolute.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Progress, perform
from resolute.core.remembered import remembering
from resolute.core.runs import Artifact, BeingMade
from resolute.study.graph import Graph, Node
from resolute.study.here import absent
from resolute.study.needs import gpus
from resolute.study.standing import job_of, standing

MANY = 1_000_000
"""As many GPUs as anybody asks for: what a cell needs does not depend on the machine that lists it."""

State = Literal["done", "partly", "ready", "waits", "amiss"]
"""done: stands, and so does all it was made of. partly: stands with failed rows: made again, it asks for those. ready:
its feeds are done. waits: some are not. amiss: it cannot be made here, for want of a model or data."""


@dataclass(frozen=True)
class Cell:
    """One line of the list."""

    node: Node
    wave: int
    """0 for cells without feeds, else one more than the highest of their feeds: a wave needs only those before it."""
    state: State
    gpus: int

    def __str__(self) -> str:
        node = self.node
        return "\t".join((node.id, str(self.wave), self.state, str(self.gpus), node.stage, node.label))


def cells(graph: Graph, store: Path) -> list[Cell]:
    """All cells, by wave."""
    with remembering():
        known = standing(graph, store)
        settled = known.settled(graph)
        missing = absent(graph, settled)
    waves = dict[str, int]()
    found: list[Cell] = []
    for node in graph.nodes.values():
        waves[node.id] = 1 + max((waves[feed.node] for feed in node.feeds), default=-1)
        if node.id in settled:
            state: State = "done"
        elif node.id in known.amiss or node.id in missing:
            state = "amiss"
        elif any(feed.node not in settled for feed in node.feeds):
            state = "waits"
        else:
            state = "partly" if node.id in known.partly else "ready"
        found.append(Cell(node, waves[node.id], state, _gpus(node)))
    return sorted(found, key=lambda cell: cell.wave)


def make_cell(
    graph: Graph, name: str, store: Path, progress: Progress, *, with_feeds: bool = False, patience: float = 5.0
) -> Artifact:
    """Make the cell whose id is, or begins with, `name`; the cells it needs as well, where `with_feeds`.

    A feed with failed rows is taken as it is nowhere: made again first, where `with_feeds`, it is built on as it then
    stands, as a study does. A feed that another process is making is waited for, `patience` seconds at a time. Raises
    `ResoluteError` where no id or several begin so, where feeds are missing, and `BeingMade` where another process
    makes this very cell.
    """
    node = _named(graph, name)
    needed = _needed(graph, node)
    made = standing(graph, store, needed).settled(graph)
    missing = [each for each in needed if each not in made and each != node.id]
    if missing and not with_feeds:
        told = "\n  ".join(f"{each} ({graph.nodes[each].stage} of {graph.nodes[each].label})" for each in missing)
        what = f"cells that this one needs are not made, or have failed rows:\n  {told}"
        raise ResoluteError(what, where=node.id, mend="make those first, in this order, or say --with-feeds")
    for each in missing:
        made[each] = _made(graph.nodes[each], made, store, progress, patience)
    return perform(job_of(node, made), store, progress)


def _made(node: Node, made: dict[str, Artifact], store: Path, progress: Progress, patience: float) -> Artifact:
    while True:
        try:
            return perform(job_of(node, made), store, progress)
        except BeingMade:
            progress(f"waiting for {node.stage} of {node.label}, which another process is making", 0, 0)
            time.sleep(patience)


def _named(graph: Graph, name: str) -> Node:
    found = [node for key, node in graph.nodes.items() if name and key.startswith(name)]
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} cells begin with {name!r}" if found else f"no cell {name!r}"
    raise ResoluteError(what, where="--cell", mend="name one of the ids of --list, for the same recipe and settings")


def _needed(graph: Graph, node: Node) -> list[str]:
    """The node and all it is made of, feeds first."""
    wanted, queue = {node.id}, [node]
    while queue:
        for feed in queue.pop().feeds:
            if feed.node not in wanted:
                wanted.add(feed.node)
                queue.append(graph.nodes[feed.node])
    return [name for name in graph.nodes if name in wanted]


def _gpus(node: Node) -> int:
    """0 stands too for `launch: ddp` or `fsdp` without a number, which takes what there is."""
    need = gpus(node, MANY)
    return 0 if need == MANY else need
