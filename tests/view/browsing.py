"""A real browser on an application of the explorer that really listens, and everything the browser complains about."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
HOSTILE = (
    "<script>document.title='run'</script></style></textarea><svg onload=\"document.title='run'\">"
    '<img src=x onerror="document.title=\'run\'">\u202egnirts desrever\u202c &amp; "quoted"'
)
"""Text that would run, close what it stands in, or reorder what is read."""


@contextmanager
def driven(executable: str) -> Generator[Browser]:
    """The browser of the machine."""
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield opened
        opened.close()


@contextmanager
def served(app: Any) -> Generator[str]:
    """The address that opens `app`, on a free port of this machine."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}/?token={app.state.session.token}"
    server.should_exit = True
    thread.join(timeout=10)


class Looked:
    """A page with what its console said and what it asked for."""

    def __init__(self, browser: Browser, *, scheme: str = "light", width: int = 1280, script: bool = True) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=script,
        )
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def strange(self, address: str) -> list[str]:
        """Requests to anywhere but the server of `address`."""
        home = address.split("/?", 1)[0]
        return [url for url in self.asked if not url.startswith(home)]

    def faults(self) -> list[str]:
        """What axe finds wrong with the page, seriously."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in ("serious", "critical")
        ]

    def close(self) -> None:
        self.context.close()
