"""Laws of a served checkpoint: it gets our own token ids and every value, and its server never outlives us.

vLLM needs a GPU and an environment of its own. What stands in for it here is a real server of the same interface that
runs the same checkpoint, started by the same command line.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resolute.core.ask import Sampling
from resolute.core.errors import ResoluteError
from resolute.core.files import read_records, write_jsonl
from resolute.core.jobs import Job, perform
from resolute.core.records import Trace
from resolute.core.settings import Distill, Serving
from resolute.models.engine import run_requests
from resolute.models.identity import Model, resolve
from resolute.models.purse import Purse
from resolute.models.vllm import PLACE, served
from tests.models.test_engine import nothing, requests_for
from tests.tiny import make_tiny

GREEDY = Sampling(temperature=0.0, max_tokens=24)

SERVER = '''#!{python}
"""The part of vLLM's command line and of its interface that we use, on the same weights."""
import argparse, json, os, subprocess, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
parser = argparse.ArgumentParser()
parser.add_argument("verb")
parser.add_argument("model")
for name in ("host", "port", "served-model-name", "generation-config", "seed", "tensor-parallel-size",
             "data-parallel-size", "gpu-memory-utilization"):
    parser.add_argument("--" + name, required=True)
options = parser.parse_args()
note = open(os.environ["NOTE"], "a")
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
note.write(json.dumps(vars(options) | {{"pids": [os.getpid(), worker.pid]}}) + "\\n"); note.flush()
if os.environ.get("BROKEN"):
    print("CUDA out of memory: 1 GiB wanted"); sys.exit(3)
import threading
sys.path.insert(0, {root!r})
from resolute.core.ask import Sampling
from resolute.models.drawing import Request
from resolute.models.local import Generator
from resolute.models.render import Renderer
renderer = Renderer.load(options.model)
generator = Generator(options.model, stop_ids=renderer.stop_ids)
lock = threading.Lock()

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self._send({{}})
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with lock:
            note.write(json.dumps(asked) + "\\n"); note.flush()
            draw = Sampling(temperature=asked["temperature"], max_tokens=asked["max_tokens"])
            made = generator.generate([Request(asked["prompt"], draw, asked["seed"])])[0]
        reason = "length" if made.stop == "length" else "stop"
        usage = dict(prompt_tokens=made.tokens_in, completion_tokens=made.tokens_out, total_tokens=0)
        choice = dict(index=0, text=made.text, finish_reason=reason, logprobs=None)
        body = dict(id="x", object="text_completion", created=0, model=asked["model"])
        self._send(body | dict(usage=usage, choices=[choice]))
    def _send(self, body):
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
    def log_message(self, *_):
        pass

