"""Keeps a whole box for Inspect AI from within: runs commands, one at a time, and reads and writes its files.

It runs within the walls under the same user as the commands, which can therefore end it, and with it their own box, but
nothing else. Standard library only; `models.isolation.inside` is handed this file as text.
"""

from __future__ import annotations

import base64
import errno
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any


def serve(channel: Any) -> None:
    """Answer orders until nobody is there any more."""
    acts = {"exec": execute, "write": write, "read": read}
    while True:
        order = channel.hear()
        try:
            line = acts[order["do"]](order)
        except OSError as error:
            line = {"error": "PermissionError" if error.errno == errno.EROFS else type(error).__name__}
        channel.say(**line)


def execute(order: dict[str, Any]) -> dict[str, Any]:
    """A command's exit status and what it wrote, or `TimeoutError`; what is over the limit ends it."""
    environment = {**os.environ, **order["env"]}
    process = subprocess.Popen(
        order["cmd"],
        cwd=Path.cwd() / order["cwd"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    said: dict[str, bytes] = {"out": b"", "err": b""}
    over = threading.Event()

    def listen(name: str, stream: Any) -> None:
        while piece := stream.read1(1 << 16):
            said[name] += piece
            if len(said[name]) > order["most"]:
                over.set()
                end(process)
                return

    def tell() -> None:
        try:
            process.stdin.write(base64.b64decode(order["input"]))  # type: ignore[union-attr]
            process.stdin.close()  # type: ignore[union-attr]
        except OSError:
            return

    works = [threading.Thread(target=tell, daemon=True)]
    works += [
        threading.Thread(target=listen, args=(name, stream), daemon=True)
        for name, stream in (("out", process.stdout), ("err", process.stderr))
    ]
    for work in works:
        work.start()
    late = False
    try:
        process.wait(order["timeout"])
    except subprocess.TimeoutExpired:
        late = True
        end(process)
        process.wait()
    for work in works:  # what the command left behind in the background may still hold its output
        work.join(1)
    told = {name: base64.b64encode(words[: order["most"]]).decode() for name, words in said.items()}
    if late:
        return {"error": "TimeoutError"}
    return {"status": process.returncode, "over": over.is_set(), **told}


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a command and what it started, as far as that stayed in its session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def write(order: dict[str, Any]) -> dict[str, Any]:
    """A file, and the folders above it."""
    place = Path(order["file"])
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(base64.b64decode(order["content"]))
    return {"written": True}


def read(order: dict[str, Any]) -> dict[str, Any]:
    """A file's bytes, or how many there are where they are more than asked for."""
    place = Path(order["file"])
    if place.stat().st_size > order["most"]:
        return {"over": place.stat().st_size}
    with place.open("rb") as stream:
        return {"content": base64.b64encode(stream.read(order["most"])).decode()}
