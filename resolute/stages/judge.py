"""Judge: what instruments say of answers that exist already. Answers are paid for once and judged by any instrument.

Inputs `traces`, `traces-2`, ...: our Parquet or any table `core.foreign.reading` can read. Outputs: `verdicts.parquet`,
`restyled-STYLE.parquet` (the same of answers said otherwise), `judged.json` and `judged.md` for people,
`integrity.parquet` where a framing was to turn thoughts, and `traces.parquet` where an input was foreign, since
verdicts speak of traces by id. An instrument that asks a model resumes where it was interrupted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from resolute.core import integrity
from resolute.core.catalogue import entries, find
from resolute.core.errors import ResoluteError
from resolute.core.files import atomic, write_json, write_records
from resolute.core.foreign import reading
from resolute.core.foreign.reading import ReadTraces, read_traces
from resolute.core.jobs import Job, Progress, Together, Work
from resolute.core.judging import rewrites
from resolute.core.judging.instruments import Asked, kind_of
from resolute.core.keys import key
from resolute.core.parts import Judge as Instrument
from resolute.core.parts import Suite
from resolute.core.records import Trace, Verdict
from resolute.core.results import scores
from resolute.core.settings import Judge
from resolute.models.identity import Model
from resolute.models.instruments.judging import Sitting, judged
from resolute.models.instruments.manner import Manner
from resolute.models.instruments.named import Named, named
from resolute.models.purse import Purse

VERSION = 3
_EVERY = 50


def identity(job: Job) -> dict[str, Any]:
    """Every instrument that judges, with its version and the identity of the model behind it."""
    settings = cast("Judge", job.settings)
    if not job.inputs:
        raise ResoluteError("judge needs traces", mend="resolute judge run RUN, or a file of traces")
    specs = settings.judges or sorted({name for task in _task_names(job) for name in named_by(task)})
    asked_for = [instrument(spec) for spec in specs]
    _check(settings, specs)
    versions = {one.name: one.instrument.version for one in asked_for}
    found: dict[str, Any] = {"judges": versions, "reading": reading.VERSION}
    return found | ({"rewrites": rewrites.VERSION} if settings.styles else {})


def run(work: Work) -> None:
    """One verdict per trace, instrument and part."""
    settings = cast("Judge", work.job.settings)
    read = _read(work.job)
    traces = [trace for item in read for trace in item.traces]
    if any(item.foreign for item in read):
        write_records(work.folder / "traces.parquet", traces, Trace)
    purse = Purse(settings.budget)
    verdicts = _judge(traces, settings, work, purse)
    write_records(work.folder / "verdicts.parquet", verdicts, Verdict)
    styled = [entry for style in settings.styles for entry in _restyled(style, traces, verdicts, work, purse)]
    purse.tell(work)
    if turned := integrity.trials(traces, verdicts):
        write_records(work.folder / "integrity.parquet", turned, integrity.Trial)
    summary = scores.summarise(traces, verdicts, styled)
    write_json(work.folder / "judged.json", summary)
    with atomic(work.folder / "judged.md", "w") as stream:
        stream.write(scores.written(summary))
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    unread = sum(len(item.unread) for item in read)
    work.count(
        traces=len(traces), unread=unread, verdicts=len(verdicts), **{str(name): n for name, n in outcomes.items()}
    )
    if outcomes["judge failed"]:
        work.note(f"{outcomes['judge failed']} of {len(verdicts)} verdicts failed: they are in no rate")
    if unread:
        work.note(f"{unread} rows hold no trace: `resolute audit` lists them")
    if work.manifest.failed_rows:
        work.note(f"{work.manifest.failed_rows} questions got no reply; the same command asks them again")


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


def instrument(spec: str) -> Named:
    """`NAME`, or `NAME@MODEL` for an instrument that asks a model."""
    return named(spec, "judges", "asked")


def _check(settings: Judge, specs: Iterable[str]) -> None:
    if unknown := [style for style in settings.styles if style not in rewrites.STYLES]:
        raise ResoluteError(f"unknown rewrite: {unknown[0]!r}", mend=f"known: {', '.join(rewrites.STYLES)}")
    names = {kind_of(spec) for spec in specs}
    if stray := sorted(settings.thresholds.keys() - names):
        what = f"a threshold for {stray[0]!r}, which does not judge here"
        raise ResoluteError(what, mend=f"one of: {', '.join(sorted(names))}")


def _judge(traces: Sequence[Trace], settings: Judge, work: Work, purse: Purse, *, style: str = "") -> list[Verdict]:
    """Verdicts by every instrument; those that ask the same model in the same manner ask it together."""
    by_spec: dict[str, list[Trace]] = {}
    for trace in traces:
        for spec in settings.judges or named_by(trace.task):
            by_spec.setdefault(spec, []).append(trace)
    found: list[Verdict] = []
    groups: dict[tuple[str, Manner], list[tuple[Named, Sitting]]] = {}
    for spec, some in by_spec.items():
        one = instrument(spec)
        if one.model is None:
            found += _plainly(one.instrument, some, settings.thresholds.get(spec), work.progress)
            continue
        threshold = settings.thresholds.get(one.instrument.name)
        manner = replace(_manner(one.instrument, settings, threshold), purse=purse)
        sitting = Sitting(one.instrument, some, threshold)
        groups.setdefault((one.model.identity, manner), []).append((one, sitting))
    for (_, manner), group in groups.items():
        found += _asking(group, manner, work, style)
    return found


def _manner(asked: Asked, settings: Judge, threshold: float | None) -> Manner:
    """Probabilities are asked of an instrument's own weights, or where a threshold needs them."""
    chances = bool(asked.card.weights) or (threshold is not None and not asked.graded)
    return Manner(settings.max_tokens or asked.max_tokens, asked.thinks, chances, settings.concurrency)


