"""One stage on given inputs is a job; performing it gives an artifact, or finds the one that stands already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from resolute.core.digests import content_digest, files_digest
from resolute.core.errors import ResoluteError
from resolute.core.files import unreadable
from resolute.core.keys import key
from resolute.core.records import Trace, Verdict
from resolute.core.runs import MANIFEST, Artifact, Manifest, working
from resolute.core.settings import SECTIONS, Section


class Progress(Protocol):
    """Where a stage says how far it is: called often, from one thread."""

    def __call__(self, what: str, done: int, total: int, /, note: str = "") -> None:
        """`what` names an activity; `total` 0 means unknown; `note` is a figure that changes, such as tokens/s."""


@runtime_checkable
class Together(Protocol):
    """An instrument without a model that judges many traces faster than one after the other."""

    def judge_all(self, traces: Sequence[Trace], progress: Progress, /) -> list[Verdict]:
        """The verdicts of all traces, in order, each as `judge` gives it."""
        ...


@dataclass(frozen=True)
class Job:
    """A stage, its settings and its inputs (role -> file or folder)."""

    stage: str
    settings: Section
    inputs: dict[str, Path] = field(default_factory=dict[str, Path])
    origins: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class Work:
    """What a running stage is handed: its folder, the manifest to fill, and where to say how far it is."""

    job: Job
    folder: Path
    manifest: Manifest
    progress: Progress

    def count(self, **numbers: int) -> None:
        """Numbers a reader of the manifest will want: rows in, rows out, rows lost and why."""
        self.manifest.counts.update(numbers)

    def note(self, text: str) -> None:
        """A sentence for people, shown when the stage ends. Ids and counts only, never texts."""
        self.manifest.notes.append(text)

    def happened(self, text: str) -> None:
        """A sentence about this making alone: another that ends with the same bytes may have none."""
        self.manifest.history.append(text)


class Stage(Protocol):
    """A module of `resolute.stages`."""

    VERSION: int
    """Raised whenever the stage would write something else for the same settings and inputs."""

    def identity(self, job: Job) -> dict[str, Any]:
        """Everything beside settings and inputs that changes the output: models, texts, data. Also checks early."""
        ...

    def run(self, work: Work) -> None:
        """Write the outputs into `work.folder`."""
        ...


def stage_module(stage: str) -> Stage:
    if stage not in SECTIONS:
        raise ResoluteError(f"unknown stage {stage!r}", mend=f"one of: {', '.join(SECTIONS)}")
    return import_module(f"resolute.stages.{stage}")  # type: ignore[return-value]


def prepare(job: Job, store: Path, digests: Mapping[str, str] | None = None) -> tuple[Artifact, Manifest]:
    """The artifact a job would make, without making it: its key needs all inputs to exist.

    `digests` are those of inputs, by role, that somebody knows already; the others are read.
    """
    stage, known = stage_module(job.stage), digests or {}
    inputs = {role: known.get(role) or input_digest(path) for role, path in sorted(job.inputs.items())}
    settings = job.settings.model_dump(mode="json")
    identity = stage.identity(job)
    left_out = job.settings.named | job.settings.aside
    hashed = {name: value for name, value in settings.items() if name not in left_out}
    content = {"settings": hashed, "inputs": inputs, "identity": identity}
    name = key({"stage": job.stage, "version": stage.VERSION, **content})
    manifest = Manifest(
        stage=job.stage,
        stage_version=stage.VERSION,
        key=name,
        settings=settings,
        origins=job.origins,
        identity=identity,
        inputs=inputs,
        sources={role: str(path) for role, path in job.inputs.items()},
    )
    return Artifact(job.stage, name, store / job.stage / name), manifest


def perform(job: Job, store: Path, progress: Progress) -> Artifact:
    """Make the job's artifact, or return the one that is done. What was half done is taken up where the stage can.

    An artifact with failed rows is made again: the stage asks for those rows alone.
    """
    artifact, manifest = prepare(job, store)
    if artifact.done and not artifact.manifest.failed_rows:
        return artifact
    with working(artifact, manifest):
        stage_module(job.stage).run(Work(job, artifact.folder, manifest, progress))
    return artifact


def input_digest(path: Path) -> str:
    """Content hash of an input file, or of a checkpoint folder's files (logs and hidden files aside)."""
    try:
        if path.is_dir():
            names = [str(item.relative_to(path)) for item in path.rglob("*") if item.is_file()]
            return files_digest(path, [name for name in names if not name.startswith(".") and name != MANIFEST])
        return content_digest(path)
    except OSError as error:
        raise unreadable(path, error) from error
