"""A small OpenAI-compatible server for faults a real one cannot be made to have; it remembers what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Fault(Enum):
    """What a reply may suffer on its way, in the place of a status."""

    CUT = "the connection closes without a word"
    TORN = "half of the JSON, as if it were all"
    SLOW = "nothing, until the client has long hung up"


Answer = Callable[[str, dict[str, Any]], tuple[Any, dict[str, Any]]]
"""(last user message, whole payload) -> status, or `Fault`, and body."""
SLOW_SECONDS = 1.5


@dataclass
class Served:
    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [payload["messages"][-1]["content"] for payload in self.asked]


def said(content: str, finish: str = "stop", **message: Any) -> tuple[int, dict[str, Any]]:
    """A completion of this content."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
    usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
    body = {"id": "x", "object": "chat.completion", "created": 0, "model": "served-model", "usage": usage}
    return 200, {**body, "choices": [choice]}


def refused(status: int) -> tuple[int, dict[str, Any]]:
    """An error of this status."""
    return status, {"error": {"message": "no", "type": "invalid_request_error", "code": "bad"}}


@contextmanager
def serving(answer: Answer, port: int = 0) -> Generator[Served]:
    """A server on loopback, each request in a thread of its own."""
    served = Served("")
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            payload = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                served.asked.append(payload)
            status, body = answer(
                payload["messages"][-1]["content"] if "messages" in payload else payload["prompt"], payload
            )
            content = json.dumps(body).encode()
            if status is Fault.SLOW:
                time.sleep(SLOW_SECONDS)
            if status in (Fault.CUT, Fault.SLOW):
                self.close_connection = True
                return
            if status is Fault.TORN:
                status, content = 200, content[: len(content) // 2]
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 256  # a busy machine accepts late: a reset would be a fault nobody asked for
        daemon_threads = True

    server = Server(("127.0.0.1", port), Handler)
    served.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
