"""A file of the hub is fetched at one commit and read from this machine ever after; a stand-in hub listens.

The hub's client reads its environment when it is imported, so every call is a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.foreign.remote import is_remote, local
from resolute.models.hub import fetched

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ROWS = '{"prompt": "How do I bake bread?", "response": "<think>t</think>a"}\n'
FILES = {"README.md": "# card", "data/train.jsonl": ROWS, "data/test.jsonl": ROWS, "load.py": "raise SystemExit(9)"}
ONE = {"README.md": "# card", "only.jsonl": ROWS}


class Hub(BaseHTTPRequestHandler):
    """As much of the hub's interface as one file of a data set needs."""

    asked: ClassVar[list[str]]
    silent: bool = False

    def do_HEAD(self) -> None:
        self.file(head=True)

    def do_GET(self) -> None:
        if self.silent:
            time.sleep(20)
        if not self.path.startswith("/api/datasets/"):
            return self.file(head=False)
        self.asked.append(self.path)
        name, _, revision = self.path.removeprefix("/api/datasets/").partition("/revision/")
        if name not in ("org/many", "org/one"):
            return self.refuse("RepoNotFound")
        if revision not in ("", "main", "v1", COMMIT):
            return self.refuse("RevisionNotFound")
        names = FILES if name == "org/many" else ONE
        said = {"id": name, "sha": COMMIT, "siblings": [{"rfilename": one} for one in names]}
        return self.answer(json.dumps(said).encode())

    def file(self, *, head: bool) -> None:
        self.asked.append(f"{self.command} {self.path}")
        _, _, name = self.path.partition(f"/resolve/{COMMIT}/")
        content = (FILES | ONE).get(name)
        if content is None:
            return self.refuse("EntryNotFound")
        return self.answer(content.encode(), head=head, ETag=f'"{abs(hash(name)):x}"')

    def refuse(self, code: str) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self, content: bytes, *, head: bool = False, **headers: str) -> None:
        self.send_response(200)
        for name, value in {"X-Repo-Commit": COMMIT, "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if not head:
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return


@dataclass
class Here:
    """The stand-in's address, what it was asked, and a cache of its own."""

    address: str
    hub: type[Hub]
    home: Path

    def call(self, code: str, *arguments: str, offline: bool = False) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ, "HF_ENDPOINT": self.address, "HF_HUB_OFFLINE": str(int(offline)), "HF_HOME": str(self.home),
            "HF_TOKEN": "", "HF_HUB_DISABLE_XET": "1", "no_proxy": "*",
        }  # fmt: skip
        line = [sys.executable, "-c", code, *arguments]
        return subprocess.run(line, capture_output=True, text=True, env=environment, cwd=self.home.parent)

    def fetch(self, *specs: str, offline: bool = False) -> list[str]:
        told = self.call(CALL, *specs, offline=offline)
        assert told.returncode == 0, told
        return told.stdout.split("\0")[:-1]


def listening(home: Path) -> Iterator[Here]:
    class Own(Hub):
        asked: ClassVar[list[str]] = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Here(f"http://127.0.0.1:{server.server_port}", Own, home)
    server.shutdown()
    server.server_close()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    yield from listening(tmp_path / "home")


CALL = """
import sys
from resolute.core.errors import ResoluteError
from resolute.core.foreign.remote import local
from resolute.models import hub
hub.TIMEOUT = 2.0
for spec in sys.argv[1:]:
    try:
        path = local(spec)
        print(path.name, path.read_text(), end="\\0")
    except ResoluteError as error:
        print(error, end="\\0")
"""
TRAIN = f"hub:org/many@{COMMIT}/data/train.jsonl"
REFUSED = {
    "hub:org/many/data/train.jsonl": TRAIN,
    "hub:org/many@main/data/train.jsonl": TRAIN,
    "hub:org/many@v1/data/train.jsonl": TRAIN,
    f"hub:org/many@{COMMIT}": "2 data files, and no path says which",
    f"hub:org/many@{COMMIT}/data/trian.jsonl": "did you mean 'data/train.jsonl'",
    f"hub:org/none@{COMMIT}/x.jsonl": "no such data set",
    f"hub:org/many@{'9' * 40}/x.jsonl": "no revision",
}
"""What is refused -> what the error says; the first three are moving names, answered with the commit."""


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    for hub in listening(tmp_path_factory.mktemp("refused") / "home"):
        said = dict(zip(REFUSED, hub.fetch(*REFUSED), strict=True))
        assert not any("/resolve/" in path for path in hub.hub.asked), "nothing is fetched"
        yield said


