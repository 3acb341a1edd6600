"""`resolute view` as people start it: it prints one address of this machine, answers, and ends with Ctrl-C."""

from __future__ import annotations

import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from resolute.cli.app import run
from resolute.view.app import build, opened
from tests.view.making import quiet, study

PRINTED = re.compile(r"http://127\.0\.0\.1:(\d+)/\?token=[\w-]{20,}")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return study(tmp_path_factory.mktemp("study"))


@pytest.fixture
def started(tiny: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and the address it printed."""
    call = [sys.executable, "-m", "resolute", "view", str(tiny), "--no-open"]
    process = subprocess.Popen(
        call,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell may hide it from what it put aside
    )
    assert process.stdout
    lines = iter(process.stdout.readline, "")
    yield process, next(line.strip() for line in lines if PRINTED.search(line))
    process.kill()
    process.communicate()


def test_the_printed_address_opens_the_list_and_ctrl_c_ends_it(started: tuple[subprocess.Popen[str], str]) -> None:
    process, address = started
    with httpx.Client(follow_redirects=True) as client:
        answer = client.get(address)
    assert "32 traces" in answer.text
    assert answer.url.path == "/"
    process.send_signal(signal.SIGINT)
    said, wrong = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in wrong
    assert "token" not in wrong
    assert said == "", "what is asked is not logged"


def test_it_listens_on_this_machine_only(started: tuple[subprocess.Popen[str], str]) -> None:
    port = int(PRINTED.search(started[1])[1])  # type: ignore[index]
    listening = Path("/proc/net/tcp")
    if not listening.is_file():
        pytest.skip("no list of listening sockets on this system")
    rows = [line.split()[1:4] for line in listening.read_text().splitlines()[1:]]
    assert [local for local, _, state in rows if state == "0A" and local.endswith(f":{port:04X}")] == [
        f"0100007F:{port:04X}"
    ]


def test_a_port_that_is_taken_is_said(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        assert run(["view", str(tiny), "--no-open", "--port", str(port)]) == 1
    assert f"port {port} cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nothing", "empty", "rubbish.jsonl", "rubbish.parquet", "folder.parquet"])
def test_rubbish_is_an_error_and_no_traceback(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder.parquet").mkdir()
    (tmp_path / "rubbish.jsonl").write_bytes(b"\xff\xfe{]\n\x00")
    (tmp_path / "rubbish.parquet").write_bytes(b"PAR1\x00PAR1")
    assert run(["view", name, "--no-open"]) == 1
    told = capsys.readouterr().err
    assert "mend:" in told
    assert "Traceback" not in told


def test_a_store_that_cannot_be_written_names_the_option_that_mends_it_and_it_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_folder = study(tmp_path)
    (run_folder.parent / ".store" / "view").write_text("a file where the folder would be, as nobody can write it")
    page = tmp_path / "page.html"
    call = ["view", str(run_folder), "--export", str(page), "--where", "kind=benign"]
    assert run(call) == 1
    told = capsys.readouterr().err
    assert "cannot write" in told
    assert "--index" in told
    assert "--out" not in told, "this command has no such option"
    assert run([*call, "--index", str(tmp_path / "elsewhere")]) == 0
    assert page.is_file()
    assert stat.S_IMODE(next((tmp_path / "elsewhere").glob("*/quarantine")).stat().st_mode) == 0o700


def test_marks_in_a_folder_that_cannot_be_written_are_an_error_on_the_page(tmp_path: Path) -> None:
    shown = opened([study(tmp_path)], quiet)
    app = build(shown)
    client = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
    client.get(f"/?token={app.state.session.token}")
    shown.marks.path.mkdir()
    said = {"form": app.state.session.form, "key": shown.index.key(0), "marked": "yes"}
    answer = client.post("/mark", data=said, headers={"origin": "http://127.0.0.1"})
    assert answer.status_code == 500
    assert "make the folder writable" in answer.text
    assert "--out" not in answer.text


def test_a_file_of_rows_is_printed_with_the_address_of_the_rows(tmp_path: Path) -> None:
    rows = next(study(tmp_path).parent.rglob("examples.parquet"))
    call = [sys.executable, "-m", "resolute", "view", str(rows), "--no-open"]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=tmp_path) as process:
        assert process.stdout
        said: list[str] = []
        for line in process.stdout:
            said.append(line.strip())
            if "http://" in line:
                break
        process.kill()
    assert said[0] == "1 training row of examples.parquet; Ctrl-C ends it"
    assert "/rows?token=" in said[-1]
