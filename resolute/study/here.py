"""Which models of a plan are on this machine, said without importing what talks to them."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path

from resolute.core.catalogue import entries
from resolute.core.errors import ResoluteError
from resolute.study.graph import TRAINED, Graph
from resolute.study.needs import models

PLACES = (".", "..", "~", "models", "runs", "checkpoints")
"""First parts of a name that is a folder's and no provider's."""


def absent(graph: Graph, made: Collection[str]) -> dict[str, list[str]]:
    """Node -> models that it needs and that are not here. A provider's name is taken at its word: running asks it."""
    found: dict[str, list[str]] = {}
    for node in graph.nodes.values():
        if node.id not in made and (lacks := [name for name in models(node.settings) if not _here(name)]):
            found[node.id] = lacks
    return found


@cache
def _here(name: str) -> bool:
    if name == TRAINED or name in entries("models") or (Path(name) / "config.json").is_file():
        return True
    if "@" in name:
        from resolute.models.identity import resolve

        try:
            return resolve(name).path is not None
        except ResoluteError:
            return False
    parts = Path(name).parts
    return len(parts) > 1 and parts[0] not in PLACES and not Path(name).is_absolute()
