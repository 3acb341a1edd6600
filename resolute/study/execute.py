"""Running a graph on long-lived worker processes: the parent plans, draws and imports no torch."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any, Literal

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Job, perform, prepare
from resolute.core.runs import Artifact
from resolute.study.graph import Graph, Node

WORKERS = 2
"""Processes that take whole jobs; each computes in one thread."""


@dataclass(frozen=True)
class Event:
    """Something a watcher may want to draw."""

    what: Literal["started", "progress", "done", "failed", "skipped"]
    node: Node
    text: str = ""
    """What the job is doing, or why it failed."""
    done: int = 0
    total: int = 0
    """0 where the total is not known."""


Watch = Callable[[Event], None]


@dataclass
class Outcome:
    """Artifacts by node, and the nodes that have none with the reason."""

    artifacts: dict[str, Artifact]
    failed: dict[str, ResoluteError]


_progress: Queue[tuple[str, str, int, int]] | None = None


def _enter(events: Queue[tuple[str, str, int, int]]) -> None:
    """A worker's first act. Ctrl-C is the parent's to handle; a worker is ended by it."""
    global _progress
    _progress = events
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(node: str, job: Job, store: Path) -> Artifact:
    def report(what: str, done: int, total: int, /, note: str = "") -> None:
        if _progress is not None:
            _progress.put((node, f"{what}, {note}" if note else what, done, total))

    return perform(job, store, report)


def execute(graph: Graph, store: Path, watch: Watch) -> Outcome:
    """Run every node that is not done, two at a time, feeds first; one that fails takes down only what needs it.

    Raises `KeyboardInterrupt` through after ending the workers: what they had finished stands, and what they were at
    is taken up by the next run.
    """
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    context = multiprocessing.get_context("spawn")
    events: Queue[tuple[str, str, int, int]] = context.Queue()
    pool = ProcessPoolExecutor(WORKERS, mp_context=context, initializer=_enter, initargs=(events,))
    try:
        return _drive(graph, store, watch, pool, events)
    except BaseException:
        for process in list((pool._processes or {}).values()):  # the pool has no public way to end its workers
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _drive(
    graph: Graph, store: Path, watch: Watch, pool: ProcessPoolExecutor, events: Queue[tuple[str, str, int, int]]
) -> Outcome:
    outcome = Outcome({}, {})
    waiting = dict(graph.nodes)
    running: dict[Future[Artifact], Node] = {}
    while waiting or running:
        _start_ready(graph, waiting, running, outcome, store=store, watch=watch, pool=pool)
        finished, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
        _forward(graph, events, watch)
        for future in finished:
            node = running.pop(future)
            _settle(node, future, outcome, watch)
    return outcome


def _start_ready(
    graph: Graph,
    waiting: dict[str, Node],
    running: dict[Future[Artifact], Node],
    outcome: Outcome,
    *,
    store: Path,
    watch: Watch,
    pool: ProcessPoolExecutor,
) -> None:
    for node in list(waiting.values()):
        lost = next((feed.node for feed in node.feeds if feed.node in outcome.failed), None)
        if lost is not None:
            del waiting[node.id]
            outcome.failed[node.id] = ResoluteError(f"not run: {graph.nodes[lost].stage} of {node.label} failed")
            watch(Event("skipped", node, f"{graph.nodes[lost].stage} failed"))
        elif len(running) < WORKERS and all(feed.node in outcome.artifacts for feed in node.feeds):
            del waiting[node.id]
            watch(Event("started", node))
            running[pool.submit(_work, node.id, job_of(node, outcome.artifacts), store)] = node


def job_of(node: Node, artifacts: dict[str, Artifact]) -> Job:
    """The job of a node whose feeds are done."""
    inputs = {feed.role: artifacts[feed.node].folder / feed.name for feed in node.feeds}
    return Job(node.stage, node.settings, inputs, dict(node.origins))


def planned(graph: Graph, store: Path) -> dict[str, Artifact | None]:
    """Which nodes are done already, without running any: None where a node, or one it needs, is not."""
    known: dict[str, Artifact | None] = {}
    for node in graph.nodes.values():
        feeds = {feed.node: artifact for feed in node.feeds if (artifact := known[feed.node]) is not None}
        if len(feeds) < len({feed.node for feed in node.feeds}):
            known[node.id] = None
            continue
        artifact, _ = prepare(job_of(node, feeds), store)
        known[node.id] = artifact if artifact.done else None
    return known


def _settle(node: Node, future: Future[Artifact], outcome: Outcome, watch: Watch) -> None:
    error: BaseException | None = future.exception()
    if error is None:
        outcome.artifacts[node.id] = future.result()
        watch(Event("done", node))
        return
    if isinstance(error, BrokenProcessPool):
        mend = "run the same command again: what was finished stands; if it ends again, it may need more memory"
        raise ResoluteError("a worker process was ended from outside", where=f"{node.stage} of {node.label}", mend=mend)
    if not isinstance(error, ResoluteError):
        where = f"{node.stage} of {node.label}"
        error = ResoluteError(f"{type(error).__name__}: {error}", where=where, mend="see --debug; this may be a bug")
    outcome.failed[node.id] = error
    watch(Event("failed", node, str(error)))


def _forward(graph: Graph, events: Queue[tuple[str, str, int, int]], watch: Watch) -> None:
    """Hand on what the workers said since the last look, the newest of each node only."""
    newest: dict[str, tuple[Any, ...]] = {}
    while True:
        try:
            node, *rest = events.get_nowait()
        except queue.Empty:
            break
        newest[node] = tuple(rest)
    for node, (what, done, total) in newest.items():
        watch(Event("progress", graph.nodes[node], what, done, total))
