"""`bubblewrap`, a sandbox environment of Inspect AI: the same walls, kept up for a whole sample, commands allowed.

A box is one sandbox with a servant in it (`models.isolation.servant`). Its folder is memory with a limit and goes with
it. It may start processes, up to a number the system holds; memory and processor time are limited for each of them and
not for all together. There is no network, no other user, no /proc, and no port.
"""

from __future__ import annotations

import asyncio
import base64
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, TypeVar, overload

from inspect_ai.util import (
    ExecResult,
    OutputLimitExceededError,
    SandboxEnvironment,
    SandboxEnvironmentConfigType,
    SandboxEnvironmentLimits,
    SandboxUnavailableError,
    SandboxUserUnsupportedError,
)

from resolute.models.isolation import sandbox, servant
from resolute.models.isolation.captive import Broken, Captive, Ended
from resolute.models.isolation.walls import Limits

LIMITS = Limits(cpu=3600, wall=60, memory=4 * 1024**3, disk=512 * 1024**2, value=512 * 1024**2, forks=True, tasks=256)
"""Of a box. `wall` is how long after a command's own time it may take to say so."""
_ERRORS: dict[str, type[OSError]] = {
    "FileNotFoundError": FileNotFoundError,
    "PermissionError": PermissionError,
    "IsADirectoryError": IsADirectoryError,
    "NotADirectoryError": NotADirectoryError,
}
_NEVER = 10.0**6
"""Seconds a command without a time limit may take."""
T = TypeVar("T")


class Box(SandboxEnvironment):
    """One sample's sandbox."""

    def __init__(self, captive: Captive) -> None:
        super().__init__()
        self._captive = captive
        self._turn = asyncio.Lock()

    @classmethod
    async def sample_init(
        cls, task_name: str, config: SandboxEnvironmentConfigType | None, metadata: dict[str, str]
    ) -> dict[str, SandboxEnvironment]:
        """A new box. Raises `ResoluteError` where walls cannot be built."""
        return {"default": Box(await _aside(_opened))}

    @classmethod
    async def sample_cleanup(
        cls,
        task_name: str,
        config: SandboxEnvironmentConfigType | None,
        environments: dict[str, SandboxEnvironment],
        interrupted: bool,
    ) -> None:
        """End all boxes of a sample, and everything in them."""
        for environment in environments.values():
            await _aside(environment.as_type(Box)._captive.close)

    async def exec(
        self,
        cmd: list[str],
        input: str | bytes | None = None,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        user: str | None = None,
        timeout: int | None = None,
        timeout_retry: bool = True,
        concurrency: bool = True,
    ) -> ExecResult[str]:
        """Run a command; it is never run twice, and never throttled but by its turn."""
        if user is not None:
            raise SandboxUserUnsupportedError("a box has one user")
        given = input.encode() if isinstance(input, str) else input or b""
        told = await self._ask(
            timeout or _NEVER,
            do="exec",
            cmd=cmd,
            input=base64.b64encode(given).decode(),
            cwd=cwd or "",
            env=env or {},
            timeout=timeout,
            most=SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE,
        )
        if told.get("error") == "TimeoutError":
            raise TimeoutError(f"the command took more than {timeout} s")
        if "error" in told:  # what is not there or may not be run fails as it does in a shell
            missing = told["error"] == "FileNotFoundError"
            return ExecResult(False, 127 if missing else 126, "", f"{cmd[0]}: {told['error']}")
        out, err = (base64.b64decode(told[name]).decode(errors="replace") for name in ("out", "err"))
        if told["over"]:
            raise OutputLimitExceededError(SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE_STR, out or err)
        return ExecResult(told["status"] == 0, told["status"], out, err)

    async def write_file(self, file: str, contents: str | bytes) -> None:
        """Write a file; folders above it are made."""
        content = contents.encode() if isinstance(contents, str) else contents
        self._raise(await self._ask(_NEVER, do="write", file=file, content=base64.b64encode(content).decode()), file)

    @overload
    async def read_file(self, file: str, text: Literal[True] = True) -> str: ...

    @overload
    async def read_file(self, file: str, text: Literal[False]) -> bytes: ...

    async def read_file(self, file: str, text: bool = True) -> str | bytes:
        """A file's text or bytes."""
        told = await self._ask(_NEVER, do="read", file=file, most=SandboxEnvironmentLimits.MAX_READ_FILE_SIZE)
        self._raise(told, file)
        if "over" in told:
            raise OutputLimitExceededError(SandboxEnvironmentLimits.MAX_READ_FILE_SIZE_STR, None)
        content = base64.b64decode(told["content"])
        return content.decode() if text else content

    async def _ask(self, seconds: float, **order: Any) -> dict[str, Any]:
        async with self._turn:
            try:
                return await _aside(self._captive.ask, order, seconds + LIMITS.wall)
            except (Ended, OSError, ValueError) as error:
                raise SandboxUnavailableError("the box has come to its end") from error

    @staticmethod
    def _raise(told: dict[str, Any], file: str) -> None:
        if "error" in told:
            raise _ERRORS.get(told["error"], OSError)(f"{told['error']}: {file}")


def _opened() -> Captive:
    mode = sandbox.mode(LIMITS)
    source = Path(servant.__file__).read_text(encoding="utf-8")
    captive = Captive(mode, LIMITS, {"act": "serve", "code": [source]})
    try:
        captive.ready()
    except Broken:
        captive.close()
        raise
    return captive


_THREADS = ThreadPoolExecutor(256, "box")
"""Never shut down while the process lives: bubblewrap dies with the thread that started it."""


async def _aside(work: Callable[..., T], *args: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, functools.partial(work, *args))
