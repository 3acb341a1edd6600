"""What there is to look at: the artifacts that runs name, an artifact of the store, files of traces.

Nothing is opened here but manifests; `index.build` reads the records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from resolute.core.errors import ResoluteError
from resolute.core.files import unreadable
from resolute.core.keys import file_digest, key
from resolute.core.runs import MANIFEST, STORE, Artifact, Manifest, Run

OUTPUTS = {
    "traces": "traces.parquet",
    "rejected": "quarantine/rejected.parquet",
    "verdicts": "verdicts.parquet",
    "risks": "risks.parquet",
    "attempts": "repairs.parquet",
    "examples": "examples.parquet",
}
"""Role -> the output that plays it."""


@dataclass(frozen=True)
class Source:
    """One finished artifact, or one file of traces (without a manifest)."""

    stage: str
    key: str
    folder: Path
    entries: tuple[str, ...]
    """The names under which the run points to it."""
    files: dict[str, Path]
    """Role -> file."""
    digests: dict[str, str]
    """Role -> SHA-256, as the manifest has it."""
    manifest: Manifest | None = None

    @property
    def judged(self) -> set[str]:
        """Digests of the traces this artifact speaks of."""
        inputs = self.manifest.inputs if self.manifest else {}
        return {digest for role, digest in inputs.items() if role.partition("-")[0] == "traces"}

    def checked(self, role: str) -> Path:
        """A file, checked against the manifest: one that was edited after it was made is refused."""
        path = self.files[role]
        if self.manifest is not None and file_digest(path) != self.digests[role]:
            mend = f"delete {self.folder} and run again"
            raise ResoluteError("the file was changed after it was made", where=str(path), mend=mend)
        return path


@dataclass(frozen=True)
class Material:
    """Everything of one run, artifact or file."""

    name: str
    home: Path
    """The run's folder: marks and labels lie there."""
    store: Path
    sources: list[Source]
    labels: dict[str, str] = field(default_factory=dict[str, str])
    """Entry of a study -> label of its row, with the seed where there are several."""
    unfinished: list[str] = field(default_factory=list[str])
    """Entries that are not done, and are left out."""
    as_rows: bool = False
    """Each trace is shown as the training row it would become, too."""

    def named(self, place: str) -> Source:
        """The source of a place STAGE/KEY."""
        return next(source for source in self.sources if f"{source.stage}/{source.key}" == place)

    def logs(self, place: str) -> list[Path]:
        """Folders with logs of Inspect that a source has, or lies among."""
        source = self.named(place)
        own = source.manifest is None and [path.suffix for path in source.files.values()] == [".eval"]
        folders = [source.folder] if own else [source.folder / "logs"]
        return [folder for folder in folders if folder.is_dir() and any(folder.rglob("*.eval"))]

    @property
    def key(self) -> str:
        """Changes with every file that is shown, and with the names they go by."""
        shown = [[source.stage, source.key, source.entries, source.digests] for source in self.sources]
        return key(["view", shown, self.labels, self.as_rows])


def gather(paths: Sequence[Path], runs: Path) -> Material:
    """What all of `paths` lead to together; it is at home with the first. A file or artifact is so in `runs/NAME`.

    Raises `ResoluteError` where nothing is there or nothing holds traces.
    """
    first, *others = [_gathered(path, runs) for path in paths]
    if not others:
        return first
    sources: dict[tuple[str, str], Source] = {}
    labels: dict[str, str] = {}
    for one in (first, *others):
        labels |= {f"{one.name}: {entry}": f"{one.name}: {label}" for entry, label in one.labels.items()}
        for source in one.sources:
            entries = tuple(f"{one.name}: {entry}" for entry in source.entries)
            known = sources.get((source.stage, source.key))
            entries = (*known.entries, *entries) if known else entries
            sources[source.stage, source.key] = replace(source, entries=entries)
    unfinished = [f"{one.name}: {entry}" for one in (first, *others) for entry in one.unfinished]
    name = " + ".join(one.name for one in (first, *others))
    return Material(name, first.home, first.store, list(sources.values()), labels, unfinished)


