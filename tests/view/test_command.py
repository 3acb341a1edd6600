"""`resolute view` as people start it: it prints one address of this machine, answers, and ends with Ctrl-C."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from resolute.cli.app import run
from tests.view.making import study

PRINTED = re.compile(r"http://127\.0\.0\.1:(\d+)/\?token=[\w-]{20,}")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return study(tmp_path_factory.mktemp("study"))


@pytest.fixture
def started(tiny: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and the address it printed."""
    call = [sys.executable, "-m", "resolute", "view", str(tiny), "--no-open"]
    process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
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
