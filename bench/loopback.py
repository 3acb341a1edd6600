"""An OpenAI-compatible server on loopback, in its own process; its clock is the measure, and it can be made to fail."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import socket
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Manners:
    """How the server answers."""

    text: str
    latency: float = 2.0
    """Seconds until a reply."""
    connections: int = 64
    """Calls it works on at once."""
    faults: float = 0.0
    """Share of requests that fail: 429, 500, a cut connection, half of the JSON, an empty reply."""
    by_model: Mapping[str, str] = field(default_factory=dict[str, str])
    """Model -> its text, where one server plays several."""


@dataclass(frozen=True)
class Loopback:
    url: str
    _times: Any

    @property
    def seconds(self) -> float:
        """From the first request's arrival to the last reply."""
        return self._times[1] - self._times[0]

    @property
    def answered(self) -> int:
        return int(self._times[2])

    @property
    def asked(self) -> int:
        return int(self._times[3])

    @property
    def failed(self) -> int:
        return int(self._times[4])

    @property
    def idle(self) -> tuple[float, float]:
        """Seconds that connections had nothing to do, summed over them: while all were to be busy again later, and
        after that, when too little was left to ask."""
        return self._times[6], self._times[5] - self._times[6]


@contextmanager
def loopback(manners: Manners) -> Generator[Loopback]:
    """The server; Inspect knows it as the service VLLM."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    context = multiprocessing.get_context("fork")
    times = context.Array("d", 8)
    process = context.Process(target=_serve, args=(port, times, manners), daemon=True)
    process.start()
    time.sleep(1)
    url = f"http://127.0.0.1:{port}/v1"
    os.environ |= {"VLLM_BASE_URL": url, "VLLM_API_KEY": "none"}
    try:
        yield Loopback(url, times)
    finally:
        process.kill()


def _http(content: bytes, status: str = "200 OK", *, length: int | None = None) -> bytes:
    size = len(content) if length is None else length
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\r\n"
    return head.encode() + content


def _said(text: str) -> bytes:
    body = {"id": "x", "object": "chat.completion", "created": 0, "model": "served"}
    used = max(len(text) // 4, 1)
    usage = {"prompt_tokens": 90, "completion_tokens": used, "total_tokens": 90 + used}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    return json.dumps({**body, "usage": usage, "choices": [choice]}).encode()


def _serve(port: int, times: Any, manners: Manners) -> None:
    reply, empty = _said(manners.text), _http(_said(""))
    no = json.dumps({"error": {"message": "no", "type": "server_error", "code": "bad"}}).encode()
    broken = [
        _http(no, "429 Too Many Requests"),
        _http(no, "500 Internal Server Error"),
        b"",
        _http(reply[: len(reply) // 2]),
        empty,
    ]
    whole, draw = _http(reply), random.Random(0)
    by_model = {f'"model":"{name}"'.encode(): _http(_said(text)) for name, text in manners.by_model.items()}
    room: asyncio.Semaphore
    working = 0

    def changed(by: int) -> None:
        nonlocal working
        now = time.monotonic()
        times[5] += (manners.connections - working) * (now - (times[7] or now))
        times[7], working = now, working + by
        if working == manners.connections:
            times[6] = times[5]

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while asked := await reader.readuntil(b"\r\n\r\n"):
                length = int(asked.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                body = (await reader.readexactly(length)).replace(b'"model": ', b'"model":')
                times[0], times[3] = times[0] or time.monotonic(), times[3] + 1
                async with room:
                    changed(+1)
                    await asyncio.sleep(manners.latency)
                    changed(-1)
                bad = draw.random() < manners.faults
                sent = (
                    draw.choice(broken) if bad else next((one for mark, one in by_model.items() if mark in body), whole)
                )
                times[4] += bad and sent is not empty
                if not sent:
                    writer.close()
                    return
                writer.write(sent)
                await writer.drain()
                times[1], times[2] = time.monotonic(), times[2] + 1
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        nonlocal room
        room = asyncio.Semaphore(manners.connections)
        server = await asyncio.start_server(handle, "127.0.0.1", port)
        async with server:
            await server.serve_forever()

    asyncio.run(main())
