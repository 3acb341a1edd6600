"""The doctor names every gap with what to do about it, and never the value of a key."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from resolute.cli import checkup

Shell = Any


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without asking torch, which takes seconds to import."""
    monkeypatch.setattr(checkup, "_torch_sees", lambda: "")


@pytest.mark.usefixtures("quick")
def test_every_gap_says_what_to_do_and_the_exit_code_is_0(resolute: Shell) -> None:
    told = resolute("doctor", "--json")
    assert told.code == 0
    rows = json.loads(told.out)
    names = {row["name"] for row in rows}
    assert {"python", "torch", "gpu", "memory", "disk", "api keys", "hub", "data folder", "browser", "sandbox"} <= names
    for row in rows:
        assert row["found"]
        assert row["ok"] or row["mend"], row["name"]


@pytest.mark.usefixtures("quick")
def test_keys_are_named_and_their_values_never_shown(resolute: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-verysecret")
    monkeypatch.setenv("HF_TOKEN", "hf_verysecret")
    monkeypatch.setenv("VLLM_BASE_URL", "http://user:verysecret@127.0.0.1:9/v1")
    for line in (["doctor"], ["doctor", "--json"]):
        told = resolute(*line)
        assert "OPENAI_API_KEY" in told.out
        assert "verysecret" not in told.out + told.err


def test_an_endpoint_is_answering_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("A_BASE_URL", f"http://127.0.0.1:{server.getsockname()[1]}/v1")
        monkeypatch.setenv("B_BASE_URL", "http://127.0.0.1:nonsense")
        found = {finding.name: finding.ok for finding in checkup.endpoints()}
        assert found["endpoint A_BASE_URL"]
        assert not found["endpoint B_BASE_URL"]
    assert not {finding.name: finding.ok for finding in checkup.endpoints()}["endpoint A_BASE_URL"]


def test_the_hub_is_not_asked_when_it_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(host: str, port: int) -> bool:
        raise AssertionError("the network was used")

    monkeypatch.setattr(checkup, "_reachable", asked)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (finding,) = checkup.hub()
    assert not finding.ok
    assert "HF_HUB_OFFLINE" in finding.mend


def test_a_place_that_cannot_hold_runs_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (finding,) = checkup.disk(tmp_path / "file" / "runs")
    assert not finding.ok
    (finding,) = checkup.disk(tmp_path / "new" / "runs")
    assert str(tmp_path) in finding.found


def test_python_that_is_too_old_is_the_one_fatal_gap(resolute: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup.sys, "version_info", (3, 10, 1))
    monkeypatch.setattr(checkup, "_torch_sees", lambda: "")
    assert resolute("doctor").code == 1
