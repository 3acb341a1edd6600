"""The batch interface, against a server that speaks it: every request of a batch comes back as its own outcome."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from email.message import Message as Head
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from resolute.core.ask import Sampling
from resolute.models import calls
from resolute.models.engine import run_requests
from resolute.models.identity import resolve
from resolute.models.purse import Purse
from tests.models.test_engine import HASTY, nothing, requests_for
from tests.server import said

DRAW = Sampling(temperature=0.7, max_tokens=24)


class Batches:
    """OpenAI's files and batches: a batch is done the second time it is looked at."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.lines = 0

    def upload(self, head: str, body: bytes) -> dict[str, Any]:
        parts = BytesParser().parsebytes(b"content-type: " + head.encode() + b"\r\n\r\n" + body)
        (file,) = (part for part in parts.walk() if isinstance(part, Head) and part.get_filename())
        return self._file(bytes(file.get_payload(decode=True)))  # type: ignore[arg-type]

    def _file(self, content: bytes) -> dict[str, Any]:
        name = f"file-{len(self.files)}"
        self.files[name] = content
        fields = {"id": name, "object": "file", "bytes": len(content), "created_at": 0}
        return {**fields, "filename": "f", "purpose": "batch", "status": "processed"}

    def create(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = f"batch-{len(self.batches)}"
        fields = {"id": name, "object": "batch", "created_at": 0, "completion_window": "24h", "status": "in_progress"}
        self.batches[name] = {**fields, "endpoint": asked["endpoint"], "input_file_id": asked["input_file_id"]}
        return self.batches[name]

    def look(self, name: str) -> dict[str, Any]:
        batch = self.batches[name]
        seen = dict(batch)
        if batch["status"] == "in_progress":
            lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
            self.lines += len(lines)
            done = b"".join(json.dumps(self._answer(line)).encode() + b"\n" for line in lines)
            counts = {"total": len(lines), "completed": len(lines), "failed": 0}
            batch |= {"status": "completed", "output_file_id": self._file(done)["id"], "request_counts": counts}
        return seen

    def _answer(self, line: dict[str, Any]) -> dict[str, Any]:
        text = line["body"]["messages"][-1]["content"]
        body = said(f"<think>a</think>{text}")[1]
        return {"id": "r", "custom_id": line["custom_id"], "response": {"status_code": 200, "body": body}}


@contextmanager
def serving(api: Batches) -> Generator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path.endswith("/files"):
                self._send(json.dumps(api.upload(self.headers["content-type"], body)).encode())
            else:
                self._send(json.dumps(api.create(json.loads(body))).encode())

        def do_GET(self) -> None:
            *_, name = self.path.removesuffix("/content").split("/")
            self._send(api.files[name] if self.path.endswith("/content") else json.dumps(api.look(name)).encode())

        def _send(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()


def test_a_batch_brings_every_request_its_own_outcome_at_the_batchs_price(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "BATCH_WAITS", {"size": 20, "send_delay": 0.5, "tick": 0.2})
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    api, purse = Batches(), Purse(batch=True)
    with serving(api) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        model = resolve("openai/gpt-4.1-mini")
        asked = requests_for(model, 45, sampling=DRAW)
        work = {"model": model, "sampling": DRAW, "folder": tmp_path, "progress": nothing, "patience": HASTY}
        made = run_requests(asked, **work, purse=purse)
        again = run_requests(asked, **work, purse=Purse(batch=True))
    assert [made[item.id].reply.answer for item in asked] == [item.prompt.text for item in asked]
    assert again == made
    assert api.lines == 45, "what was answered is not asked again"
    price = purse.price(model)
    assert price is not None and purse.cost == pytest.approx(price.cost(45 * 7, 45 * 5) / 2)
