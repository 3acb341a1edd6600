"""A checkpoint served by vLLM, from vLLM's own environment: started, watched and stopped by us.

vLLM pins its own torch, so it is never a dependency: `RESOLUTE_VLLM` names its executable (`/opt/vllm/bin/vllm`, or a
script that runs it in a container). It is handed token ids that our own renderer made, the ones training learned, and
every sampling value; its defaults, its chat template and its reasoning parsers have no say.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Progress
from resolute.core.settings import Engine, Serving
from resolute.core.text import terminal_safe
from resolute.models.identity import Model

PLACE = "RESOLUTE_VLLM"
"""Environment variable that names vLLM's executable."""
SERVICE = "vllm"
_PROVIDER = f"openai-api-completions/{SERVICE}"
_LOOK = 0.2
_TAIL = 12
"""Lines of a log that an error shows."""
_WATCHER = """
import os, signal, sys, time
server = int(sys.argv[1])
sys.stdin.buffer.read()
for sent, patience in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)):
    try:
        os.killpg(server, sent)
        end = time.monotonic() + patience
        while time.monotonic() < end:
            os.killpg(server, 0)
            time.sleep(0.1)
    except (ProcessLookupError, PermissionError):
        break
"""
"""Ends the server's process group when its own input closes: when we say so, and when we are killed."""


@contextmanager
def run_by(engine: Engine, model: Model, how: Serving, *, folder: Path, progress: Progress) -> Generator[Model]:
    """The model as `engine` runs it: itself, unless it is a checkpoint that vLLM shall serve."""
    if engine == "vllm" and model.kind == "local":
        with served(model, how, log=folder / "work" / "vllm.log", progress=progress) as there:
            yield there
    else:
        yield model


@contextmanager
def served(model: Model, how: Serving, *, log: Path, progress: Progress) -> Generator[Model]:
    """The model, asked through a server while the block runs: its identity stays, its name says who answers.

    Raises `ResoluteError` where vLLM is not named, ends before it answers, or takes too long; `log` has its words.
    """
    if model.path is None:
        mend = "name a folder with a checkpoint; a server that runs already is openai-api/vllm/MODEL"
        raise ResoluteError("vLLM serves checkpoints", where=model.name, mend=mend)
    executable, port = _executable(), _free_port()
    name = model.identity.replace("/", "-").replace("@", "-")
    call = [executable, "serve", os.fspath(model.path), "--host", "127.0.0.1", "--port", str(port)]
    call += ["--served-model-name", name, "--generation-config", "vllm", "--seed", "0"]
    call += ["--tensor-parallel-size", str(how.tensor_parallel), "--data-parallel-size", str(how.data_parallel)]
    call += ["--gpu-memory-utilization", str(how.memory)]
    log.parent.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as words:
        server = subprocess.Popen(call, stdin=subprocess.DEVNULL, stdout=words, stderr=words, start_new_session=True)
        watcher = subprocess.Popen(
            [sys.executable, "-c", _WATCHER, str(server.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _wait(server, url, how, log, progress)
            with _known_as(f"{url}/v1"):
                yield replace(model, kind="inspect", name=f"{_PROVIDER}/{name}")
        finally:
            assert watcher.stdin is not None
            watcher.stdin.close()
            server.wait()
            watcher.wait()


def _executable() -> str:
    named = os.environ.get(PLACE, "")
    found = shutil.which(named or "vllm")
    if found is None:
        mend = f"install vLLM into an environment of its own and let {PLACE} name its executable"
        raise ResoluteError("vLLM is not here", where=named or "vllm", mend=mend)
    return found


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], url: str, how: Serving, log: Path, progress: Progress) -> None:
    began = time.monotonic()
    while time.monotonic() - began < how.patience:
        if (code := server.poll()) is not None:
            raise ResoluteError(f"vLLM ended before it answered (exit {code}): {_tail(log)}", where=str(log))
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5) as reply:  # noqa: S310  (loopback, our own port)
                if reply.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        progress("starting vLLM", 0, 0, note=f"{time.monotonic() - began:.0f} s")
        time.sleep(_LOOK)
    what = f"vLLM did not answer within {how.patience} s: {_tail(log)}"
    raise ResoluteError(what, where=str(log), mend="see its log; a large model needs longer the first time")


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL:]
    return terminal_safe(" | ".join(line.strip() for line in lines if line.strip()), limit=1_000) or "it said nothing"


@contextmanager
def _known_as(url: str) -> Generator[None]:
    """Where Inspect looks for the service's address."""
    said = {f"{SERVICE.upper()}_BASE_URL": url, f"{SERVICE.upper()}_API_KEY": "none"}
    before = {name: os.environ.get(name) for name in said}
    os.environ.update(said)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
