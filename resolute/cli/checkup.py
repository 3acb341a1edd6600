"""What a machine has: each look is one function that gives findings, imports nothing heavy and never raises."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

GIB = 1024**3
WAIT = 3.0
"""Seconds a network look may take."""
KEYS = (
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "GOOGLE_API_KEY",
    "DEEPSEEK_API_KEY",
    "OPENROUTER_API_KEY",
    "TOGETHER_API_KEY",
)
PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "inspect_ai")
TRAIN = 'pip install "resolute[train]"'
OFFLINE = ("1", "TRUE", "YES", "ON")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `mend` says what to do where something is missing, or could be better."""

    name: str
    ok: bool
    found: str
    mend: str = ""
    fatal: bool = False
    """Nothing works without it."""

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


def checkup(runs: Path) -> list[Finding]:
    """Every look, in the order people ask: can I install, train, ask models, read data, show results."""
    looks: tuple[Callable[[], Iterator[Finding]], ...] = (
        python,
        packages,
        gpu,
        memory,
        lambda: disk(runs),
        keys,
        endpoints,
        hub,
        data,
        plugged,
        programs,
    )
    return [finding for look in looks for finding in look()]


def python() -> Iterator[Finding]:
    ok = sys.version_info >= (3, 11)
    mend = "" if ok else "install Python 3.11 or later"
    yield Finding("python", ok, f"{platform.python_version()} on {platform.system()} {platform.machine()}", mend, True)


def packages() -> Iterator[Finding]:
    """Versions from the installed packages' own records: nothing is imported."""
    for name in PACKAGES:
        try:
            yield Finding(name, True, version(name))
        except PackageNotFoundError:
            trains = name in ("torch", "trl", "peft", "accelerate", "datasets")
            mend = f"to train or run local models: {TRAIN}" if trains else "pip install resolute"
            yield Finding(name, False, "not installed", mend)


def gpu() -> Iterator[Finding]:
    """What the driver shows, and whether this torch can use it (asked in a process of its own)."""
    shown = _said(["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"])
    devices = [line.strip() for line in shown.splitlines() if line.strip()]
    usable = _torch_sees()
    if usable:
        yield Finding("gpu", True, f"torch sees {usable}")
    elif devices:
        mend = "install a torch built for this driver: see pytorch.org/get-started"
        yield Finding("gpu", False, f"{'; '.join(devices)}, but torch sees none", mend)
    else:
        mend = "the lab and audits need none; to train real models use a machine with a GPU, to ask them a server's URL"
        yield Finding("gpu", False, "none", mend)


def _torch_sees() -> str:
    try:
        version("torch")
    except PackageNotFoundError:
        return ""
    code = (
        "import torch\n"
        "if torch.cuda.is_available(): print(torch.cuda.device_count(), torch.cuda.get_device_name(0), sep=' x ')\n"
        "elif torch.backends.mps.is_available(): print('Apple MPS')"
    )
    return _said([sys.executable, "-c", code], wait=60).strip()


def memory() -> Iterator[Finding]:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    ok = total >= 3
    mend = "" if ok else "the demo needs about 3 GiB"
    yield Finding("memory", ok, f"{total:.1f} GiB, {os.cpu_count()} cores", mend)


def disk(runs: Path) -> Iterator[Finding]:
    place = runs.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / GIB
    if not os.access(place, os.W_OK) or not place.is_dir():
        yield Finding("disk", False, f"cannot write in {place}", "choose another folder with --out")
    else:
        mend = "" if free >= 5 else "a fine-tuned 7B checkpoint takes 15 GiB; choose another folder with --out"
        yield Finding("disk", free >= 5, f"{free:.0f} GiB free in {place}", mend)


