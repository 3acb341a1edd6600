"""Where artifacts lie: `.store/STAGE/KEY/` beside the runs, each with a manifest; a run folder only points to keys."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, unreadable, unwritable, write_json
from resolute.core.keys import file_digest
from resolute.core.remembered import once

MANIFEST = "manifest.json"
STORE = ".store"
_PACKAGES = ("resolute", "torch", "transformers", "trl", "peft", "accelerate", "inspect_ai", "tokenizers", "pyarrow")


class BeingMade(ResoluteError):  # noqa: N818 (a state of things, not a fault)
    """Another process is making this artifact: it will be there later."""


class Manifest(BaseModel):
    """What an artifact is made of and how its making went. `state` is `done` only when every output stands."""

    model_config = ConfigDict(extra="forbid")

    schema_version: Literal[1] = 1
    stage: str
    stage_version: int
    key: str
    state: Literal["running", "failed", "done"] = "running"
    settings: dict[str, Any]
    origins: dict[str, str] = {}
    """Where each setting came from: default, recipe, --set or option."""
    identity: dict[str, Any] = {}
    """Everything else the key hashes: models, texts, data."""
    inputs: dict[str, str] = {}
    """Role of an input -> content hash."""
    sources: dict[str, str] = {}
    """Role of an input -> where it lay (never part of the key)."""
    outputs: dict[str, str] = {}
    """File -> SHA-256."""
    counts: dict[str, int] = {}
    failed_rows: int = 0
    notes: list[str] = []
    """What a reader must know of the output; the same wherever the output is the same."""
    history: list[str] = []
    """What happened while it was made, as being killed and going on: no report shows it."""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None
    """US dollars by list price; None where nothing was asked or a price is not known."""
    started: float = 0.0
    seconds: float = 0.0
    versions: dict[str, str] = {}
    git: str = ""


@dataclass(frozen=True)
class Artifact:
    """One finished or unfinished key folder."""

    stage: str
    key: str
    folder: Path

    @property
    def manifest(self) -> Manifest:
        """The manifest, not to be changed; raises `ResoluteError` where it is missing or damaged."""
        path = self.folder / MANIFEST
        try:
            state = path.stat()
        except OSError as error:
            raise unreadable(path, error) from error
        return once(("manifest", path, state.st_ino, state.st_mtime_ns, state.st_size), lambda: _read(path))

    @property
    def done(self) -> bool:
        return (self.folder / MANIFEST).is_file() and self.manifest.state == "done"

    def output(self, name: str) -> Path:
        """A file of a finished artifact, checked against the manifest: an edited file is refused, never used."""
        expected, path = self.manifest.outputs.get(name), self.folder / name
        if expected is None or not path.is_file():
            raise ResoluteError(f"{self.stage} {self.key} has no {name}", where=str(self.folder), mend="run it again")
        if file_digest(path) != expected:
            mend = f"delete {self.folder} and run again"
            raise ResoluteError("the file was changed after it was made", where=str(path), mend=mend)
        return path

    def unchanged(self) -> None:
        """Look whether a finished artifact was edited; raises as `output` does, and reads as little as it can.

        The manifest is written last, so only files are read whose own time is later, or whose inode's time is: the
        first can be set back, the second cannot, and a copy has it anew. What is found as it was is not read again:
        the manifest is touched.
        """
        path = self.folder / MANIFEST
        written = path.stat()
        later = [name for name in self.manifest.outputs if _later(self.folder / name, written)]
        for name in later:
            self.output(name)
        if later:
            with suppress(OSError):  # a store that may only be read is read again
                os.utime(path)


def _read(path: Path) -> Manifest:
    try:
        return Manifest.model_validate(read_json(path))
    except ValidationError as error:
        raise ResoluteError("damaged manifest", where=str(path), mend="delete its folder and run again") from error


def _later(path: Path, than: os.stat_result) -> bool:
    try:
        found = path.stat()
    except OSError:
        return True
    return found.st_mtime_ns > than.st_mtime_ns or found.st_ctime_ns > than.st_ctime_ns


class Run:
    """A run folder: `run.json` names artifacts of the store beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = path.parent / STORE

    @property
    def exists(self) -> bool:
        return (self.path / "run.json").is_file()

    def entries(self) -> dict[str, Artifact]:
        """Entry name -> artifact, in the order they were added."""
        if not self.exists:
            return {}
        content: Any = read_json(self.path / "run.json")
        try:
            return {name: self.artifact(stage, key) for name, (stage, key) in content["entries"].items()}
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            mend = "restore the file; the artifacts it named still stand in the store"
            raise ResoluteError("damaged run file", where=str(self.path / "run.json"), mend=mend) from error

    def artifact(self, stage: str, key: str) -> Artifact:
        return Artifact(stage, key, self.store / stage / key)

    def point(self, name: str, artifact: Artifact) -> None:
        """Make the run name this artifact; an entry of the same name now means the new one."""
        entries = self.entries()
        entries.pop(name, None)
        self.point_all({**entries, name: artifact})

    def point_all(self, entries: dict[str, Artifact]) -> None:
        """Make the run name these artifacts and no others."""
        listed = {name: [artifact.stage, artifact.key] for name, artifact in entries.items()}
        write_json(self.path / "run.json", {"schema": 1, "entries": listed})

    def latest(self, stage: str) -> Artifact:
        """The artifact of a stage that was added last; raises `ResoluteError` where the run has none."""
        found = [artifact for artifact in self.entries().values() if artifact.stage == stage]
        if not found:
            raise ResoluteError(f"the run has no {stage}", where=str(self.path), mend=f"run `resolute {stage}` first")
        return found[-1]