def _plainly(plain: Instrument, traces: Sequence[Trace], threshold: float | None, progress: Progress) -> list[Verdict]:
    if isinstance(plain, Together):
        found = plain.judge_all(traces, progress)
    else:
        found = []
        for number, trace in enumerate(traces, 1):
            found += plain.judge(trace)
            if number % _EVERY == 0 or number == len(traces):
                progress("judging", number, len(traces))
    return found if threshold is None else [_held(verdict, threshold) for verdict in found]


def _held(verdict: Verdict, threshold: float) -> Verdict:
    level = verdict.score if verdict.probability is None else verdict.probability
    if verdict.score is None or level is None:
        return verdict
    return verdict.model_copy(update={"score": float(level >= threshold)})


def _asking(group: Sequence[tuple[Named, Sitting]], manner: Manner, work: Work, style: str) -> list[Verdict]:
    model = cast("Model", group[0][0].model)
    names = sorted(sitting.instrument.name for _, sitting in group)
    place = work.folder / "work" / key([names, model.identity, manner.sampling.model_dump(), style])
    made = judged([sitting for _, sitting in group], model, manner, folder=place, progress=work.progress)
    work.manifest.failed_rows += made.again
    for one, sitting in group if not style else ():
        if told := one.kin(sitting.traces):
            work.note(told)
    return made.verdicts


def _restyled(
    style: str, traces: Sequence[Trace], verdicts: Sequence[Verdict], work: Work, purse: Purse
) -> list[scores.Flips]:
    rewrite = rewrites.STYLES[style]
    changed: set[str] = set()
    again: list[Trace] = []
    for trace in traces:
        update = {"answer": rewrite(trace.answer), "reasoning": rewrite(trace.reasoning)}
        touched = [
            part
            for part, before, after in (
                ("answer", trace.answer, update["answer"]),
                ("thought", trace.reasoning, update["reasoning"]),
            )
            if before.strip() and before != after
        ]
        changed |= {f"{trace.id} {part}" for part in touched}
        if touched:
            again.append(trace.model_copy(update=update))
    after = _judge(again, cast("Judge", work.job.settings), work, purse, style=style)
    write_records(work.folder / rewrites.kept_as(style), _replaced(verdicts, after, changed), Verdict)
    return scores.flips(style, traces, verdicts, after, changed)


def _replaced(before: Sequence[Verdict], after: Sequence[Verdict], changed: set[str]) -> list[Verdict]:
    """The verdicts as they are where every answer is said in another style: of what it left alone, those there were."""
    again = {(one.trace, one.judge, one.event, one.part): one for one in after}
    return [
        again.get((one.trace, one.judge, one.event, one.part), one) if f"{one.trace} {one.part}" in changed else one
        for one in before
    ]


def _task_names(job: Job) -> set[str]:
    """Of our own traces that one column is read: a finished study asks for this of every row."""
    columns = [_column(path) for path in job.inputs.values()]
    known = [names for names in columns if names is not None]
    return set[str]().union(*known) if len(known) == len(columns) else _tasks(_read(job))


def _column(path: Path) -> set[str] | None:
    """The tasks of a file of our own traces; None for any other."""
    import pyarrow.parquet as pq

    if path.suffix != ".parquet" or not path.is_file():
        return None
    try:
        file = pq.ParquetFile(path)  # pq.read_table would import pandas
        if not set(Trace.model_fields) <= set(file.schema_arrow.names):
            return None
        return set(file.read(columns=["task"]).column("task").unique().to_pylist())
    except (OSError, ValueError):  # damaged: reading it whole says how
        return None


def _tasks(read: list[ReadTraces]) -> set[str]:
    return {trace.task for item in read for trace in item.traces}


def _read(job: Job) -> list[ReadTraces]:
    read = [read_traces(path) for _, path in sorted(job.inputs.items())]
    ids = Counter(trace.id for item in read for trace in item.traces)
    if twice := [name for name, count in ids.items() if count > 1]:
        raise ResoluteError(f"{len(twice)} traces stand in two inputs", where=twice[0], mend="name each input once")
    return read
