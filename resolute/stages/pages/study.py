"""Reading what a report is about: a study file, or a run folder as a study of one row.

Every file is checked against its artifact's manifest. A row of which nothing was made stands in the report as missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, read_jsonl, read_records
from resolute.core.judging.instruments import kind_of
from resolute.core.records import Record, RiskReport
from resolute.core.runs import Artifact, Manifest, Run
from resolute.core.text import terminal_safe
from resolute.stages.pages.wordless import Answer, Opinion, Trained, read_answers, read_opinions, read_trained

R = TypeVar("R", bound=Record)
PARTS = ("distill", "audit", "guard", "repair", "curate", "train", "evaluate", "judge")
"""Parts of a row, in the order of the flow."""


class RowFile(BaseModel):
    """One row as the study file names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    seed: int = 0
    kind: Literal["raw", "trained"]
    at: dict[str, str] = {}
    """Axis of the grid -> level; the grid's own rows are the axis `row`."""
    artifacts: dict[str, str] = {}
    """Part -> artifact folder, absolute or from the study file's folder."""


class StudyFile(BaseModel):
    """`study.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_version: Literal[1] = Field(alias="schema")
    name: str
    lab: bool = False
    axes: dict[str, list[str]] = {}
    """Axis -> its levels in order."""
    recipe: dict[str, Any] = {}
    rows: list[RowFile] = Field(min_length=1)


@dataclass(frozen=True)
class Row:
    """One label under one training seed, with what was made for it; its records are read once, when asked for."""

    label: str
    seed: int
    kind: Literal["raw", "trained"]
    artifacts: Mapping[str, Artifact]
    at: Mapping[str, str] = field(default_factory=dict[str, str])
    """Axis -> level, in the order of the axes."""

    @property
    def measured(self) -> bool:
        """Answers and verdicts stand; without them the row failed."""
        return {"evaluate", "judge"} <= self.artifacts.keys()

    @cached_property
    def traces(self) -> list[Answer]:
        """The model's answers to the suites, without their words."""
        path = self._output("evaluate", "traces.parquet")
        return read_answers(path) if path else []

    @cached_property
    def verdicts(self) -> list[Opinion]:
        """What the instruments said about them."""
        path = self._output("judge", "verdicts.parquet")
        return read_opinions(path) if path else []

    @cached_property
    def distilled(self) -> list[Answer]:
        """The teacher's traces, before curation."""
        path = self._output("distill", "traces.parquet")
        return read_answers(path) if path else []

    @cached_property
    def guarded(self) -> list[Opinion]:
        """What the guards said about the teacher's traces."""
        path = self._output("guard", "verdicts.parquet")
        return read_opinions(path) if path else []

    @cached_property
    def risks(self) -> list[RiskReport]:
        return self.records("audit", "risks.parquet", RiskReport)

    @cached_property
    def examples(self) -> list[Trained]:
        """The training set."""
        path = self._output("curate", "examples.parquet")
        return read_trained(path) if path else []

    def manifest(self, part: str) -> Manifest | None:
        return self.artifacts[part].manifest if part in self.artifacts else None

    def document(self, part: str, name: str) -> dict[str, Any]:
        """A JSON output of one part; empty where the row has none."""
        path = self._output(part, name)
        found = read_json(path) if path else {}
        if not isinstance(found, dict):
            raise ResoluteError("not a JSON object", where=str(path), mend=f"run {part} again")
        return found  # pyright: ignore[reportUnknownVariableType]

    def text(self, part: str, name: str) -> str:
        """A text output of one part; empty where the row has none."""
        path = self._output(part, name)
        return path.read_text(encoding="utf-8") if path else ""

    def lines(self, part: str, name: str) -> list[dict[str, Any]]:
        """A JSONL output of one part; empty where the row has none."""
        path = self._output(part, name)
        return read_jsonl(path) if path else []

    def records(self, part: str, name: str, form: type[R]) -> list[R]:
        """Whole records of one part; empty where the row has none."""
        path = self._output(part, name)
        return read_records(path, form) if path else []

    def _output(self, part: str, name: str) -> Path | None:
        artifact = self.artifacts.get(part)
        if artifact is None or name not in artifact.manifest.outputs:
            return None
        return artifact.output(name)


