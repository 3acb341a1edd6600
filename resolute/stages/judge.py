"""Judge: what instruments say of answers that exist already. Answers are paid for once and judged by any instrument.

Inputs `traces`, `traces-2`, ...: our Parquet or any table `core.reading` can read. Outputs: `verdicts.parquet`,
`judged.json` and `judged.md` for people, and `traces.parquet` where an input was foreign, since verdicts speak of
traces by id. An instrument that asks a model resumes where it was interrupted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from resolute.core import reading, rewrites, scores
from resolute.core.catalogue import entries, find
from resolute.core.errors import ResoluteError
from resolute.core.families import families
from resolute.core.files import atomic, write_json, write_records
from resolute.core.instruments import Asked, kind_of
from resolute.core.jobs import Job, Progress, Work
from resolute.core.keys import key
from resolute.core.parts import Judge as Instrument
from resolute.core.parts import Suite
from resolute.core.reading import ReadTraces, read_traces
from resolute.core.records import Trace, Verdict
from resolute.core.settings import Judge
from resolute.models.identity import Model, resolve
from resolute.models.judging import Sitting, judged
from resolute.models.manner import Manner

VERSION = 2
_EVERY = 50


@dataclass(frozen=True)
class _Named:
    """An instrument as it was asked for."""

    spec: str
    plain: Instrument | None = None
    asked: Asked | None = None
    model: Model | None = None

    @property
    def version(self) -> str:
        return self.plain.version if self.plain is not None else cast("Asked", self.asked).version


def identity(job: Job) -> dict[str, Any]:
    """Every instrument that judges, with its version and the identity of the model behind it."""
    settings = cast("Judge", job.settings)
    if not job.inputs:
        raise ResoluteError("judge needs traces", mend="resolute judge run RUN, or a file of traces")
    specs = settings.judges or sorted({name for task in _tasks(_read(job)) for name in named_by(task)})
    named = {spec: instrument(spec) for spec in specs}
    _check(settings, named)
    versions = {
        kind_of(spec) + (f"@{one.model.identity}" if one.model else ""): one.version for spec, one in named.items()
    }
    found: dict[str, Any] = {"judges": versions, "reading": reading.VERSION}
    return found | ({"rewrites": rewrites.VERSION} if settings.styles else {})


def run(work: Work) -> None:
    """One verdict per trace, instrument and part."""
    settings = cast("Judge", work.job.settings)
    read = _read(work.job)
    traces = [trace for item in read for trace in item.traces]
    if any(item.foreign for item in read):
        write_records(work.folder / "traces.parquet", traces, Trace)
    verdicts = _judge(traces, settings, work)
    write_records(work.folder / "verdicts.parquet", verdicts, Verdict)
    styled = [entry for style in settings.styles for entry in _restyled(style, traces, verdicts, settings, work)]
    summary = scores.summarise(traces, verdicts, styled)
    write_json(work.folder / "judged.json", summary)
    with atomic(work.folder / "judged.md", "w") as stream:
        stream.write(scores.written(summary))
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    work.count(traces=len(traces), verdicts=len(verdicts), **{str(name): n for name, n in outcomes.items()})
    if outcomes["judge failed"]:
        work.note(f"{outcomes['judge failed']} of {len(verdicts)} verdicts failed: they are in no rate")
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


def instrument(spec: str) -> _Named:
    """`NAME`, or `NAME@MODEL` for an instrument that asks a model."""
    name, at, model = spec.partition("@")
    if name in entries("asked"):
        if not model:
            card = cast("Asked", find("asked", name)).card
            made_for = f"; it was made for {card.weights}" if card.weights else ""
            mend = f"--judge {name}@MODEL (a folder with weights, or a model of a server){made_for}"
            raise ResoluteError(f"{name} asks a model", mend=mend)
        return _Named(spec, asked=find("asked", name), model=resolve(model))
    if name not in entries("judges"):
        known = ", ".join(sorted([*entries("judges"), *(f"{one}@MODEL" for one in entries("asked"))]))
        raise ResoluteError(f"unknown instrument: {name!r}", mend=f"known: {known}")
    if at:
        raise ResoluteError(f"{name} asks no model", where=spec, mend=f"--judge {name}")
    return _Named(spec, plain=find("judges", name))


def _check(settings: Judge, named: Iterable[str]) -> None:
    if unknown := [style for style in settings.styles if style not in rewrites.STYLES]:
        raise ResoluteError(f"unknown rewrite: {unknown[0]!r}", mend=f"known: {', '.join(rewrites.STYLES)}")
    names = {kind_of(spec) for spec in named}
    if stray := sorted(settings.thresholds.keys() - names):
        what = f"a threshold for {stray[0]!r}, which does not judge here"
        raise ResoluteError(what, mend=f"one of: {', '.join(sorted(names))}")


def _judge(traces: Sequence[Trace], settings: Judge, work: Work, *, style: str = "") -> list[Verdict]:
    """Verdicts by every instrument; those that ask the same model in the same manner ask it together."""
    by_spec: dict[str, list[Trace]] = {}
    for trace in traces:
        for spec in settings.judges or named_by(trace.task):
            by_spec.setdefault(spec, []).append(trace)
    found: list[Verdict] = []
    groups: dict[tuple[str, Manner], list[tuple[_Named, Sitting]]] = {}
    for spec, some in by_spec.items():
        one = instrument(spec)
        if one.plain is not None:
            found += _plainly(one.plain, some, settings.thresholds.get(spec), work.progress)
        elif one.asked is not None and one.model is not None:
            threshold = settings.thresholds.get(one.asked.name)
            manner = _manner(one.asked, settings, threshold)
            sitting = Sitting(one.asked, some, threshold)
            groups.setdefault((one.model.identity, manner), []).append((one, sitting))
    for (_, manner), group in groups.items():
        found += _asking(group, manner, work, style)
    return found


def _manner(asked: Asked, settings: Judge, threshold: float | None) -> Manner:
    """Probabilities are asked of an instrument's own weights, or where a threshold needs them."""
    chances = bool(asked.card.weights) or (threshold is not None and not asked.graded)
    return Manner(settings.max_tokens or asked.max_tokens, asked.thinks, chances, settings.concurrency)


