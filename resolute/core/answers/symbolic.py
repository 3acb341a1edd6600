"""Whether two final answers are the same, by math-verify, in processes that are killed when they take too long.

Comparing can take for ever (a tower of powers) and cannot be stopped from within: math-verify's own limits are signals,
which only a main thread takes. So it runs in processes of their own, each under a limit of processor time and memory.
A comparison that was ended is said to be so; the next one gets a fresh process.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Literal

Pair = tuple[str, str]
"""A final answer and the reference."""
Settled = Literal["same", "different", "stopped", "not started"]
"""stopped: it ran into a limit; not started: math-verify does not run on this machine."""

SECONDS = 5
"""Processor time one comparison may take; the slowest of MATH-500 takes a fifth of a second."""
WALL = 60.0
"""Seconds after which a comparison is ended whatever it does: a machine may be busy, a process may be stopped."""
START = 120.0
"""Seconds a process may take to be ready: it imports SymPy."""
PER_PROCESS = 40
"""Comparisons that are worth one more process."""

_WORKER = Path(__file__).with_name("symbolic_worker.py")


class _Worker:
    """One process, started when it is first asked, replaced when it was ended."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def settle(self, pair: Pair) -> Settled:
        """What math-verify says of a pair."""
        if not self._started():
            return "not started"
        process = self._process
        assert process is not None and process.stdin is not None
        try:
            process.stdin.write(json.dumps(pair).encode() + b"\n")
            process.stdin.flush()
        except OSError:
            self.close()
            return "stopped"
        word = self._line(WALL)
        if word == "same" or word == "different":
            return word
        self.close()
        return "stopped"

    def end(self) -> None:
        """End the process from another thread than the one that listens to it, which then hears nothing more."""
        if (process := self._process) is not None:
            process.kill()

    def close(self) -> None:
        """End the process and wait for it: none is left behind."""
        if self._process is not None:
            self._process.kill()
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):  # what was not written to a dead process
                    assert pipe is not None
                    pipe.close()
            self._process.wait()
            self._process = None

    def _started(self) -> bool:
        if self._process is not None and self._process.poll() is None:
            return True
        self.close()
        command = [sys.executable, "-P", str(_WORKER), str(self.seconds)]
        quiet, pipe = subprocess.DEVNULL, subprocess.PIPE
        # One order of sets in every process: what depends on it would differ from run to run.
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        try:
            self._process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=quiet, env=environment, start_new_session=True
            )
        except OSError:
            return False
        if self._line(START) == "ready":
            return True
        self.close()
        return False

    def _line(self, limit: float) -> str:
        """The next word of the process; "" when it ended or the time is over."""
        assert self._process is not None and self._process.stdout is not None
        place, said, end = self._process.stdout.fileno(), b"", time.monotonic() + limit
        while not said.endswith(b"\n"):
            ready, _, _ = select.select([place], [], [], max(end - time.monotonic(), 0))
            more = os.read(place, 64) if ready else b""
            if not more:
                return ""
            said += more
        return said.decode("ascii", "replace").strip()


class Pool:
    """Several workers, shared by all threads of this process. `with Pool() as pool:` ends them; `shared()` is kept."""

    def __init__(self, *, workers: int | None = None, seconds: int = SECONDS) -> None:
        self._free = [_Worker(seconds) for _ in range(workers or min(os.cpu_count() or 1, 8))]
        self._all = tuple(self._free)
        self._turn = threading.Condition()
        self._owner = os.getpid()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def mine(self) -> bool:
        """Whether this process made the pool; a forked child must not speak over its parent's pipes."""
        return self._owner == os.getpid()

    def settle(self, pairs: Iterable[Pair], tick: Callable[[int], None] = lambda done: None) -> dict[Pair, Settled]:
        """What math-verify says of each different pair; `tick` hears how many are done."""
        waiting = list(dict.fromkeys(pairs))
        threads = min(len(self._all), 1 + len(waiting) // PER_PROCESS)
        found: dict[Pair, Settled] = {}
        with ThreadPoolExecutor(threads, thread_name_prefix="symbolic") as executor:
            futures = {executor.submit(self._one, pair): pair for pair in waiting}
            try:
                for done, future in enumerate(as_completed(futures), 1):
                    found[futures[future]] = future.result()
                    tick(done)
            except BaseException:  # Ctrl-C too: what waits is dropped, what runs is ended
                executor.shutdown(wait=False, cancel_futures=True)
                for worker in self._all:
                    worker.end()
                raise
        return {pair: found[pair] for pair in waiting}

    def close(self) -> None:
        """End every process."""
        for worker in self._all:
            worker.close()

    def _one(self, pair: Pair) -> Settled:
        with self._turn:
            while not self._free:
                self._turn.wait()
            worker = self._free.pop(0)
        try:
            return worker.settle(pair)
        finally:
            with self._turn:
                self._free.insert(0, worker)
                self._turn.notify()


_lock = threading.Lock()
_shared: Pool | None = None


def shared() -> Pool:
    """The pool of this process: made when first asked for, ended with the process."""
    global _shared
    with _lock:
        if _shared is None or not _shared.mine:
            _shared = Pool()
            atexit.register(_shared.close)
        return _shared
