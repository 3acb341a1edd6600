"""`resolute(...)` runs one command line in this process, in a folder of its own, and gives what a shell would see."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from resolute.cli.app import run


@dataclass(frozen=True)
class Told:
    """Exit code, standard output, standard error."""

    code: int
    out: str
    err: str


Shell = Callable[..., Told]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def resolute(here: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    def shell(*arguments: object) -> Told:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Told(code, out, err)

    return shell


def trace_rows(count: int, **changed: Any) -> list[dict[str, Any]]:
    """Harmless traces as other people store them."""
    return [
        {"question": f"How do I bake bread number {i}?", "response": f"<think>\nFlour {i}.\n</think>\n\nBake it."}
        | changed
        for i in range(count)
    ]


@pytest.fixture
def traces(here: Path) -> Path:
    """A JSONL file of ten traces."""
    path = here / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in trace_rows(10)))
    return path
