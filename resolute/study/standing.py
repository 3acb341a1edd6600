"""Which artifacts of a study stand already, by their manifests: no weight is hashed twice, and no edit goes unseen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Job, prepare
from resolute.core.keys import digest
from resolute.core.remembered import remembering
from resolute.core.runs import MANIFEST, Artifact
from resolute.study.graph import Graph, Node


@dataclass
class Standing:
    """What is known of a graph's nodes before anything runs."""

    done: dict[str, Artifact] = field(default_factory=dict[str, Artifact])
    """Finished, without failed rows."""
    partly: dict[str, Artifact] = field(default_factory=dict[str, Artifact])
    """Finished with failed rows: made again for those."""
    amiss: dict[str, ResoluteError] = field(default_factory=dict[str, ResoluteError])
    """Cannot be made here and now: a model or a data set that is missing."""

    @property
    def made(self) -> dict[str, Artifact]:
        return self.done | self.partly

    def settled(self, graph: Graph) -> dict[str, Artifact]:
        """What need not be made: done without failed rows, and so is all it was made of."""
        kept = dict[str, Artifact]()
        for node in graph.nodes.values():
            if node.id in self.done and all(feed.node in kept for feed in node.feeds):
                kept[node.id] = self.done[node.id]
        return kept


def standing(graph: Graph, store: Path, nodes: Iterable[str] | None = None) -> Standing:
    """Look at all nodes, or at those named, feeds first.

    Raises `ResoluteError` where a finished artifact was changed after it was made: what is built on it would be wrong.
    """
    with remembering():
        return _standing(graph, store, nodes)


def _standing(graph: Graph, store: Path, nodes: Iterable[str] | None) -> Standing:
    found = Standing()
    asked = graph.nodes.keys() if nodes is None else set(nodes)
    for node in graph.nodes.values():
        if node.id not in asked or any(feed.node not in found.made for feed in node.feeds):
            continue
        if not any((store / node.stage).glob(f"*/{MANIFEST}")) and not node.feeds:
            continue  # nothing of this stage was ever made: its key need not be known
        try:
            artifact, _ = prepare(job_of(node, found.made), store, _digests(node, found.made))
        except ResoluteError as error:
            found.amiss[node.id] = error
            continue
        if artifact.done:
            artifact.unchanged()
            (found.partly if artifact.manifest.failed_rows else found.done)[node.id] = artifact
    return found


def job_of(node: Node, artifacts: Mapping[str, Artifact]) -> Job:
    """The job of a node whose feeds are done."""
    inputs = {feed.role: artifacts[feed.node].folder / feed.name for feed in node.feeds}
    return Job(node.stage, node.settings, inputs, dict(node.origins))


def _digests(node: Node, artifacts: Mapping[str, Artifact]) -> dict[str, str]:
    return {feed.role: _recorded(artifacts[feed.node], feed.name) for feed in node.feeds}


def _recorded(artifact: Artifact, name: str) -> str:
    """The content hash of a file, or of a folder's files, as the manifest has it (see `core.jobs.input_digest`)."""
    outputs = artifact.manifest.outputs
    if name in outputs:
        return outputs[name]
    inside = {path.removeprefix(f"{name}/"): sha for path, sha in outputs.items() if path.startswith(f"{name}/")}
    if not inside:
        raise ResoluteError(f"{artifact.stage} {artifact.key} has no {name}", where=str(artifact.folder))
    return digest(inside)
