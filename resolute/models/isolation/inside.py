"""The program that runs within the sandbox's walls. It is handed to Python as text and knows the standard library only.

It reads one order, puts limits on itself, gives up its rights, says `ready`, and only then touches code: so a sandbox
that was never ready is broken, and code cannot pretend that it was. What follows depends on the order:

- `calls`: load the code under test, then answer calls of one function of it. It never sees what a test expects.
- `checks`: run the tests of a data set; the function they test is a stub that asks for the call over the channel.
- `program`: run the code under test as a program; its standard input and output are the sandbox's.
- `serve`: keep a whole box for Inspect AI.
- `walls`: say which walls hold.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, BinaryIO

SPARE = 32 * 1024**2
"""Bytes beyond the memory limit that are set free to say that it was reached."""
NO_MEMORY = 77
"""Exit status of a program that ran out of memory."""
_EXACT = 1 << 53

Line = dict[str, Any]


class Raised(Exception):  # noqa: N818 (what it says happened in the code under test is no error of the tests)
    """The code under test raised where the tests called it."""


class Opaque:
    """A value that no channel carries: equal to nothing, not even to itself."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return False


def pack(value: Any) -> Any:
    """A value as JSON that tells tuple from list and set from dict. What is no plain value becomes opaque."""
    if value is None or isinstance(value, bool | float | str):
        return value
    if isinstance(value, int):
        number = int(value)
        return number if -_EXACT < number < _EXACT else {"int": format(number, "x")}
    if isinstance(value, list):
        return [pack(item) for item in value]
    if isinstance(value, tuple | set | frozenset):
        name = "tuple" if isinstance(value, tuple) else "set" if isinstance(value, set) else "frozenset"
        return {name: [pack(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[pack(name), pack(item)] for name, item in value.items()]}
    if isinstance(value, bytes | bytearray):
        return {"bytes": bytes(value).hex()}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, Fraction | Decimal):
        return {"fraction" if isinstance(value, Fraction) else "decimal": str(value)}
    return {"opaque": None}


_MADE: dict[str, Callable[[Any], Any]] = {
    "int": lambda text: int(text, 16),
    "tuple": lambda items: tuple(unpack(item) for item in items),
    "set": lambda items: {unpack(item) for item in items},
    "frozenset": lambda items: frozenset(unpack(item) for item in items),
    "dict": lambda pairs: {unpack(name): unpack(item) for name, item in pairs},
    "bytes": bytes.fromhex,
    "complex": lambda parts: complex(*parts),
    "fraction": Fraction,
    "decimal": Decimal,
    "opaque": lambda _: Opaque(),
}


def unpack(told: Any) -> Any:
    """What `pack` wrote. Never runs a word of it; raises ValueError, TypeError and the like for anything else."""
    if isinstance(told, list):
        return [unpack(item) for item in told]
    if isinstance(told, dict):
        if len(told) != 1:
            raise ValueError("no packed value")
        ((name, inner),) = told.items()
        return _MADE[name](inner)
    return told


class Channel:
    """Lines of JSON to and from whoever keeps the sandbox."""

    def __init__(self, orders: int, replies: int) -> None:
        self.orders: BinaryIO = os.fdopen(orders, "rb")
        self.replies: BinaryIO = os.fdopen(replies, "wb")

    def hear(self) -> Line:
        line = self.orders.readline()
        if not line:
            os._exit(0)
        return json.loads(line)

    def say(self, **line: Any) -> None:
        self.replies.write(json.dumps(line).encode() + b"\n")
        self.replies.flush()

    def close(self) -> None:
        self.orders.close()
        self.replies.close()


def confine(order: Line) -> None:
    """Limits that cannot be raised again, and the rights of nobody."""
    for name, value in order["limits"].items():
        spare = SPARE if name == "RLIMIT_AS" else 1 if name == "RLIMIT_CPU" else 0
        resource.setrlimit(getattr(resource, name), (value, value + spare))
    if order["user"] is not None:
        os.setgroups([])
        os.setresgid(order["user"], order["user"], order["user"])
        os.setresuid(order["user"], order["user"], order["user"])
    os.umask(0o077)


def named(error: BaseException) -> str:
    """The name of an exception, and room to say it where memory ran out."""
    if isinstance(error, MemoryError):
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    return type(error).__name__


