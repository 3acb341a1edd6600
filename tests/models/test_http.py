"""Evaluate against a real OpenAI-compatible server on loopback, transformers' own, killed half-way and restarted."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from resolute.core.files import read_records
from resolute.core.jobs import Job, Progress, perform
from resolute.core.records import Trace
from resolute.core.settings import Evaluate

CHECKPOINT = Path(__file__).parents[2] / "resolute" / "lab" / "checkpoint"
ROWS, KILLED_AT = 70, 30


class Server:
    """`transformers serve` with the lab's checkpoint, on one port however often it is started."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.starts = folder, 0
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.starts += 1
        command = "import sys; from transformers.cli.transformers import main; sys.exit(main())"
        options = ["--device", "cpu", "--dtype", "float32", "--host", "127.0.0.1", "--port", str(self.port)]
        with self._log().open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", command, "serve", str(CHECKPOINT), *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {"HF_HOME": str(self.folder)},
            )

    def wait(self) -> None:
        for _ in range(900):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5).close()
            except (urllib.error.URLError, OSError):
                assert self.process is not None
                assert self.process.poll() is None, self._log().read_text(errors="replace")[-2_000:]
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the server did not come up in 90 s")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def answered(self) -> int:
        """Answers sent, over every start."""
        logs = [path.read_text(errors="replace") for path in self.folder.glob("server-*.log")]
        return sum(len(re.findall(r'"POST /v1/chat/completions[^"]*" 200', text)) for text in logs)

    def _log(self) -> Path:
        return self.folder / f"server-{self.starts}.log"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    try:
        made.start()
        made.wait()
        yield made
    finally:
        made.kill()


def evaluated(server: Server, store: Path, monkeypatch: pytest.MonkeyPatch, progress: Progress) -> list[Trace]:
    """AdvBench-50 and 20 XSTest prompts, asked of the server; laws that hold whatever happens to it on the way."""
    monkeypatch.setenv("TRANSFORMERS_API_KEY", "none")
    monkeypatch.setenv("TRANSFORMERS_BASE_URL", f"http://127.0.0.1:{server.port}/v1")
    settings = Evaluate.model_validate(
        {
            "model": f"openai-api/transformers/{CHECKPOINT}",
            "suites": ["advbench", "xstest:20"],
            "sampling": {"temperature": 1.0, "max_tokens": 48},
        }
    )
    made = perform(Job("evaluate", settings), store, progress)
    traces = read_records(made.output("traces.parquet"), Trace)
    assert len(traces) == made.manifest.counts["asked"] == ROWS
    assert made.manifest.failed_rows == 0
    assert {trace.ending.why for trace in traces} <= {"end of turn", "length", "loop"}
    # The lab's template opens the thought and this server says nothing of it: what never closes is no answer.
    unclosed = [trace for trace in traces if trace.ending.where == "thought"]
    assert unclosed
    assert not any(trace.answer for trace in unclosed)
    assert all(trace.had_thought for trace in traces if trace.reasoning or trace.answer)
    return traces


def test_every_answer_of_a_real_server_has_a_typed_ending(
    server: Server, tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traces = evaluated(server, tmp_path / "store", monkeypatch, lambda *_, **__: None)
    assert server.answered() == ROWS
    assert all(trace.tokens_in > 0 and 0 < trace.tokens_out <= 48 for trace in traces)


@pytest.mark.verify
def test_a_server_killed_half_way_and_restarted_loses_only_what_was_in_flight(
    server: Server, tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def progress(what: str, done: int, total: int, /, note: str = "") -> None:
        if done >= KILLED_AT and server.starts == 1:
            server.kill()
            server.start()

    evaluated(server, tmp_path / "store", monkeypatch, progress)
    assert server.starts == 2
    assert ROWS <= server.answered() <= ROWS + 2, "an answer that was received is never paid for again"