@dataclass(frozen=True)
class Study:
    """What the report is about."""

    name: str
    lab: bool
    recipe: Mapping[str, Any]
    rows: Sequence[Row]
    axes: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Axis of the grid -> its levels in order."""

    @property
    def labels(self) -> list[str]:
        """Labels in the order of their first row."""
        return list(dict.fromkeys(row.label for row in self.rows))

    def of(self, label: str) -> list[Row]:
        """The rows of a label by seed, measured or not."""
        return sorted((row for row in self.rows if row.label == label), key=lambda row: row.seed)

    def measured(self, label: str) -> list[Row]:
        return [row for row in self.of(label) if row.measured]

    def first(self, label: str) -> Row:
        return self.of(label)[0]

    @property
    def guards(self) -> frozenset[str]:
        """Instruments that accepted training data or told an attack when to stop, under any model: none headlines."""
        named = {str(name) for name in self.recipe.get("guards") or ()}
        for row in self.rows:
            for part in ("distill", "guard", "repair"):
                made = row.manifest(part)
                named |= {str(name) for name in made.settings.get("judges", ())} if made else set()
            attacked = row.manifest("evaluate")
            named |= {str(attacked.settings["stop"])} if attacked and attacked.settings.get("stop") else set()
        return frozenset(map(kind_of, named))


def read_study(path: Path) -> Study:
    """The study of a study file, or of a run folder (its `study.json`, or the latest artifact of each stage)."""
    if path.is_dir() and not (path / "study.json").is_file():
        return _run_folder(path)
    file = path / "study.json" if path.is_dir() else path
    try:
        read = StudyFile.model_validate(read_json(file))
    except ValidationError as error:
        problem = error.errors()[0]
        what = f"not a study: {'.'.join(map(str, problem['loc']))}: {problem['msg']}"
        raise ResoluteError(what, where=str(file), mend="name the study.json of a study, or a run folder") from error
    rows = [_row(item, file.parent) for item in read.rows]
    seen = [(row.label, row.seed) for row in rows]
    if twice := sorted({place for place in seen if seen.count(place) > 1}):
        raise ResoluteError(f"rows stand twice: {twice}", where=str(file), mend="give each label and seed once")
    axes = {_plain(axis): [_plain(level) for level in levels] for axis, levels in read.axes.items()}
    return Study(read.name, read.lab, read.recipe, rows, axes)


def _row(item: RowFile, base: Path) -> Row:
    artifacts: dict[str, Artifact] = {}
    for part, folder in item.artifacts.items():
        place = base / folder
        found = Artifact(place.parent.name, place.name, place)
        if not found.done:
            mend = "run the study again: what is done is not repeated"
            raise ResoluteError(f"the {part} of {item.label!r} is not finished", where=str(place), mend=mend)
        artifacts[part] = found
    at = {_plain(axis): _plain(level) for axis, level in item.at.items()}
    return Row(_plain(item.label), item.seed, item.kind, artifacts, at)


def _plain(name: str) -> str:
    """A name on one line, with nothing in it that could steer a terminal."""
    return " ".join(terminal_safe(name).split())


def _run_folder(path: Path) -> Study:
    run = Run(path)
    entries = run.entries()
    artifacts = {stage: run.latest(stage) for stage in {item.stage for item in entries.values()} - {"report"}}
    if not artifacts:
        raise ResoluteError("no run here", where=str(path), mend="name a run folder, or the study.json of a study")
    lab = any(str(artifact.manifest.settings.get("model", "")).startswith("lab/") for artifact in artifacts.values())
    kind = "trained" if "train" in artifacts else "raw"
    return Study(path.name, lab, {}, [Row(path.name, 0, kind, artifacts)])
