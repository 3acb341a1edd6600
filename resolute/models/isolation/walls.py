"""The walls of the sandbox: what bubblewrap is told, and what the process within is limited to.

No network; a read-only system without accounts, homes, devices or /proc; one small folder in memory; an empty
environment; process, IPC and host namespaces of its own. Unless `forks`, there is one process
(`models.isolation.syscalls`), so its limits are the limits of all.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Mode = Literal["root", "user"]
"""root: mounts are made by root, who becomes nobody before code is touched; user: in a user namespace."""
HOME = "/box"
"""The one folder that can be written."""
_ENVIRONMENT = {
    "HOME": HOME,
    "TMPDIR": HOME,
    "LANG": "C.UTF-8",
    "PATH": f"{sys.base_prefix}/bin:/usr/local/bin:/usr/bin:/bin",
    "PYTHONHASHSEED": "0",
}


@dataclass(frozen=True)
class Limits:
    """What code may use. Sizes are bytes, times seconds."""

    cpu: int = 5
    """Of processor time."""
    wall: float = 15.0
    """By the clock, for code that only waits."""
    memory: int = 1024**3
    """Of address space."""
    disk: int = 16 * 1024**2
    """In its folder, which is memory."""
    output: int = 8 * 1024**2
    """Of standard output and error together."""
    value: int = 4 * 1024**2
    """Of one line over the channel, a value that is handed back among them."""
    forks: bool = False
    """Whether new processes may be made; limits of time, memory and file size are then limits of each."""
    tasks: int = 64
    """Threads and processes together."""

    def as_order(self) -> dict[str, int]:
        """By the names of the system."""
        return {
            "RLIMIT_CPU": self.cpu,
            "RLIMIT_AS": self.memory,
            "RLIMIT_FSIZE": self.disk,
            "RLIMIT_NPROC": self.tasks,
            "RLIMIT_NOFILE": 1024 if self.forks else 64,
            "RLIMIT_CORE": 0,
        }


def wall(mode: Mode, limits: Limits, calls: int, told: int) -> list[str]:
    """The command before the program's own; `calls` is the open file with the filter of system calls, `told` the one
    bubblewrap tells its first process within to."""
    line = ["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if mode == "root":
        line += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        line += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
    line += ["--hostname", "box", "--die-with-parent", "--new-session", "--clearenv"]
    for name, value in _ENVIRONMENT.items():
        line += ["--setenv", name, value]
    line += [word for words in _system() for word in words]
    for device in ("null", "zero", "urandom", "random"):
        line += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    line += ["--perms", "0777", "--size", str(limits.disk), "--tmpfs", HOME, "--chdir", HOME]
    return [*line, "--remount-ro", "/", "--seccomp", str(calls), "--info-fd", str(told), "--"]


def python() -> list[str]:
    """The interpreter that runs Resolute, without its environment and packages."""
    # -I: no environment, no user packages; -S: no site-packages; -B: nothing written beside the sources.
    return [_interpreter(), "-I", "-S", "-B"]


def _interpreter() -> str:
    return str(Path(getattr(sys, "_base_executable", "") or sys.executable).resolve())


def _system() -> Iterator[list[str]]:
    """Programs and libraries, and Python where it lies elsewhere; links of the root folder as they are."""
    for name in ("/usr", "/lib", "/lib64", "/bin", "/nix/store"):
        place = Path(name)
        if place.is_symlink():
            yield ["--symlink", str(place.readlink()), name]
        elif place.is_dir():
            yield ["--ro-bind", name, name]
    yield ["--perms", "0755", "--dir", "/etc", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for place in dict.fromkeys((sys.base_prefix, sys.base_exec_prefix)):
        if not Path(place).resolve().is_relative_to("/usr"):
            # bubblewrap makes folders above a mount for their owner alone.
            for above in reversed(Path(place).parents[:-1]):
                yield ["--perms", "0755", "--dir", str(above)]
            yield ["--ro-bind", place, place]