def keys() -> Iterator[Finding]:
    """Which keys are set: their names only."""
    found = [name for name in KEYS if os.environ.get(name)]
    mend = "" if found else "to ask a provider's model set its key, as OPENAI_API_KEY; local models need none"
    yield Finding("api keys", bool(found), ", ".join(found) or "none", mend)
    token = bool(os.environ.get("HF_TOKEN")) or (_hub_home() / "token").is_file()
    mend = "" if token else "only gated models and data sets need one: `hf auth login`"
    yield Finding("hub token", token, "present" if token else "none", mend)


def _hub_home() -> Path:
    from resolute.core.kept import home

    return Path(os.environ.get("HF_HOME") or home() / "huggingface").expanduser()


def endpoints() -> Iterator[Finding]:
    """Servers named by `*_BASE_URL`, and whether anything listens there. A URL's password is never shown."""
    for name in sorted(name for name in os.environ if name.endswith("_BASE_URL")):
        url = urlsplit(os.environ[name])
        try:
            host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
        except ValueError:
            yield Finding(f"endpoint {name}", False, "not a URL", f"set {name} to http(s)://host:port/v1")
            continue
        ok = _reachable(host, port)
        mend = "" if ok else "start the server, or mend the URL"
        yield Finding(f"endpoint {name}", ok, f"{host}:{port} {'answers' if ok else 'does not answer'}", mend)


def hub() -> Iterator[Finding]:
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in OFFLINE:
        mend = "unset HF_HUB_OFFLINE to download; folders work as they are"
        yield Finding("hub", False, "switched off by HF_HUB_OFFLINE", mend)
        return
    url = urlsplit(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    ok = _reachable(url.hostname or "", 443 if url.scheme == "https" else url.port or 80)
    mend = "" if ok else "set HF_HUB_OFFLINE=1 (a miss then costs nothing) and name folders instead of hub names"
    yield Finding("hub", ok, f"{url.hostname} {'reachable' if ok else 'not reachable'}", mend)


def data() -> Iterator[Finding]:
    place = os.environ.get("RESOLUTE_DATA", "")
    if place and Path(place).is_dir():
        yield Finding("data folder", True, place)
        return
    mend = "set RESOLUTE_DATA to a folder with prompt sets; the lab and your own files need none"
    yield Finding("data folder", False, f"{place} is no folder" if place else "RESOLUTE_DATA is not set", mend)


def plugged() -> Iterator[Finding]:
    """What others bring to the catalogues. One that does not load stops every command, so it is seen here."""
    from resolute.core.catalogue import brought
    from resolute.core.errors import ResoluteError

    try:
        for name, counts in brought().items():
            yield Finding(f"plug-in {name}", True, ", ".join(f"{count} {kind}" for kind, count in counts.items()))
    except ResoluteError as error:
        yield Finding("plug-ins", False, f"{error.what} ({error.where})", error.mend)


def programs() -> Iterator[Finding]:
    """What only some uses need: a browser for print, and walls around code of a model, which are built and tried."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), "")
    mend = "" if browser else "only Resolute's own tests need one: install chromium"
    yield Finding("browser", bool(browser), browser or "none", mend)
    from resolute.models.isolation import sandbox

    there, said = sandbox.looked()
    yield Finding("sandbox", there, said, "" if there else f"only coding benchmarks need one: {sandbox.MEND}")


def _reachable(host: str, port: int) -> bool:
    """Whether a connection opens within `WAIT`. Names are looked up in a process that can be left behind."""
    code = f"import socket, sys; socket.create_connection((sys.argv[1], {port}), {WAIT}).close()"
    try:
        return subprocess.run([sys.executable, "-c", code, host], capture_output=True, timeout=WAIT).returncode == 0
    except (subprocess.TimeoutExpired, OSError):
        return False


def _said(call: list[str], wait: float = 10) -> str:
    """Standard output of a program, or nothing where it is missing, fails or hangs."""
    try:
        result = subprocess.run(call, capture_output=True, text=True, check=False, timeout=wait)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout if result.returncode == 0 else ""
