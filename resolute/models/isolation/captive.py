"""One process within the walls, spoken to in lines of JSON. What it says is a value and no more (see `inside`)."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Literal, Self

from resolute.models.isolation import inside, syscalls
from resolute.models.isolation.walls import Limits, Mode, python, wall

Fate = Literal["timeout", "crashed", "out of memory", "too much output"]
"""How code ended that did not do what it was asked to."""
PATIENCE = 30.0
"""Seconds a sandbox may take to be ready, however busy the machine is."""
_NOBODY = range(60_578, 61_184)
"""User ids that Linux gives to nobody (systemd.io/UIDS-GIDS); the sandboxes of root run as one of them each."""
_CHUNK = 1 << 16
_WORDS = 500
_GARBLED = "no line of the channel"
_LAST = 1.0
"""Seconds a process may live on after it closed its channel."""
_SOURCE = Path(inside.__file__).read_text(encoding="utf-8")


class Ended(Exception):  # noqa: N818 (code that ends is no error of ours)
    """Code ended, or was ended, before it did what it was asked to."""

    def __init__(self, fate: Fate, why: str = "") -> None:
        super().__init__(fate)
        self.fate: Fate = fate
        self.why = why


class Broken(Exception):  # noqa: N818 (becomes a failed verdict, never one about the code)
    """The sandbox itself did not come up."""


class Captive:
    """One process. Use it as a context: at its end nothing of it is left."""

    def __init__(self, mode: Mode, limits: Limits, order: dict[str, Any], stdin: bytes = b"") -> None:
        self.limits = limits
        self._order = order
        self._user = _Users.take() if mode == "root" else None
        self._said: dict[int, bytearray] = {}
        self._lines = 0
        self._within: int | None = None
        self._born = time.monotonic()
        self._until = self._born + PATIENCE
        self._start(mode, stdin)

    def _start(self, mode: Mode, stdin: bytes) -> None:
        # Made one by one and closed together: what another thread starts meanwhile inherits none of them.
        orders, self._orders = os.pipe()
        self._replies, replies = os.pipe()
        self._stdout, stdout = os.pipe()
        self._stderr, stderr = os.pipe()
        self._first, told = os.pipe()
        calls, given = _file(syscalls.program(forks=self.limits.forks)), _file(stdin)
        self._open = {self._replies, self._stdout, self._stderr}
        self._said = {end: bytearray() for end in self._open}
        os.set_blocking(self._orders, False)
        try:
            self._process = subprocess.Popen(
                [*wall(mode, self.limits, calls, told), *python(), "-c", _SOURCE, str(orders), str(replies)],
                stdin=given,
                stdout=stdout,
                stderr=stderr,
                pass_fds=(calls, told, orders, replies),
            )
        except OSError as error:
            self._close()
            raise Broken(f"bubblewrap cannot be started: {error.strerror}") from error
        finally:
            for end in (orders, replies, stdout, stderr, calls, told, given):
                os.close(end)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it, and all that it started."""
        # With the first process within, the kernel ends all of them; bubblewrap, still there, leaves no zombie of it.
        if self._within is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._within, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_LAST)
            os.close(self._within)
        self._process.kill()  # it dies with its parent, by `--die-with-parent`, where it could not be ended itself
        self._process.wait()
        self._close()

    def _close(self) -> None:
        for end in (self._orders, self._replies, self._stdout, self._stderr, self._first):
            os.close(end)
        if self._user is not None:
            _Users.give(self._user)

    @property
    def output(self) -> bytes:
        """What it wrote to standard output."""
        return bytes(self._said[self._stdout])

    def ready(self) -> None:
        """Hand over the order and wait until limits are set. Raises `Broken` with the first words of what is wrong."""
        try:
            self.ask({**self._order, "limits": self.limits.as_order(), "user": self._user})
        except Ended as end:
            words = bytes(self._said[self._stderr][:_WORDS]).decode(errors="replace").strip()
            raise Broken(words.partition("\n")[0] or f"no sign of life ({end.fate})") from end
        with contextlib.suppress(OSError, ValueError, KeyError):
            self._within = os.pidfd_open(json.loads(os.read(self._first, _CHUNK))["child-pid"])
        self._born = time.monotonic()
        self._until = self._born + self.limits.wall

    def ask(self, line: dict[str, Any] | None = None, seconds: float = 0.0) -> dict[str, Any]:
        """Say a line, if any, and wait for the next one, `seconds` from now or as long as is left. Raises `Ended`."""
        if seconds:
            self._until = time.monotonic() + seconds
        try:
            pending = b"" if line is None else json.dumps(line).encode() + b"\n"
        except RecursionError:  # a value of one sandbox, nested as deep as could just be read, on its way to another
            raise Ended("crashed", _GARBLED) from None
        self._pump(pending, lambda: self._lines > 0 or self._replies not in self._open)
        if not self._lines:
            raise self._end()
        heard = self._said[self._replies]
        said, _, rest = bytes(heard).partition(b"\n")
        heard[:] = rest
        self._lines -= 1
        with contextlib.suppress(ValueError, RecursionError):
            told = json.loads(said)
            if isinstance(told, dict):
                return told
        raise Ended("crashed", _GARBLED)

    def finish(self) -> None:
        """Wait until it ends by itself, with status 0. Raises `Ended` for any other end."""
        self._pump(b"", lambda: not self._open)
        end = self._end()
        if self._process.returncode != 0:
            raise end

    def _pump(self, pending: bytes, enough: Callable[[], bool]) -> None:
        """Write what is pending and read what comes until there is enough. Raises `Ended` beyond time or size."""
        with selectors.DefaultSelector() as wait:
            for end in self._open:
                wait.register(end, selectors.EVENT_READ)
            if pending:
                wait.register(self._orders, selectors.EVENT_WRITE)
            while not enough():
                left = self._until - time.monotonic()
                if left <= 0:
                    raise Ended("timeout", "by the clock")
                for found, _ in wait.select(left):
                    if found.fd != self._orders:
                        if not self._read(found.fd):
                            wait.unregister(found.fd)
                        continue
                    pending = self._write(pending)
                    if not pending:
                        wait.unregister(self._orders)

    def _write(self, pending: bytes) -> bytes:
        """What is still to be written; nothing, where nobody reads any more."""
        with contextlib.suppress(BlockingIOError):
            try:
                return pending[os.write(self._orders, pending[:_CHUNK]) :]
            except BrokenPipeError:
                return b""
        return pending

    def _read(self, end: int) -> bool:
        """Whether the other side is still open."""
        piece = os.read(end, _CHUNK)
        if not piece:
            self._open.discard(end)
            return False
        self._said[end] += piece
        if end == self._replies:
            self._lines += piece.count(b"\n")
        told = len(self._said[self._replies])
        if told > self.limits.value or sum(map(len, self._said.values())) - told > self.limits.output:
            raise Ended("too much output")
        return True

    def _end(self) -> Ended:
        """How it ended, after it closed its side."""
        try:
            status = self._process.wait(timeout=_LAST)
        except subprocess.TimeoutExpired:
            return Ended("crashed", "closed its channel")
        if status == inside.NO_MEMORY:
            return Ended("out of memory")
        number = status - 128 if status > 128 else 0
        spent = time.monotonic() - self._born >= self.limits.cpu
        if number == signal.SIGXCPU or (number == signal.SIGKILL and spent):
            return Ended("timeout", "processor time")
        return Ended("crashed", f"signal {number}" if number else f"exit status {status}")


class _Users:
    """User ids that no account has, one for each sandbox of root that is open."""

    _lock = threading.Lock()
    _taken: ClassVar[set[int]] = set()

    @classmethod
    def take(cls) -> int:
        with cls._lock:
            start = 31 * os.getpid()  # elsewhere than another process's, since limits are counted by user
            order = (_NOBODY[(start + step) % len(_NOBODY)] for step in range(len(_NOBODY)))
            user = next((number for number in order if number not in cls._taken), None)
            if user is None:
                raise Broken(f"{len(_NOBODY)} sandboxes are open already")
            cls._taken.add(user)
            return user

    @classmethod
    def give(cls, user: int) -> None:
        with cls._lock:
            cls._taken.discard(user)


def _file(content: bytes) -> int:
    """An open file in memory that nobody can change any more."""
    end = os.memfd_create("given", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(os.dup(end), "wb") as stream:
        stream.write(content)
    os.lseek(end, 0, os.SEEK_SET)
    fcntl.fcntl(
        end, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
    )
    return end