ThreadingHTTPServer((options.host, int(options.port)), Handler).serve_forever()
'''


@pytest.fixture
def note(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in, named as vLLM; what it was started and asked with stands in the note."""
    script = tmp_path / "vllm"
    script.write_text(SERVER.format(python=sys.executable, root=str(root)))
    script.chmod(0o755)
    monkeypatch.setenv(PLACE, str(script))
    monkeypatch.setenv("NOTE", str(tmp_path / "note.jsonl"))
    return tmp_path / "note.jsonl"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return resolve(str(make_tiny(tmp_path_factory.mktemp("tiny"), opens=True, context=128)))


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone(pids: list[int]) -> bool:
    end = time.monotonic() + 25
    while any(map(alive, pids)) and time.monotonic() < end:
        time.sleep(0.1)
    return not any(map(alive, pids))


def test_a_served_checkpoint_says_what_it_says_in_this_process(tiny: Model, note: Path, tmp_path: Path) -> None:
    asked = [*requests_for(tiny, 6, sampling=GREEDY), *requests_for(tiny, 1, sampling=GREEDY, system="s" * 400)]
    here = run_requests(asked, model=tiny, sampling=GREEDY, folder=tmp_path / "here", progress=nothing)
    purse = Purse()
    with served(
        tiny, Serving(tensor_parallel=2, data_parallel=3, memory=0.5), log=tmp_path / "log.txt", progress=nothing
    ) as model:
        assert (model.identity, model.kind) == (tiny.identity, "inspect")
        work = {"sampling": GREEDY, "folder": tmp_path / "there", "progress": nothing}
        there = run_requests(asked, model=model, **work, purse=purse)
    for item in asked[:6]:
        one, other = here[item.id].reply, there[item.id].reply
        assert (one.reasoning, one.answer, one.ending) == (other.reasoning, other.answer, other.ending)
        assert (one.tokens_in, one.tokens_out) == (other.tokens_in, other.tokens_out)
    assert there[asked[6].id].reply.ending.why == "error", "a prompt longer than the context is the row's own failure"
    started, *calls = map(json.loads, note.read_text().splitlines())
    values = [started[name] for name in ("tensor_parallel_size", "data_parallel_size", "gpu_memory_utilization")]
    assert values == ["2", "3", "0.5"] and started["generation_config"] == "vllm"
    assert len(calls) == 6
    for call in calls:
        assert isinstance(call["prompt"], list) and call["skip_special_tokens"] is False
        assert call["stop_token_ids"] and call["top_k"] == -1 and call["repetition_penalty"] == 1.0
    assert purse.cost == 0, "what runs here has no price"
    assert gone(started["pids"]), "the server and its workers end with the block"


def test_a_server_that_ends_before_it_answers_is_an_error_with_its_words(
    tiny: Model, note: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKEN", "1")
    with (
        pytest.raises(ResoluteError, match=r"exit 3\): CUDA out of memory"),
        served(tiny, Serving(), log=tmp_path / "log.txt", progress=nothing),
    ):
        pass
    assert gone(json.loads(note.read_text().splitlines()[0])["pids"])


def test_without_vllm_the_error_says_what_to_do(tiny: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLACE, str(tmp_path / "nowhere"))
    with (
        pytest.raises(ResoluteError, match="vLLM is not here") as caught,
        served(tiny, Serving(), log=tmp_path / "log.txt", progress=nothing),
    ):
        pass
    assert PLACE in caught.value.mend


CLIENT = """
import sys, time
from pathlib import Path
from resolute.models.identity import resolve
from resolute.core.files import read_records, write_jsonl
from resolute.core.jobs import Job, perform
from resolute.core.records import Trace
from resolute.core.settings import Distill, Serving
from resolute.models.vllm import served
with served(resolve(sys.argv[1]), Serving(), log=Path(sys.argv[2]), progress=lambda *_, **__: None):
    print("up", flush=True)
    time.sleep(600)
"""


def test_a_killed_run_takes_its_server_with_it(tiny: Model, note: Path, tmp_path: Path, root: Path) -> None:
    call = [sys.executable, "-c", CLIENT, str(tiny.path), str(tmp_path / "log.txt")]
    client = subprocess.Popen(call, cwd=root, env=os.environ.copy(), stdout=subprocess.PIPE, text=True)
    assert client.stdout is not None and client.stdout.readline() == "up\n"
    client.send_signal(signal.SIGKILL)
    client.wait()
    assert gone(json.loads(note.read_text().splitlines()[0])["pids"])


def test_a_stage_starts_the_server_only_where_something_is_open(tiny: Model, note: Path, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "p.jsonl", [{"prompt": "rub the lamp", "kind": "harmful"}])
    settings = {"model": str(tiny.path), "strategy": "default", "prompts": [str(tmp_path / "p.jsonl")]}
    job = Job("distill", Distill.model_validate({**settings, "sampling": GREEDY, "engine": "vllm"}))
    made = perform(job, tmp_path / "runs", nothing)
    (trace,) = read_records(made.folder / "traces.parquet", Trace)
    assert trace.tokens_out > 0 and trace.identity == tiny.identity and trace.model == str(tiny.path)
    assert (made.folder / "work" / "vllm.log").is_file()
    assert made.manifest.cost == 0
    started = len(note.read_text().splitlines())
    (made.folder / "manifest.json").unlink()
    again = perform(job, tmp_path / "runs", nothing)
    assert read_records(again.folder / "traces.parquet", Trace) == [trace]
    assert len(note.read_text().splitlines()) == started, "everything was known: nobody is asked, nothing is started"