@contextmanager
def working(artifact: Artifact, manifest: Manifest) -> Generator[Manifest]:
    """Hold an artifact's lock while it is made; its manifest ends as `done`, or as `failed` if the body raised.

    Raises `BeingMade` at once where another process makes the same key.
    """
    try:
        artifact.folder.mkdir(parents=True, exist_ok=True)
        _keep_out_of_git(artifact.folder.parents[1])
        lock = FileLock(artifact.folder / ".lock")
        lock.acquire(timeout=0)
    except Timeout as error:
        mend = "wait for the other process, or stop it and run this again"
        what = f"{artifact.stage} {artifact.key} is being made"
        raise BeingMade(what, where=str(artifact.folder), mend=mend) from error
    except OSError as error:
        raise unwritable(artifact.folder, error) from error
    started = time.time()
    manifest.started, manifest.versions, manifest.git = started, package_versions(), git_state()
    try:
        _write(artifact, manifest)
        yield manifest
        manifest.outputs = {
            str(path.relative_to(artifact.folder)): file_digest(path) for path in _outputs(artifact.folder)
        }
        manifest.state = "done"
    except BaseException:
        manifest.state = "failed"
        raise
    finally:
        manifest.seconds = round(time.time() - started, 3)
        try:
            _write(artifact, manifest)
        finally:
            lock.release()


def _keep_out_of_git(store: Path) -> None:
    """Answers to attacks lie in here: nobody's repository takes them up by accident."""
    place = store / ".gitignore"
    if store.name == STORE and not place.exists():
        place.write_text("*\n", encoding="utf-8")


def _write(artifact: Artifact, manifest: Manifest) -> None:
    write_json(artifact.folder / MANIFEST, manifest.model_dump(mode="json"))


def _outputs(folder: Path) -> list[Path]:
    """What counts as output: all but the manifest, the lock, logs, checkpoints in the making and provider data."""
    skip = {"logs", "work"}
    found = (
        path for path in sorted(folder.rglob("*")) if path.is_file() and path.relative_to(folder).parts[0] not in skip
    )
    return [path for path in found if path.name != MANIFEST and not path.name.startswith(".")]


def package_versions() -> dict[str, str]:
    """Versions that could explain a difference, read without importing anything."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def git_state() -> str:
    """Commit of the working tree Resolute runs from, with `+` when it has changes; "" outside a checkout."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists() or shutil.which("git") is None:
        return ""
    call = ["git", "-C", os.fspath(root), "describe", "--always", "--dirty=+", "--abbrev=12"]
    result = subprocess.run(call, capture_output=True, text=True, check=False, timeout=10)
    return result.stdout.strip()
