"""A page of results: a table with the commit, the date and the machine it was measured on."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from resolute.core.files import atomic
from resolute.core.runs import git_state, package_versions


def write_page(folder: Path, name: str, table: str) -> Path:
    """Write `folder`/`name`.md and return its path."""
    versions = ", ".join(f"{package} {number}" for package, number in package_versions().items())
    machine = f"{os.cpu_count()} cores, {platform.machine()}"
    lines = [
        f"# {name}",
        "",
        table.strip(),
        "",
        f"Commit {git_state() or 'unknown'} · {datetime.now(UTC):%Y-%m-%d} · {machine}",
        "",
        versions,
    ]
    with atomic(folder / f"{name}.md", "w") as stream:
        stream.write("\n".join(lines) + "\n")
    return folder / f"{name}.md"
