"""Asking another trainer in its own environment: a script of ours, its Python, JSON in and ids and labels out."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from resolute.core.errors import ResoluteError
from resolute.peers.source import PeerRow

PROBES = Path(__file__).parent / "probes"
MINUTES = 30
"""How long a trainer may take to prepare its rows."""


def ask(probe: str, python: str, request: Mapping[str, Any], *, title: str) -> list[tuple[int, PeerRow]]:
    """The rows a trainer prepares, each with its place among those it was given (its own order where it tells none).

    `python` is the interpreter of its environment.

    Raises `ResoluteError` in the trainer's own last words where it fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        wanted, result = Path(scratch) / "request.json", Path(scratch) / "result.jsonl"
        wanted.write_text(json.dumps(request), encoding="utf-8")
        call = [python, str(PROBES / probe), str(wanted), str(result)]
        environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "AXOLOTL_DO_NOT_TRACK": "1"}
        try:
            done = subprocess.run(
                call, capture_output=True, text=True, check=False, timeout=60 * MINUTES, env=environment, cwd=scratch
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            mend = "name the Python of the environment that has it with --python"
            raise ResoluteError(f"cannot ask {title}: {error}", where=python, mend=mend) from error
        if done.returncode or not result.is_file():
            raise _failed(title, python, done.stderr)
        lines = [json.loads(line) for line in result.read_text(encoding="utf-8").splitlines()]
    return [(line.get("place", place), PeerRow(line["ids"], line["labels"])) for place, line in enumerate(lines)]


def _failed(title: str, python: str, said: str) -> ResoluteError:
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "it said nothing")
    if "No module named" in last:
        mend = f"install it there, or name the Python of the environment that has {title} with --python"
        return ResoluteError(f"{title} is not installed: {last[:200]}", where=python, mend=mend)
    return ResoluteError(f"{title} refuses these rows: {last[:400]}", where=python, mend="see its documentation")
