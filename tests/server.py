"""A small OpenAI-compatible server for faults a real one cannot be made to have; it remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]]
"""(last user message, whole payload) -> status and body."""


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
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    served.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
