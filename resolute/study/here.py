"""Which models and data sets of a plan are on this machine, said without importing what talks to models."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path

from resolute.core.catalogue import entries
from resolute.core.errors import ResoluteError
from resolute.core.foreign.remote import is_remote
from resolute.core.sources import NotHere, load_prompts
from resolute.study.graph import TRAINED, Graph
from resolute.study.needs import like_folder, models, runs_code, sources


def absent(graph: Graph, made: Collection[str]) -> dict[str, list[str]]:
    """Node that is not made -> models and data sets that it needs and that are not here. A provider's name is taken at
    its word, and so is a file that lies elsewhere: running asks for them."""
    found: dict[str, list[str]] = {}
    lacking: dict[str, bool] = {}
    for node in graph.nodes.values():
        if node.id in made:
            continue
        for spec in sources(node.settings):
            if spec not in lacking:
                lacking[spec] = not_here(spec) is not None
        lacks = [name for name in models(node.settings) if not _here(name)]
        lacks += [data_set(spec) for spec in sources(node.settings) if lacking[spec]]
        if lacks:
            found[node.id] = lacks
    return found


def lacks_sandbox(graph: Graph, made: Collection[str]) -> bool:
    """Whether code is to be run and this machine has no sandbox for it."""
    from resolute.models.isolation.sandbox import looked

    asked = any(node.id not in made and runs_code(node.settings) for node in graph.nodes.values())
    return asked and not looked()[0]


def data_set(spec: str) -> str:
    """What a plan calls a prompt source that is missing."""
    return f"the data of {spec}"


def not_here(spec: str) -> NotHere | None:
    """Why the data of a prompt source are not on this machine; None where they are. Nothing is fetched."""
    if is_remote(spec):
        return None
    try:
        load_prompts(spec)
    except NotHere as error:
        return error
    except ResoluteError:  # they are here and something else is the matter, which the job says
        return None
    return None


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
    return not like_folder(name)
