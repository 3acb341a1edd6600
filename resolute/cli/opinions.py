"""What the instruments of a run made of its traces: verdicts and reports, and the traces they speak of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from resolute.cli.inputs import from_run, is_run, role_of
from resolute.core.errors import ResoluteError

if TYPE_CHECKING:
    from resolute.core.records import RiskReport, Trace, Verdict
    from resolute.core.results.judged import Questions
    from resolute.core.runs import Artifact

T = TypeVar("T")
Sort = Literal["verdicts", "risks"]
STAGES: dict[Sort, str] = {"verdicts": "judge", "risks": "audit"}
"""Which stage writes what."""


@dataclass
class Opinions:
    """Everything said, and of what."""

    traces: dict[str, Trace] = field(default_factory=dict[str, "Trace"])
    verdicts: dict[str, Verdict] = field(default_factory=dict[str, "Verdict"])
    reports: dict[str, RiskReport] = field(default_factory=dict[str, "RiskReport"])
    audits: list[Artifact] = field(default_factory=list["Artifact"])
    """The audits of runs among the inputs."""

    @property
    def questions(self) -> Questions:
        """Every row, by what was asked of it."""
        from resolute.core.results.judged import every_question

        return every_question(list(self.traces.values()), list(self.verdicts.values()), list(self.reports.values()))


def held(inputs: Sequence[Path]) -> set[Sort]:
    """What the inputs hold: a run may be judged, audited, or both."""
    from resolute.core.runs import Run

    found: set[Sort] = set()
    for path in inputs:
        if is_run(path):
            stages = {artifact.stage for artifact in Run(path).entries().values()}
            found |= {sort for sort, stage in STAGES.items() if stage in stages}
        elif path.is_file():
            found |= {sort for sort in STAGES if role_of(path) == sort}
        else:
            raise ResoluteError("no run and no file", where=str(path), mend="run `resolute judge run` first")
    if not found:
        mend = "run `resolute judge run` or `resolute audit` first"
        raise ResoluteError("no verdicts and no audit", where=str(inputs[0]), mend=mend)
    return found


def opinions(inputs: Sequence[Path], sorts: set[Sort]) -> Opinions:
    """Everything of these sorts in the inputs. Raises `ResoluteError` where some of it speaks of traces not here."""
    from resolute.core.files import read_records
    from resolute.core.foreign.reading import read_traces
    from resolute.core.records import RiskReport, Verdict

    found = Opinions()
    for path in _paths(inputs, sorts, found):
        role = role_of(path)
        if role == "verdicts":
            for verdict in read_records(path, Verdict):
                _add(found.verdicts, verdict.id, verdict)
        elif role == "risks":
            for report in read_records(path, RiskReport):
                _add(found.reports, report.id, report)
        else:
            found.traces.update((trace.id, trace) for trace in read_traces(path).traces)
    if not found.verdicts and not found.reports:
        missing = " or ".join(f"no {STAGES[sort]}" for sort in sorted(sorts))
        raise ResoluteError(missing, where=str(inputs[0]), mend="run `resolute judge run` or `resolute audit` first")
    said = [one.trace for one in (*found.verdicts.values(), *found.reports.values())]
    if lost := sum(trace not in found.traces for trace in said):
        mend = "name the run or file that holds the judged traces too"
        raise ResoluteError(f"{lost} verdicts speak of traces that are not here", where=str(inputs[0]), mend=mend)
    return found


def _add(known: dict[str, T], name: str, one: T) -> None:
    if known.setdefault(name, one) != one:
        mend = "name one of the inputs that hold it"
        raise ResoluteError("two verdicts of one instrument on one text", where=name, mend=mend)


def _paths(inputs: Sequence[Path], sorts: set[Sort], found: Opinions) -> Iterator[Path]:
    """Verdicts and reports of runs with the traces they were made from, and plain files."""
    for path in inputs:
        if not is_run(path):
            if role_of(path) not in STAGES or role_of(path) in sorts:
                yield path
            continue
        for sort in sorted(sorts):
            if sort not in held([path]):
                continue
            artifact = from_run(path, [STAGES[sort]])
            found.audits += [artifact] if sort == "risks" else []
            yield artifact.output(f"{sort}.parquet")
            yield from _traces(path, artifact)


def _traces(run: Path, made: Artifact) -> list[Path]:
    """What was judged: kept beside the verdicts where it was foreign, else where it lay, if it is the same still."""
    from resolute.core.jobs import input_digest
    from resolute.core.runs import Run

    manifest = made.manifest
    if "traces.parquet" in manifest.outputs:
        return [made.output("traces.parquet")]
    own = [artifact.folder / "traces.parquet" for artifact in Run(run).entries().values()]
    found: list[Path] = []
    for role, digest in manifest.inputs.items():
        places = [*own, *([Path(manifest.sources[role])] if manifest.sources.get(role) else [])]
        same = [path for path in places if path.exists() and input_digest(path) == digest]
        if not same:
            mend = "judge the traces where they lie now; answers are not asked for again"
            raise ResoluteError("the judged traces moved or changed", where=manifest.sources.get(role, role), mend=mend)
        found.append(same[0] / "traces.parquet" if same[0].is_dir() else same[0])
    return found
