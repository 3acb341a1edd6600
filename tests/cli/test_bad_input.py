"""Bad input and bad luck: a message that says what, where and how to mend it, exit code 1, nothing half-written."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

Shell = Any
GOOD = {"question": "How do I bake bread?", "response": "<think>\nFlour.\n</think>\n\nBake it."}


def says_what_where_and_how(told: Any, *words: str) -> None:
    assert told.code == 1, told
    assert told.err.startswith("error: ") or "\nerror: " in told.err
    assert "mend: " in told.err
    assert "Traceback" not in told.err
    for word in words:
        assert word in told.err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("x.jsonl", b"", ("x.jsonl",), id="an empty file"),
        pytest.param("x.json", b"[]", ("x.json",), id="an empty list"),
        pytest.param("x.json", b'[{"question": "a", ', ("x.json",), id="JSON cut off"),
        pytest.param("x.jsonl", b'{"a": 1}\n{"a": ', ("x.jsonl:2",), id="a JSONL line cut off"),
        pytest.param("x.jsonl", b'{"colour": "red", "size": 3}\n', ("x.jsonl", "colour"), id="missing columns"),
        pytest.param("x.csv", b"colour,size\nred,3\n", ("x.csv", "colour"), id="missing columns in CSV"),
        pytest.param("x.csv", "question,response\nq,é\n".encode("utf-16"), ("x.csv",), id="UTF-16"),
        pytest.param("x.jsonl", '{"question": "é"}'.encode("latin-1"), ("x.jsonl", "UTF-8"), id="Latin-1"),
        pytest.param("x.parquet", b"PAR1garbage", ("x.parquet",), id="a damaged Parquet file"),
        pytest.param("x.exe", b"\x7fELF", ("x.exe",), id="no table at all"),
    ],
)
def test_a_file_that_cannot_be_read_as_traces(
    resolute: Shell, here: Path, name: str, content: bytes, words: tuple[str, ...]
) -> None:
    (here / name).write_bytes(content)
    told = resolute("audit", name)
    says_what_where_and_how(told, *words)
    assert not list(here.glob("runs/.store/*/*/*.parquet")), "nothing half-written"


def test_a_file_that_is_not_there(resolute: Shell) -> None:
    says_what_where_and_how(resolute("audit", "nosuch.jsonl"), "nosuch.jsonl")


def test_an_unknown_auditor_is_answered_with_the_nearest(resolute: Shell, traces: Path) -> None:
    says_what_where_and_how(resolute("audit", traces, "--auditor", "scren"), "did you mean 'screen'?")


def test_an_unknown_tokenizer(resolute: Shell, traces: Path) -> None:
    says_what_where_and_how(resolute("audit", traces, "--tokenizer", "no/such/folder"), "no/such/folder")


def test_an_unknown_strategy_model_and_prompt_source(resolute: Shell) -> None:
    line = ["distill", "lab/harmful-train:2", "--model", "lab/teacher", "--strategy", "default", "--max-tokens", "50"]
    line += ["--temperature", "1"]
    assert resolute(*line, "--plan").code == 0
    for position, wrong, words in (
        (5, "improvd", "improved"),
        (3, "lab/techer", "lab/teacher"),
        (1, "lab/harmfl:2", "lab/"),
    ):
        told = resolute(*line[:position], wrong, *line[position + 1 :], "--plan")
        says_what_where_and_how(told, words)


def test_an_unknown_setting_lists_the_known_ones(resolute: Shell, traces: Path) -> None:
    says_what_where_and_how(resolute("audit", traces, "--set", "audit.auditor=screen"), "auditors")


def test_settings_that_have_no_default_are_asked_for_by_name(resolute: Shell) -> None:
    told = resolute("distill", "lab/harmful-train:2", "--model", "lab/teacher", "--strategy", "default")
    says_what_where_and_how(told, "sampling")


@pytest.mark.parametrize("out", ["file/below", "/proc/resolute"])
def test_a_folder_that_cannot_be_written(resolute: Shell, traces: Path, here: Path, out: str) -> None:
    (here / "file").write_text("x")
    says_what_where_and_how(resolute("audit", traces, "--out", out), "--out")


def test_a_run_folder_that_cannot_be_written_after_the_work_loses_none_of_it(
    resolute: Shell, traces: Path, here: Path
) -> None:
    (here / "runs").mkdir()
    (here / "runs" / "mine").write_text("a file stands where the run should lie")
    says_what_where_and_how(resolute("audit", traces), "runs/mine")
    (here / "runs" / "mine").unlink()
    assert "stood already" in resolute("audit", traces).out


def started(*arguments: object, **more: Any) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "resolute", *map(str, arguments)]
    # A shell's background jobs ignore Ctrl-C and hand that on: the command under test hears it wherever tests run.
    more.setdefault("preexec_fn", lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def test_a_disk_that_fills_up_while_writing_is_said_and_the_next_run_mends_it(traces: Path, here: Path) -> None:
    def little_room() -> None:
        """No file may grow above 2 KiB: the same failure of `write` as a full disk's, half-way through a file."""
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))

    with started("audit", traces, preexec_fn=little_room) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "error: cannot write" in err
    assert "mend: " in err
    assert "Traceback" not in err
    left = [path.name for path in here.glob("runs/.store/audit/*/*") if path.is_file()]
    assert not [name for name in left if name.endswith(".parquet")]
    with started("audit", traces) as process:
        assert process.wait(timeout=60) == 0


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "kill"])
def test_a_stop_ends_at_once_and_says_that_the_same_command_goes_on(
    here: Path, sent: signal.Signals, code: int
) -> None:
    with (here / "many.jsonl").open("w") as stream:
        for number in range(12_000):
            long = f"<think>\n{'Weigh the flour again. ' * 80}{number}\n</think>\n\nBake it."
            stream.write(json.dumps({"question": f"q{number}", "response": long}) + "\n")
    with started("audit", "many.jsonl") as process:
        assert process.stderr is not None
        seen = ""
        while "reading traces" not in seen:
            seen += process.stderr.readline()
        time.sleep(0.3)
        process.send_signal(sent)
        _, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert "the same command takes up the rest" in err
    assert "Traceback" not in err
    (folder,) = here.glob("runs/.store/audit/*")
    assert json.loads((folder / "manifest.json").read_text())["state"] == "failed"
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".") and path.name != ".lock"]


