"""Code that a model wrote, run within `walls`: a function called by tests, or a program with its input.

What passes is decided outside of the process that runs the code. A data set's tests run in a sandbox of their own and
see plain values that came over a pipe; expected values never reach the code under test, so there is nothing it could
forge: no marker, no exit status, no comparison of its own. Nothing is run without the walls.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeVar

from resolute.core.errors import ResoluteError
from resolute.models.isolation import syscalls
from resolute.models.isolation.captive import Broken, Captive, Ended
from resolute.models.isolation.inside import pack
from resolute.models.isolation.walls import Limits, Mode

Label = Literal["passed", "wrong", "timeout", "crashed", "out of memory", "too much output"]
MEND = (
    "on Linux (x86-64, arm64) install bubblewrap 0.7 or later (`apt-get install bubblewrap`); in a container also let "
    "it make namespaces (docker run --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt "
    "apparmor=unconfined); on Ubuntu 24.04 sysctl kernel.apparmor_restrict_unprivileged_userns=0"
)
T = TypeVar("T")
R = TypeVar("R")
_NAME = 80


@dataclass(frozen=True)
class Outcome:
    """What became of code. `why` is short and holds nothing that the code printed."""

    label: Label
    why: str = ""


def mode(limits: Limits = Limits()) -> Mode:  # noqa: B008 (frozen)
    """How walls are built here. Raises `ResoluteError` where they cannot be, or where one of them does not hold."""
    found = _look(limits.forks)
    if isinstance(found, str):
        raise ResoluteError(f"no sandbox, and code of a model is never run without one: {found}", mend=MEND)
    return found[0]


def looked() -> tuple[bool, str]:
    """Whether there is a sandbox, and which one or why not. Never raises."""
    try:
        found = _look(False)
    except OSError as error:
        return False, str(error)
    return (False, found) if isinstance(found, str) else (True, found[1])


@cache
def _look(forks: bool) -> tuple[Mode, str] | str:
    """Build the walls once and try each of them from within."""
    if not sys.platform.startswith("linux") or not syscalls.known():
        return f"bubblewrap does not run on {platform.system()} {platform.machine()}"
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed"
    why = ""
    for kind in ("root", "user"):
        if kind == "root" and os.geteuid() != 0:
            continue
        try:
            limits = Limits(forks=forks)
            with Captive(kind, limits, {"act": "walls", "forks": forks, "tasks": limits.tasks}) as captive:
                captive.ready()
                held = captive.ask()
        except (Broken, Ended) as error:
            why = why or str(error)
            continue
        if all(held.values()):
            return kind, "bubblewrap, mounts by root" if kind == "root" else "bubblewrap, in a user namespace"
        why = why or f"it does not hold: {', '.join(name for name, holds in held.items() if not holds)}"
    return why


def checked(code: Sequence[str], name: str, tests: Sequence[str], limits: Limits) -> Outcome:
    """Run tests, texts of Python that define `check(candidate)`, against the function `name` of `code`.

    Both are texts that are run one after the other in one module. Raises `Broken` for a sandbox or tests that fail
    before the code has given a value.
    """
    kind = mode()
    with (
        Captive(kind, limits, {"act": "checks", "code": list(tests), "name": name}) as checker,
        Captive(kind, limits, {"act": "calls", "code": list(code), "name": name}) as suspect,
    ):
        checker.ready()
        suspect.ready()
        try:
            checker.ask()
            said = checker.ask()
        except Ended as end:
            raise Broken(f"the tests ended before they called anything: {end.fate} {end.why}".strip()) from end
        try:
            return _between(said, suspect, checker)
        except Ended as end:
            return Outcome(end.fate, end.why)


def _between(said: dict[str, Any], suspect: Captive, checker: Captive) -> Outcome:
    """Carry calls from the tests to the code under test and values back, until the tests are done."""
    told = suspect.ask()
    if "loaded" not in told:
        return _raised(told)
    while "done" not in said:
        told = suspect.ask(said)
        said = checker.ask(told)
    if said.get("done") in ("passed", "wrong"):
        return Outcome(said["done"], str(said["why"]))
    return _raised(told)


def _raised(told: dict[str, Any]) -> Outcome:
    name = str(told.get("raised", ""))[:_NAME]
    return Outcome("out of memory" if name == "MemoryError" else "crashed", name)


def called(code: Sequence[str], name: str, args: Sequence[Any], limits: Limits) -> tuple[Any, Outcome | None]:
    """What the function `name` of `code`, or that method of its class `Solution`, gives for plain arguments.

    The value as it came over the channel (`like` compares it), or how the code ended instead. Raises `Broken`.
    """
    with Captive(mode(), limits, {"act": "calls", "code": list(code), "name": name}) as suspect:
        suspect.ready()
        try:
            told = suspect.ask()
            if "loaded" in told:
                told = suspect.ask({"args": pack(list(args)), "names": pack({})})
        except Ended as end:
            return None, Outcome(end.fate, end.why)
    return (told["value"], None) if "value" in told else (None, _raised(told))


def like(told: Any, expected: Any) -> bool:
    """Whether what came over the channel is the value of some JSON.

    It is never made into a value here: fractions and keys can be written that take for ever to build.
    """
    if isinstance(expected, list):
        return isinstance(told, list) and len(told) == len(expected) and all(map(like, told, expected))
    if isinstance(expected, dict):
        pairs = told.get("dict") if isinstance(told, dict) else None
        if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            return False
        found = {name: item for name, item in pairs if isinstance(name, str)}
        return (
            len(pairs) == len(found)
            and found.keys() == expected.keys()
            and all(like(found[name], item) for name, item in expected.items())
        )
    return told == pack(expected)


def ran(code: Sequence[str], stdin: str, limits: Limits) -> tuple[str, Outcome | None]:
    """What a program writes to standard output; and how it ended, where that is no success. Raises `Broken`."""
    with Captive(mode(), limits, {"act": "program", "code": list(code)}, stdin.encode()) as suspect:
        suspect.ready()
        try:
            suspect.finish()
        except Ended as end:
            return "", Outcome(end.fate, end.why)
        return suspect.output.decode(errors="replace"), None


def pooled(work: Callable[[T], R], items: Sequence[T], done: Callable[[int], None], *, workers: int = 0) -> list[R]:
    """`work` on several items at once, one a core by default; results in the order of the items."""
    found: list[R] = []
    with ThreadPoolExecutor(workers or len(os.sched_getaffinity(0))) as pool:
        for number, result in enumerate(pool.map(work, items), 1):
            found.append(result)
            done(number)
    return found
