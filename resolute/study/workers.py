"""Long-lived worker processes of one machine, one to a place: a job that brings its process down is alone in it."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.queues import Queue
from pathlib import Path

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Job, perform
from resolute.core.runs import Artifact
from resolute.study.graph import Node
from resolute.study.here import not_here
from resolute.study.needs import Need, gpus
from resolute.study.slots import Free, Place, Slots, fit

Told = tuple[str, str, int, int]
"""Node, what it is doing, how far, of how many."""

_progress: Queue[Told] | None = None


def _enter(events: Queue[Told], devices: str | None) -> None:
    """A worker's first act, before torch is imported. Ctrl-C is the parent's to handle; a worker is ended by it."""
    global _progress
    _progress = events
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if devices is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = devices


def _work(node: str, job: Job, store: Path) -> Artifact:
    def report(what: str, done: int, total: int, /, note: str = "") -> None:
        if _progress is not None:
            _progress.put((node, f"{what}, {note}" if note else what, done, total))

    return perform(job, store, report)


def lacking(needed: Sequence[Need]) -> dict[Need, ResoluteError]:
    """Which of these are not here, and why; asked in a worker, since it imports what talks to models."""
    from resolute.models.identity import resolve
    from resolute.models.isolation.sandbox import mode

    found: dict[Need, ResoluteError] = {}
    for need in needed:
        try:
            if need.kind == "model":
                resolve(need.name)
            elif need.kind == "sandbox":
                mode()
            elif (error := not_here(need.name)) is not None:
                found[need] = error
        except ResoluteError as error:
            found[need] = error
    return found


class Workers:
    """The machine's slots with a process in each that was needed so far."""

    def __init__(self, slots: Slots, store: Path) -> None:
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, "1")
        self._context = multiprocessing.get_context("spawn")
        self._events: Queue[Told] = self._context.Queue()
        self._free, self._store = Free(slots), store
        self._pools: dict[Place, ProcessPoolExecutor] = {}
        self._places: dict[str, Place] = {}

    def fit(self, nodes: Sequence[Node]) -> str:
        """Raise `ResoluteError` where a job needs more GPUs than this machine has; there is nothing else to say."""
        fit(nodes, len(self._free.slots.gpus))
        return ""

    def lacking(self, needed: Sequence[Need]) -> dict[Need, ResoluteError]:
        """What of it is not on this machine."""
        return self._pool(Place(cpu=0)).submit(lacking, needed).result()

    def start(self, node: Node, job: Job) -> Future[Artifact] | None:
        """Begin a job where there is room for it; None where there is none at the moment."""
        place = self._free.take(gpus(node, len(self._free.slots.gpus)))
        if place is None:
            return None
        self._places[node.id] = place
        return self._pool(place).submit(_work, node.id, job, self._store)

    def ended(self, node: Node, *, broken: bool) -> None:
        """Give a job's place back; a process that is gone is replaced when the place is needed again."""
        place = self._places.pop(node.id)
        self._free.give(place)
        if broken and (pool := self._pools.pop(place, None)) is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def told(self) -> dict[str, Told]:
        """What the jobs said since the last look, the newest of each."""
        newest: dict[str, Told] = {}
        while True:
            try:
                said = self._events.get_nowait()
            except queue.Empty:
                return newest
            newest[said[0]] = said

    def close(self, *, kill: bool) -> None:
        """End the processes, with what they are at where `kill`."""
        for pool in self._pools.values():
            for process in list((pool._processes or {}).values()) if kill else ():  # there is no public way to end them
                process.terminate()
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
        self._pools.clear()

    def _pool(self, place: Place) -> ProcessPoolExecutor:
        if place not in self._pools:
            for other in [other for other in self._pools if set(other.gpus) & set(place.gpus)]:
                self._pools.pop(other).shutdown(wait=True)  # it is idle, and still holds memory of these GPUs
            devices = ",".join(place.gpus) if self._free.slots.gpus else None
            arguments = (self._events, devices)
            self._pools[place] = ProcessPoolExecutor(
                1, mp_context=self._context, initializer=_enter, initargs=arguments
            )
        return self._pools[place]