@pytest.mark.parametrize("spec", REFUSED)
def test_what_is_no_file_at_a_commit_is_refused_with_what_to_write_instead(refused: dict[str, str], spec: str) -> None:
    assert REFUSED[spec] in refused[spec] and "mend: " in refused[spec]


def test_the_data_files_are_listed_and_no_other_file(refused: dict[str, str]) -> None:
    said = refused[f"hub:org/many@{COMMIT}"]
    assert "data/test.jsonl, data/train.jsonl" in said and "load.py" not in said


def test_a_file_is_fetched_at_its_commit_once_and_then_read_without_asking(here: Here) -> None:
    assert here.fetch(TRAIN, f"hub:org/one@{COMMIT}") == [f"train.jsonl {ROWS}", f"only.jsonl {ROWS}"]
    assert any(f"/resolve/{COMMIT}/data/train.jsonl" in path for path in here.hub.asked)
    here.hub.asked.clear()
    assert here.fetch(TRAIN, TRAIN) == [f"train.jsonl {ROWS}"] * 2
    assert here.hub.asked == []
    assert here.fetch(TRAIN, offline=True) == [f"train.jsonl {ROWS}"]


def test_offline_without_the_file_is_one_error_at_once(here: Here) -> None:
    began = time.monotonic()
    file, folder, branch = here.fetch(TRAIN, f"hub:org/many@{COMMIT}", "hub:org/many@main/x.jsonl", offline=True)
    assert time.monotonic() - began < 5 and here.hub.asked == []
    for said in (file, folder):
        assert "offline" in said and f"hf download --repo-type dataset --revision {COMMIT} org/many" in said
    assert "--revision COMMIT org/many x.jsonl" in branch


def test_a_hub_that_is_silent_or_gone_is_given_up_soon(here: Here) -> None:
    here.hub.silent = True
    began = time.monotonic()
    assert "does not answer" in here.fetch(TRAIN)[0]
    assert time.monotonic() - began < 8
    here.address = "http://127.0.0.1:9"
    assert "does not answer" in here.fetch(TRAIN)[0]


READ = """
import sys
from pathlib import Path
from resolute.cli.inputs import material, traces
from resolute.core.foreign.reading import read_traces
from resolute.prompts import load_prompts
spec = Path(sys.argv[1])
inputs = [traces([spec])["traces"], material([spec])["traces"]]
print([prompt.text for prompt in load_prompts(f"{spec}:1")], [len(read_traces(path).traces) for path in inputs])
"""


def test_prompts_and_traces_are_read_from_the_hub_wherever_a_file_is_named(here: Here) -> None:
    assert here.call(READ, TRAIN).stdout == "['How do I bake bread?'] [1, 1]\n"


@pytest.mark.parametrize(
    "place",
    [
        "", "org", "org/", "/x", "org/name@abc/../../etc/passwd", f"org/name@{COMMIT}/../x", "org/name@x//y", "a/b\\c",
        "a b/c", f"../x@{COMMIT}/y.jsonl",
    ],
)  # fmt: skip
def test_what_is_no_place_on_the_hub_is_refused_before_anybody_is_asked(place: str) -> None:
    with pytest.raises(ResoluteError) as caught:
        fetched(place)
    assert caught.value.mend and "HF_HUB_OFFLINE" not in str(caught.value)


def test_only_known_prefixes_are_remote() -> None:
    assert is_remote("hub:org/name@main/x.jsonl") and is_remote(Path("hub:org/name"))
    assert not any(is_remote(spec) for spec in ("hub", "./hub:x", "C:\\x.jsonl", "xstest:100", "x.jsonl", ""))
    assert local("some/file.jsonl") == Path("some/file.jsonl")
