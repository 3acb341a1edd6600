"""Laws of whose endpoint is attacked."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.models.identity import Model
from resolute.models.owned import check, endpoint


def model(name: str) -> Model:
    return Model(name, "inspect", name)


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RESOLUTE_OWN", "MINE_BASE_URL", "VLLM_BASE_URL", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/v1", "http://localhost/v1", "http://[::1]:1/v1", "http://gpu.localhost:80"]
)
def test_this_machine_is_ones_own(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE_BASE_URL", url)
    assert endpoint(model("openai-api/mine/m")) == ""
    check(model("openai-api/mine/m"), ["pair"], own=False)


@pytest.mark.parametrize(
    ("name", "url", "host"),
    [
        ("openai-api/mine/m", "https://api.somebody.example/v1", "api.somebody.example"),
        ("openai-api/mine/m", "https://127.0.0.1.somebody.example/v1", "127.0.0.1.somebody.example"),
        ("openai-api/mine/m", "https://LOCALHOST.somebody.example", "localhost.somebody.example"),
        ("openai-api/mine/m", "", "mine"),
        ("openai/gpt", "", "openai"),
        ("anthropic/claude", "", "anthropic"),
        ("vllm/m", "", ""),
    ],
)
def test_any_other_host_is_named(name: str, url: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if url:
        monkeypatch.setenv("MINE_BASE_URL", url)
    assert endpoint(model(name)) == host
    if host:
        with pytest.raises(ResoluteError, match="neither this machine nor listed") as raised:
            check(model(name), ["pair"], own=False)
        assert "--own" in raised.value.mend


def test_it_may_be_listed_or_said_to_be_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE_BASE_URL", "https://gpu.lab.example/v1")
    check(model("openai-api/mine/m"), ["pair"], own=True)
    monkeypatch.setenv("RESOLUTE_OWN", "other.example, GPU.lab.example")
    check(model("openai-api/mine/m"), ["pair"], own=False)


def test_what_runs_in_this_process_is_ones_own_and_asking_plainly_attacks_nobody() -> None:
    check(Model("folder", "local", "x", path=Path("folder")), ["pair"], own=False)
    check(model("openai/gpt"), [], own=False)
