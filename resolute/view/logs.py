"""Logs of Inspect open in Inspect's own viewer, which is started when somebody first follows the link."""

from __future__ import annotations

import atexit
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

HOST = "127.0.0.1"
PATIENCE = 90.0
"""Seconds until a viewer must answer: on a busy machine its imports alone take twenty."""


class Viewers:
    """Inspect's viewer, one process a folder; all end with this one."""

    def __init__(self) -> None:
        self._ports: dict[Path, int] = {}
        self._running: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        atexit.register(self.close)

    def port(self, folder: Path) -> int:
        """Where the viewer of a folder listens; raises `OSError` where it does not start."""
        with self._lock:
            if folder not in self._ports:
                port = _free()
                call = [sys.executable, "-m", "inspect_ai", "view", "start", "--log-dir", str(folder)]
                call += ["--host", HOST, "--port", str(port)]
                viewer = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                self._running.append(viewer)
                _await(port, viewer)
                self._ports[folder] = port
            return self._ports[folder]

    def close(self) -> None:
        """End them."""
        for viewer in self._running:
            viewer.terminate()


_VIEWERS = Viewers()


def logs(request: Request) -> Response:
    """`GET /logs/STAGE/KEY`: on to the viewer of the logs of a source."""
    material = request.app.state.opened.material
    place = request.path_params["place"]
    known = {f"{source.stage}/{source.key}" for source in material.sources}
    folders = material.logs(place) if place in known else []
    if not folders:
        raise HTTPException(404, "There are no logs of Inspect here.")
    try:
        return RedirectResponse(f"http://{HOST}:{_VIEWERS.port(folders[0])}/", 303)
    except OSError as error:
        raise HTTPException(502, f"Inspect's viewer does not start: inspect view --log-dir {folders[0]}") from error


def _free() -> int:
    with socket.socket() as asked:
        asked.bind((HOST, 0))
        return asked.getsockname()[1]


def _await(port: int, viewer: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and viewer.poll() is None:
        with socket.socket() as asked:
            if asked.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.1)
    viewer.terminate()
    raise OSError("no viewer")


ROUTES = [Route("/logs/{place:path}", logs)]
