"""`study --on ray`: the same jobs as tasks of a Ray cluster, on a file system that all its nodes share.

Ray places a task where its GPUs and processors are free and starts it again where its node dies; lock and key of the
artifact see to it that twice is once. `RAY_ADDRESS` names the cluster; without it one is started on this machine.
Keys for APIs are read from the environment of each node: nothing secret is sent through Ray.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Job, perform
from resolute.core.runs import Artifact
from resolute.study.graph import Node
from resolute.study.needs import Need, gpus
from resolute.study.slots import fit
from resolute.study.workers import lacking

RETRIES = 5
"""Times a task is started again after its node or its process is gone."""
SENT = (
    "RESOLUTE_DATA",
    "RESOLUTE_PRICES",
    "RESOLUTE_OWN",
    "RESOLUTE_PLUGINS",
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "HF_HOME",
)
"""Variables that tasks are started with: places and switches, no secrets."""


class Cluster:
    """Who does the jobs of a study on Ray (see `execute.Hands`)."""

    def __init__(self, store: Path) -> None:
        self._ray, self._store, self._place = _started(), store.resolve(), Path.cwd()
        self._own: list[Any] = []
        nodes = (node for node in self._ray.nodes() if node["Alive"])
        self._gpus = max((int(node["Resources"].get("GPU", 0)) for node in nodes), default=0)
        self._task = self._ray.remote(_task)

    def fit(self, nodes: Sequence[Node]) -> str:
        """Raise `ResoluteError` where a job needs more GPUs than any node has; a sentence where no node has one at all:
        nodes that a cluster starts when they are asked for are not seen."""
        fit(nodes, self._gpus, there="no node has more than")
        wanting = sum(gpus(node, 1) > 0 for node in nodes)
        if self._gpus or not wanting:
            return ""
        mend = "if the cluster starts GPU nodes when they are needed, start one first and run this again"
        return f"no node has a GPU: {wanting} open jobs that run checkpoints will compute on processors; {mend}"

    def lacking(self, needed: Sequence[Need]) -> Mapping[Need, ResoluteError]:
        """What of it is not on the node that is asked."""
        return self._ray.get(self._ray.remote(_lacking).remote(os.fspath(self._place), needed))

    def start(self, node: Node, job: Job) -> Future[Artifact]:
        """Hand a job over; Ray keeps it until there is room."""
        need = gpus(node, self._gpus)
        ours: Future[Artifact] = Future()
        options = {"num_cpus": 1, "num_gpus": need, "max_retries": RETRIES, "name": f"{node.stage} {node.id}"}
        reference = self._task.options(**options).remote(os.fspath(self._place), job, self._store)
        self._own.append(reference)
        reference.future().add_done_callback(partial(_hand_on, ours))
        return ours

    def ended(self, node: Node, *, broken: bool) -> None:
        """Ray gives the place back itself."""

    def told(self) -> Mapping[str, tuple[str, str, int, int]]:
        """Nothing: how far a task is, Ray's dashboard shows."""
        return {}

    def close(self, *, kill: bool) -> None:
        """End our tasks and leave the cluster; one that was started here ends."""
        for reference in self._own if kill else ():
            self._ray.cancel(reference, force=True)
        self._ray.shutdown()


def _started() -> Any:
    for name, value in {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS": "0"}.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise ResoluteError("Ray is not installed", where="--on ray", mend="pip install 'resolute[ray]'") from error
    sent = {name: os.environ[name] for name in SENT if name in os.environ}
    if not ray.is_initialized():
        address = os.environ.get("RAY_ADDRESS")
        ray.init(address=address, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": sent})
    return ray


def _task(place: str, job: Job, store: Path) -> Artifact | ResoluteError:
    """One job, on whichever node. What a user can mend comes back as it is, not wrapped in Ray's own error."""
    os.chdir(place)
    try:
        return perform(job, store, _silent)
    except ResoluteError as error:
        return error


def _lacking(place: str, needed: Sequence[Need]) -> dict[Need, ResoluteError]:
    os.chdir(place)
    return lacking(needed)


def _silent(what: str, done: int, total: int, /, note: str = "") -> None:
    """Nobody watches a task."""


def _hand_on(ours: Future[Artifact], done: Future[Any]) -> None:
    error = done.exception()
    found = done.result() if error is None else error
    if isinstance(found, BaseException):
        ours.set_exception(found)
    else:
        ours.set_result(found)
