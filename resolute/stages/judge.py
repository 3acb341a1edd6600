"""Judge: what instruments say of answers that exist already. Answers are paid for once and judged by any instrument.

Inputs `traces`, `traces-2`, ...: our Parquet or any table `core.reading` can read. Outputs: `verdicts.parquet`, and
`traces.parquet` where an input was foreign, since verdicts speak of traces by id.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

from resolute.core import reading
from resolute.core.catalogue import entries, find
from resolute.core.errors import ResoluteError
from resolute.core.files import write_records
from resolute.core.jobs import Job, Progress, Work
from resolute.core.parts import Judge as Instrument
from resolute.core.parts import Suite
from resolute.core.reading import ReadTraces, read_traces
from resolute.core.records import Trace, Verdict
from resolute.core.settings import Judge

VERSION = 1
_EVERY = 50


def identity(job: Job) -> dict[str, Any]:
    """Every instrument that judges, with its version."""
    settings = cast("Judge", job.settings)
    if not job.inputs:
        raise ResoluteError("judge needs traces", mend="resolute judge RUN, or a file of traces")
    names = settings.judges or sorted({name for task in _tasks(_read(job)) for name in named_by(task)})
    return {"judges": {name: _instrument(name).version for name in names}, "reading": reading.VERSION}


def run(work: Work) -> None:
    """One verdict per trace, instrument and part."""
    settings = cast("Judge", work.job.settings)
    read = _read(work.job)
    traces = [trace for item in read for trace in item.traces]
    if any(item.foreign for item in read):
        write_records(work.folder / "traces.parquet", traces, Trace)
    verdicts = _verdicts(traces, settings.judges, work.progress)
    write_records(work.folder / "verdicts.parquet", verdicts, Verdict)
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    work.count(traces=len(traces), verdicts=len(verdicts), **{str(name): n for name, n in outcomes.items()})
    if outcomes["judge failed"]:
        work.note(f"{outcomes['judge failed']} of {len(verdicts)} verdicts failed: they are in no rate")


def named_by(task: str) -> tuple[str, ...]:
    """The instruments that the suite of `suite/task` names for it."""
    suite, _, name = task.rpartition("/")
    mend = "name instruments with --judge"
    if suite not in entries("suites"):
        raise ResoluteError(f"no suite says how to judge the task {task!r}", mend=mend)
    for item in cast("Suite", find("suites", suite)).tasks:
        if item.name == name:
            return item.judges
    raise ResoluteError(f"the suite {suite!r} has no task {name!r}", mend=mend)


def _verdicts(traces: list[Trace], judges: tuple[str, ...], progress: Progress) -> list[Verdict]:
    found: list[Verdict] = []
    for number, trace in enumerate(traces, 1):
        for name in judges or named_by(trace.task):
            found += _instrument(name).judge(trace)
        if number % _EVERY == 0 or number == len(traces):
            progress("judging", number, len(traces))
    return found


def _instrument(name: str) -> Instrument:
    return cast("Instrument", find("judges", name))


def _tasks(read: list[ReadTraces]) -> set[str]:
    return {trace.task for item in read for trace in item.traces}


def _read(job: Job) -> list[ReadTraces]:
    read = [read_traces(path) for _, path in sorted(job.inputs.items())]
    ids = Counter(trace.id for item in read for trace in item.traces)
    if twice := [name for name, count in ids.items() if count > 1]:
        raise ResoluteError(f"{len(twice)} traces stand in two inputs", where=twice[0], mend="name each input once")
    return read