def load(texts: list[str], name: str) -> dict[str, Any]:
    """Texts of Python, one after the other in one module."""
    space: dict[str, Any] = {"__name__": name}
    for number, text in enumerate(texts):
        exec(compile(text, f"{name}-{number}.py", "exec", dont_inherit=True), space)  # noqa: S102 (what all this is for)
    return space


def calls(order: Line, channel: Channel) -> None:
    """Load code, then answer calls of one function of it, or of a method of its class `Solution`."""
    try:
        space = load(order["code"], "solution")
        holder = space.get("Solution")
        target = getattr(holder(), order["name"], None) if isinstance(holder, type) else None
        target = target or space[order["name"]]
    except BaseException as error:  # noqa: BLE001 (whatever code under test does is told, not raised)
        channel.say(raised=named(error))
        return
    channel.say(loaded=True)
    while True:
        asked = channel.hear()
        try:
            line = {"value": pack(target(*unpack(asked["args"]), **unpack(asked["names"])))}
        except BaseException as error:  # noqa: BLE001 (as above)
            line = {"raised": named(error)}
        channel.say(**line)


def checks(order: Line, channel: Channel) -> None:
    """Run a data set's own tests; values of the code under test come over the channel as plain data."""

    def candidate(*args: Any, **names: Any) -> Any:
        channel.say(args=pack(list(args)), names=pack(names))
        told = channel.hear()
        if "value" not in told:
            raise Raised
        return unpack(told["value"])

    space = load(order["code"], "tests")
    space[order["name"]] = candidate  # some tests call the function by its own name
    check = space["check"]
    channel.say(loaded=True)
    try:
        check(candidate)
    except Raised:
        channel.say(done="crashed", why="")
    except BaseException as error:  # noqa: BLE001 (a test that stumbles over a value is a test that failed)
        channel.say(done="wrong", why=named(error))
    else:
        channel.say(done="passed", why="")


def program(order: Line, channel: Channel) -> None:
    """Run code as a program would be."""
    channel.close()
    status = 0
    try:
        load(order["code"], "__main__")
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    except MemoryError:
        status = NO_MEMORY
    except BaseException:  # noqa: BLE001 (its exit status says so)
        status = 1
    try:
        sys.stdout.flush()
    finally:
        os._exit(status & 0xFF)


def refused(act: Callable[[], Any]) -> bool:
    """Whether the system refuses an act."""
    try:
        made = act()
    except OSError:
        return True
    if made == 0:  # a child that should not be
        os._exit(0)
    return False


def held(tasks: int) -> bool:
    """Whether the system holds processes to a number."""
    made: list[int] = []
    try:
        while len(made) <= tasks:
            made.append(os.fork())
            if made[-1] == 0:
                signal.pause()
    except OSError:
        return True
    finally:
        for child in made:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return False


def walls(order: Line, channel: Channel) -> None:
    """Which walls hold, each tried."""
    import socket
    from pathlib import Path

    outside = [Path(name) for name in ("/written", "/dev/written", "/usr/written", "/tmp/written")]  # noqa: S108
    unseen = [Path(name) for name in ("/etc/passwd", "/proc/self", "/home", "/sys", "/var", "/run")]
    known = {"HOME", "LANG", "LC_CTYPE", "PATH", "PWD", "PYTHONHASHSEED", "TMPDIR"}
    channel.say(
        **{
            "no network": refused(lambda: socket.socket(socket.AF_INET)),
            "no new processes": held(order["tasks"]) if order["forks"] else refused(os.fork),
            "nothing written outside": all(refused(place.touch) for place in outside),
            "a folder of its own": not refused(Path("written").touch),
            "nothing to see": all(refused(place.stat) for place in unseen),
            "no rights": 0 not in os.getresuid() + os.getresgid(),
            "no environment": not set(os.environ) - known,
        }
    )


def serve(order: Line, channel: Channel) -> None:
    """Hand the channel to a program that is trusted (`models.isolation.servant`)."""
    load(order["code"], "servant")["serve"](channel)


def main() -> None:
    channel = Channel(int(sys.argv[1]), int(sys.argv[2]))
    order = channel.hear()
    confine(order)
    channel.say(ready=True)
    acts = {"calls": calls, "checks": checks, "program": program, "serve": serve, "walls": walls}
    acts[order["act"]](order, channel)


if __name__ == "__main__":
    main()
