"""`--push` sends checkpoint and cards to the hub and nothing else, to a private repository; a stand-in hub listens."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from resolute.core.errors import ResoluteError
from resolute.models.training.push import check_name, files

TOKEN = "hf_secretsecretsecret"
SENT = {"config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja", "generation_config.json"}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint among things that must never leave: traces, rows, an optimizer's state, a link out."""
    folder = tmp_path / "art" / "checkpoint"
    folder.mkdir(parents=True)
    for name in (*SENT, "optimizer.pt", "traces.parquet", "examples.parquet", "quarantine.jsonl", "README.md", ".env"):
        (folder / name).write_text(name)
    (tmp_path / "secret").write_text("secret")
    (folder / "tokenizer.secret").symlink_to(tmp_path / "secret")
    return folder


class Hub(BaseHTTPRequestHandler):
    """As much of the hub's interface as one commit of small files needs."""

    seen: list[tuple[str, Any, str]]
    refuse: bool = False

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
        self.seen.append((self.path, lines, self.headers.get("Authorization", "")))
        if self.refuse:
            self.answer({"error": "You don't have the rights"}, 403)
        elif self.path.endswith("/repos/create"):
            self.answer({"url": f"http://{self.headers['Host']}/org/mine", "name": "org/mine"})
        elif "/preupload/" in self.path:
            names = [one["path"] for one in lines[0]["files"]]
            self.answer({"files": [{"path": name, "uploadMode": "regular", "shouldIgnore": False} for name in names]})
        else:
            self.answer(
                {"commitUrl": f"http://{self.headers['Host']}/org/mine/commit/1", "commitOid": "1", "success": True}
            )

    def do_GET(self) -> None:
        self.answer({"error": "no"}, 403)

    def answer(self, said: Any, code: int = 200) -> None:
        content = json.dumps(said).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def hub() -> Iterator[tuple[str, type[Hub]]]:
    class Own(Hub):
        pass

    Own.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", Own
    server.shutdown()


CALL = """
import sys
from pathlib import Path
from resolute.core.errors import ResoluteError
from resolute.models.training.push import push
try:
    cards = {"README.md": "card", "DATA.md": "data"}
    print(push(Path(sys.argv[1]), "org/mine", cards=cards, public=sys.argv[2] == "public"))
except ResoluteError as error:
    print(error)
    sys.exit(1)
"""


def pushed(checkpoint: Path, address: str, how: str = "private", token: str = TOKEN) -> Any:
    environment = {
        **os.environ, "HF_ENDPOINT": address, "HF_HUB_OFFLINE": "0", "HF_TOKEN": token,
        "HF_HOME": str(checkpoint.parents[1] / "home"), "HF_HUB_DISABLE_XET": "1", "no_proxy": "*",
    }  # fmt: skip
    line = [sys.executable, "-c", CALL, str(checkpoint), how]
    return subprocess.run(line, capture_output=True, text=True, env=environment)


def test_checkpoint_and_cards_are_sent_in_one_commit_and_nothing_else(
    checkpoint: Path, hub: tuple[str, type[Hub]]
) -> None:
    told = pushed(checkpoint, hub[0])
    assert told.returncode == 0, told
    commits = [lines for path, lines, _ in hub[1].seen if "/commit/" in path]
    assert len(commits) == 1
    sent = {
        one["value"]["path"]: base64.b64decode(one["value"]["content"]) for one in commits[0] if one["key"] == "file"
    }
    assert set(sent) == SENT | {"README.md", "DATA.md"}
    assert sent["README.md"] == b"card" and sent["model.safetensors"] == b"model.safetensors"
    assert all(token == f"Bearer {TOKEN}" for _, _, token in hub[1].seen)
    assert TOKEN not in told.stdout + told.stderr


@pytest.mark.parametrize(("how", "private"), [("private", True), ("public", False)])
def test_a_repository_is_private_unless_asked(
    checkpoint: Path, hub: tuple[str, type[Hub]], how: str, private: bool
) -> None:
    pushed(checkpoint, hub[0], how)
    (made,) = (lines[0] for path, lines, _ in hub[1].seen if path.endswith("/repos/create"))
    assert bool(made.get("private", made.get("visibility") == "private")) == private


def test_what_the_hub_refuses_is_said_without_the_token(checkpoint: Path, hub: tuple[str, type[Hub]]) -> None:
    hub[1].refuse = True
    told = pushed(checkpoint, hub[0])
    assert told.returncode == 1 and "the hub refused" in told.stdout and "mend: " in told.stdout
    assert TOKEN not in told.stdout + told.stderr


def test_without_a_token_nothing_is_sent(checkpoint: Path, hub: tuple[str, type[Hub]]) -> None:
    told = pushed(checkpoint, hub[0], token="")
    assert told.returncode == 1 and "needs a token" in told.stdout
    assert hub[1].seen == []


def test_only_files_of_a_model_are_chosen(checkpoint: Path) -> None:
    assert {path.name for path in files(checkpoint)} == SENT
    (checkpoint / "model.safetensors").unlink()
    with pytest.raises(ResoluteError):
        files(checkpoint)


@pytest.mark.parametrize("name", ["mine", "a/b/c", "../x/y", "org/../x", "org/na me", "", "org/-x", "http://x/y"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ResoluteError):
        check_name(name)
