"""Running a graph: what stands is found, the rest is handed out, feeds first. The parent imports no torch."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Job
from resolute.core.runs import Artifact, BeingMade
from resolute.study.graph import Graph, Node
from resolute.study.needs import Need, needs
from resolute.study.slots import Slots, here
from resolute.study.standing import job_of, standing
from resolute.study.workers import Workers

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a disk that is full."""
PATIENCE = 5.0
"""Seconds before a job that another process is making is looked at again."""


@dataclass(frozen=True)
class Event:
    """Something a watcher may want to draw."""

    what: Literal["note", "stands", "started", "progress", "waits", "done", "failed", "skipped"]
    node: Node
    text: str = ""
    """What the job is doing, why it failed, or what is to be known of it and others before they run."""
    done: int = 0
    total: int = 0
    """0 where the total is not known."""


Watch = Callable[[Event], None]


@dataclass
class Outcome:
    """Artifacts by node, and the nodes that have none with the reason."""

    artifacts: dict[str, Artifact] = field(default_factory=dict[str, Artifact])
    failed: dict[str, ResoluteError] = field(default_factory=dict[str, ResoluteError])


class Hands(Protocol):
    """Who does the jobs: processes of this machine, or a cluster."""

    def fit(self, nodes: Sequence[Node]) -> str: ...
    def lacking(self, needed: Sequence[Need]) -> Mapping[Need, ResoluteError]: ...
    def start(self, node: Node, job: Job) -> Future[Artifact] | None: ...
    def ended(self, node: Node, *, broken: bool) -> None: ...
    def told(self) -> Mapping[str, tuple[str, str, int, int]]: ...
    def close(self, *, kill: bool) -> None: ...


def execute(
    graph: Graph, store: Path, watch: Watch, *, slots: Slots | None = None, hands: Hands | None = None
) -> Outcome:
    """Run every node that does not stand, as many at a time as there are slots; one that fails takes down only what
    needs it. `hands` do the jobs in the place of this machine's workers.

    Raises `ResoluteError` before anything runs where an artifact was edited, a model, a data set or a sandbox is not
    here, or a job needs more GPUs than there are. `KeyboardInterrupt` ends the workers: what they had finished stands,
    and what they were at is taken up by the next run.
    """
    outcome = Outcome(standing(graph, store).settled(graph))
    for name in outcome.artifacts:
        watch(Event("stands", graph.nodes[name]))
    open_nodes = {name: node for name, node in graph.nodes.items() if name not in outcome.artifacts}
    if not open_nodes:
        return outcome
    if hands is None:
        hands = Workers(slots or here(), store)
    try:
        nodes = list(open_nodes.values())
        if told := hands.fit(nodes):
            watch(Event("note", nodes[0], told))
        _require(nodes, hands)
        _Drive(graph, hands, watch, outcome, open_nodes).run()
    except BaseException:
        hands.close(kill=True)
        raise
    hands.close(kill=False)
    return outcome


def _require(nodes: Iterable[Node], hands: Hands) -> None:
    users: dict[Need, Node] = {}
    for node in nodes:
        for need in needs(node.settings):
            users.setdefault(need, node)
    lacking = hands.lacking(list(users))
    if lacking:
        first = next(iter(lacking.values()))
        lines = [
            f"{need.name} ({users[need].stage} of {users[need].label}): {error.what}" for need, error in lacking.items()
        ]
        raise ResoluteError("what the study needs is not here:\n  " + "\n  ".join(lines), mend=first.mend)


@dataclass
class _Drive:
    graph: Graph
    hands: Hands
    watch: Watch
    outcome: Outcome
    waiting: dict[str, Node]
    running: dict[Future[Artifact], Node] = field(default_factory=dict[Future[Artifact], Node])
    later: dict[str, float] = field(default_factory=dict[str, float])
    """Node that another process is making -> when it is looked at again."""

    def run(self) -> None:
        while self.waiting or self.running:
            self._start_ready()
            finished, _ = wait(self.running, timeout=0.2, return_when=FIRST_COMPLETED)
            if not self.running:
                time.sleep(0.2)
            for node, what, done, total in self.hands.told().values():
                self.watch(Event("progress", self.graph.nodes[node], what, done, total))
            for future in finished:
                self._settle(self.running.pop(future), future)

    def _start_ready(self) -> None:
        made, failed = self.outcome.artifacts, self.outcome.failed
        for node in list(self.waiting.values()):
            lost = next((self.graph.nodes[feed.node] for feed in node.feeds if feed.node in failed), None)
            if lost is not None:
                del self.waiting[node.id]
                failed[node.id] = ResoluteError(f"not run: {lost.stage} of {lost.label} failed")
                self.watch(Event("skipped", node, f"{lost.stage} failed"))
            elif self.later.get(node.id, 0) <= time.monotonic() and all(feed.node in made for feed in node.feeds):
                future = self.hands.start(node, job_of(node, made))
                if future is not None:
                    del self.waiting[node.id]
                    self.running[future] = node
                    self.watch(Event("started", node))

    def _settle(self, node: Node, future: Future[Artifact]) -> None:
        error: BaseException | None = future.exception()
        self.hands.ended(node, broken=isinstance(error, BrokenProcessPool))
        if isinstance(error, BeingMade):
            self.waiting[node.id] = node
            self.later[node.id] = time.monotonic() + PATIENCE
            self.watch(Event("waits", node, "another process is making it"))
        elif error is None:
            self.outcome.artifacts[node.id] = future.result()
            self.watch(Event("done", node))
        else:
            self.outcome.failed[node.id] = told = _told(node, error)
            self.watch(Event("failed", node, str(told)))


def _told(node: Node, error: BaseException) -> ResoluteError:
    where = f"{node.stage} of {node.label}"
    if isinstance(error, BrokenProcessPool):
        mend = "run the same command again: what was finished stands; if it ends again, it may need more memory"
        return ResoluteError("a worker process was ended from outside", where=where, mend=mend)
    if isinstance(error, ResoluteError):
        return error
    if isinstance(error, OSError) and error.errno in FULL:
        mend = "make room and run the same command again: what was finished stands"
        return ResoluteError(f"nothing more can be written: {error.strerror}", where=where, mend=mend)
    return ResoluteError(f"{type(error).__name__}: {error}", where=where, mend="see --debug; this may be a bug")