def _plainly(plain: Instrument, traces: Sequence[Trace], threshold: float | None, progress: Progress) -> list[Verdict]:
    found: list[Verdict] = []
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


def _asking(group: Sequence[tuple[_Named, Sitting]], manner: Manner, work: Work, style: str) -> list[Verdict]:
    model = cast("Model", group[0][0].model)
    names = sorted(sitting.instrument.name for _, sitting in group)
    place = work.folder / "work" / key([names, model.identity, manner.sampling.model_dump(), style])
    made = judged([sitting for _, sitting in group], model, manner, folder=place, progress=work.progress)
    work.manifest.failed_rows += made.again
    work.manifest.tokens_in += made.tokens
    for one, sitting in group if not style else ():
        kin = families(_called(model)) & families(" ".join({trace.model for trace in sitting.traces}))
        if kin:
            whom = "teacher" if any(trace.strategy for trace in sitting.traces) else "judged model"
            family = ", ".join(sorted(kin))
            work.note(f"{one.spec}: judge and {whom} are of one family ({family}); models favour their own kind")
    return made.verdicts


def _called(model: Model) -> str:
    """Every name a model goes by: a folder may be called anything, so its config is asked too."""
    config = model.path / "config.json" if model.path is not None else Path("/nonexistent")
    return f"{model.name} {config.read_text(encoding='utf-8', errors='replace')[:20_000] if config.is_file() else ''}"


def _restyled(
    style: str, traces: Sequence[Trace], verdicts: Sequence[Verdict], settings: Judge, work: Work
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
    after = _judge(again, settings, work, style=style)
    return scores.flips(style, traces, verdicts, after, changed)


def _tasks(read: list[ReadTraces]) -> set[str]:
    return {trace.task for item in read for trace in item.traces}


def _read(job: Job) -> list[ReadTraces]:
    read = [read_traces(path) for _, path in sorted(job.inputs.items())]
    ids = Counter(trace.id for item in read for trace in item.traces)
    if twice := [name for name, count in ids.items() if count > 1]:
        raise ResoluteError(f"{len(twice)} traces stand in two inputs", where=twice[0], mend="name each input once")
    return read
