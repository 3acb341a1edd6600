"""What every test stands on: no network, one thread a process, real data and a browser where the machine has them.

In CI (`CI` set) a test that would skip for want of data or a program fails instead.
"""

from __future__ import annotations

import os
import shutil

for _name, _value in {
    "OMP_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}.items():
    os.environ.setdefault(_name, _value)  # before anything imports torch or the hub's client

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("RESOLUTE_SHARED_DATA", ROOT.parent / "shared" / "data"))
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

if DATA.is_dir():
    os.environ.setdefault("RESOLUTE_DATA", str(DATA))

settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("here"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def _missing(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"in CI this must be there: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Public data sets that nobody here wrote; RESOLUTE_SHARED_DATA names another folder."""
    if not DATA.is_dir():
        _missing(f"no real data in {DATA}: set RESOLUTE_SHARED_DATA to a folder that has it")
    return DATA


@pytest.fixture(scope="session")
def chromium() -> str:
    """A browser's executable."""
    names = (os.environ.get("RESOLUTE_CHROMIUM", ""), *BROWSERS)
    found = next((path for name in names if name and (path := shutil.which(name))), "")
    if not found:
        _missing("no Chromium: install it, or name one with RESOLUTE_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def walls() -> str:
    """The walls that code of a model is run within, as they are built here."""
    from resolute.models.isolation.sandbox import looked

    there, said = looked()
    if not there:
        _missing(f"no sandbox ({said}): install bubblewrap, and let it make namespaces")
    return said


@pytest.fixture
def measured(root: Path):
    """`measured(name, table)` keeps a result of `make verify` in docs/measured/NAME.md with commit and date."""
    from bench.page import write_page

    return lambda name, table: write_page(root / "docs" / "measured", name, table)