def _gathered(path: Path, runs: Path) -> Material:
    if not path.exists():
        raise ResoluteError("no such file or folder", where=str(path), mend="name a run folder or a file of traces")
    found = _of_folder(path, runs) if path.is_dir() else _of_file(path, runs)
    if not any({"traces", "rejected", "examples"} & set(source.files) for source in found.sources):
        waiting = f" ({len(found.unfinished)} entries are not finished)" if found.unfinished else ""
        raise ResoluteError(f"no traces here{waiting}", where=str(path), mend="name a run with traces, or their file")
    return found


def _of_folder(path: Path, runs: Path) -> Material:
    if (path / "run.json").is_file():
        return _of_run(Run(path))
    if (path / MANIFEST).is_file():
        artifact = Artifact(path.parent.name, path.name, path)
        sources = _with_traces([_source(artifact, [f"{artifact.stage} {artifact.key}"])])
        return Material(f"{artifact.stage} {artifact.key}", runs / artifact.key, runs / STORE, sources)
    raise ResoluteError("not a run folder", where=str(path), mend="name one that holds a run.json, or a file of traces")


def _of_run(run: Run) -> Material:
    entries: dict[tuple[str, str], list[str]] = {}
    artifacts: dict[tuple[str, str], Artifact] = {}
    unfinished: list[str] = []
    for name, artifact in run.entries().items():
        if not artifact.done:
            unfinished.append(name)
            continue
        entries.setdefault((artifact.stage, artifact.key), []).append(name)
        artifacts[artifact.stage, artifact.key] = artifact
    sources = [_source(artifact, entries[place]) for place, artifact in artifacts.items()]
    study = (run.path / "study.json").is_file()
    labels = _labels(name for names in entries.values() for name in names) if study else {}
    return Material(run.path.resolve().name, run.path, run.store, _with_traces(sources), labels, unfinished)


def _source(artifact: Artifact, entries: Iterable[str]) -> Source:
    manifest = artifact.manifest
    files: dict[str, Path] = {}
    digests: dict[str, str] = {}
    for role, name in OUTPUTS.items():
        if name in manifest.outputs and (artifact.folder / name).is_file():
            files[role], digests[role] = artifact.folder / name, manifest.outputs[name]
    return Source(artifact.stage, artifact.key, artifact.folder, tuple(entries), files, digests, manifest)


def _with_traces(sources: list[Source]) -> list[Source]:
    """And the files that verdicts and reports speak of, where no source holds them and they still stand unchanged."""
    held = {source.digests["traces"] for source in sources if "traces" in source.digests}
    more: list[Source] = []
    for source in sources:
        for role, digest in (source.manifest.inputs if source.manifest else {}).items():
            if role.partition("-")[0] != "traces" or digest in held or source.manifest is None:
                continue
            place = Path(source.manifest.sources.get(role, ""))
            place = place / "traces.parquet" if place.is_dir() else place
            if place.suffix == ".parquet" and place.is_file() and file_digest(place) == digest:
                more.append(_file(place, source.stage))
                held.add(digest)
    return [*more, *sources]


def _of_file(path: Path, runs: Path) -> Material:
    name = path.name.partition(".")[0] or "traces"
    return Material(path.name, runs / name, runs / STORE, [_file(path, "file")])


def _file(path: Path, stage: str) -> Source:
    try:
        digest = file_digest(path)
    except OSError as error:
        raise unreadable(path, error) from error
    role = "examples" if _holds_rows(path) else "traces"
    return Source(stage, digest[:16], path.parent, (path.name,), {role: path}, {role: digest})


def _holds_rows(path: Path) -> bool:
    """Whether a file holds the training rows that `curate` wrote."""
    if path.suffix.lower() != ".parquet":
        return False
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return dict(pq.read_schema(path).metadata or {}).get(b"record") == b"Example"
    except (OSError, pa.ArrowInvalid):
        return False  # reading it says what is wrong with it


def _labels(entries: Iterable[str]) -> dict[str, str]:
    """Entries of a study are `LABEL/SEED/PART`."""
    cut = {entry: entry.rsplit("/", 2) for entry in entries}
    rows = {entry: parts for entry, parts in cut.items() if len(parts) == 3}
    several = len({(label, seed) for label, seed, _ in rows.values()}) > len({label for label, _, _ in rows.values()})
    return {entry: f"{parts[0]}, seed {parts[1]}" if several else parts[0] for entry, parts in rows.items()}
