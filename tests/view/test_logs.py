"""Logs of Inspect are led to where they lie, in Inspect's own viewer, whose command exists and takes these options."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from resolute.core.runs import Run
from resolute.view import logs
from resolute.view.app import build, opened
from tests.view.making import Trace, artifact, distilled, quiet


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    """On a run whose one artifact has a folder of logs."""
    made = artifact(tmp_path, "distill", "d", {"traces.parquet": (distilled(), Trace)})
    (made.folder / "logs").mkdir()
    (made.folder / "logs" / "one.eval").write_bytes(b"PK")
    bare = artifact(tmp_path, "evaluate", "e", {"traces.parquet": (distilled(), Trace)})
    run = Run(tmp_path / "runs" / "mine")
    run.point_all({"distill": made, "evaluate": bare})
    app = build(opened([run.path], quiet))
    visitor = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)
    visitor.get(f"/?token={app.state.session.token}")
    return visitor


def place(client: TestClient, stage: str) -> str:
    """STAGE/KEY of a source."""
    sources = client.app.state.opened.material.sources  # type: ignore[attr-defined]
    return next(f"{one.stage}/{one.key}" for one in sources if one.stage == stage)


def test_a_trace_links_to_its_logs_and_the_link_leads_to_a_viewer_of_their_folder(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = place(client, "distill")
    assert f'href="/logs/{where}"' in client.get(f"/trace/{distilled()[0].id}").text
    asked: list[list[str]] = []
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        monkeypatch.setattr(logs, "_free", lambda: port)
        monkeypatch.setattr(logs.subprocess, "Popen", lambda call, **_: asked.append(call) or Standing())
        monkeypatch.setattr(logs, "_VIEWERS", logs.Viewers())
        answers = [client.get(f"/logs/{where}") for _ in range(2)]
    assert [answer.headers["location"] for answer in answers] == [f"http://127.0.0.1:{port}/"] * 2
    (call,) = asked
    assert call[1:5] == ["-m", "inspect_ai", "view", "start"]
    assert (Path(call[call.index("--log-dir") + 1]) / "one.eval").is_file()


class Standing:
    """In the place of Inspect's process, which takes twenty seconds to start."""

    def poll(self) -> None:
        return None

    def terminate(self) -> None:
        pass


def test_a_viewer_that_does_not_start_leaves_a_command_to_give_by_hand(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs.sys, "executable", "/bin/false")
    monkeypatch.setattr(logs, "_VIEWERS", logs.Viewers())
    answer = client.get(f"/logs/{place(client, 'distill')}")
    assert answer.status_code == 502
    folder = answer.text.partition("inspect view --log-dir ")[2].split("<")[0].strip()
    assert (Path(folder) / "one.eval").is_file()


@pytest.mark.parametrize("stage", ["evaluate", "nothing/here", ""])
def test_what_has_no_logs_has_no_link_to_them(client: TestClient, stage: str) -> None:
    where = place(client, stage) if stage == "evaluate" else stage
    assert client.get(f"/logs/{where}").status_code == 404


def test_the_viewers_command_takes_the_options_it_is_given() -> None:
    call = [sys.executable, "-m", "inspect_ai", "view", "start", "--help"]
    told = subprocess.run(call, capture_output=True, text=True, check=True).stdout
    assert all(option in told for option in ("--log-dir", "--host", "--port"))