def test_a_reader_that_goes_away_is_no_traceback(traces: Path, here: Path) -> None:
    with started("audit", traces) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        process.wait(timeout=60)
    assert "Traceback" not in err
    assert "Exception ignored" not in err


def test_words_of_a_file_cannot_steer_the_terminal(resolute: Shell, here: Path) -> None:
    name = "x\x1b[2Jy.jsonl"
    (here / name).write_text(json.dumps({"\x1b[31mcolumn": "[bold]x[/bold]"}) + "\n")
    told = resolute("audit", name)
    assert told.code == 1
    assert "\x1b" not in told.out + told.err


def test_debug_shows_the_traceback_wherever_it_stands_on_the_line(resolute: Shell) -> None:
    for line in (["--debug", "audit", "nosuch"], ["audit", "nosuch", "--debug"]):
        told = resolute(*line)
        assert told.code == 1
        assert "Traceback" in told.err
        assert "error: " in told.err


def test_a_bug_is_one_line_that_says_so(resolute: Shell, traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import resolute.stages.audit as stage

    def broken(work: Any) -> None:
        raise KeyError("no such thing")

    monkeypatch.setattr(stage, "run", broken)
    told = resolute("audit", traces)
    assert told.code == 1
    assert "KeyError" in told.err
    assert "this is a bug; run again with --debug" in told.err
    assert "Traceback" not in told.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; the cases above stand in for it")
def test_a_read_only_folder(resolute: Shell, traces: Path, here: Path) -> None:
    (here / "locked").mkdir(mode=0o500)
    says_what_where_and_how(resolute("audit", traces, "--out", "locked/run"), "locked")
