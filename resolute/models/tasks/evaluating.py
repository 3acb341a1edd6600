"""The stage `evaluate` where it is asked for Inspect's tasks in the place of suites (`evaluate.tasks`).

Outputs: `traces.parquet`, one trace per sample and repeat, and `inspect.json` and `inspect.md`, each task's figures by
its own scorer. Instruments of ours can judge the traces at any time.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

from resolute.core import borrowed, budgets
from resolute.core.catalogue import counted
from resolute.core.errors import ResoluteError
from resolute.core.files import atomic, write_json, write_records
from resolute.core.jobs import Work
from resolute.core.records import Trace
from resolute.core.settings import Evaluate
from resolute.models.identity import Model
from resolute.models.tasks.borrowed import Borrowed, borrow, run


def identity(settings: Evaluate) -> dict[str, Any]:
    """Every task with its samples and code, and how it is drawn. Raises `ResoluteError` for what cannot be done."""
    _check(settings)
    found: dict[str, Any] = {}
    for one, count in _tasks(settings):
        if one.name in found:
            raise ResoluteError(f"the task {one.name} is asked for twice", where=one.spec, mend="name each task once")
        budget = budgets.settled(one.name, None, settings.sampling.model_dump(), settings.samples)
        sampling = budget.sampling.model_dump()
        found[one.name] = {"task": one.digest, "count": count, "sampling": sampling, "samples": budget.samples}
    return {"inspect": found}


def evaluate(work: Work, model: Model) -> None:
    """Ask, score, and write down what came of it."""
    settings = cast("Evaluate", work.job.settings)
    traces: list[Trace] = []
    figures: list[borrowed.Figure] = []
    failed = 0
    for one, count in _tasks(settings):
        budget = budgets.settled(one.name, None, settings.sampling.model_dump(), settings.samples)
        work.progress(f"asking {model.name}", 0, 0, note=one.name)
        made = run(
            one,
            model,
            budget.sampling,
            samples=budget.samples,
            count=count,
            seed=settings.seed,
            concurrency=settings.concurrency,
            folder=work.folder,
        )
        traces += made.traces
        figures += borrowed.figures(one.name, made.scored)
        failed += made.failed
        if made.unsure:
            work.note(
                f"{one.name}: {made.unsure} outputs were scored before one showed that this model's template opens "
                "thoughts: they may be unfinished thoughts, and are in no rate"
            )
    write_records(work.folder / "traces.parquet", traces, Trace)
    write_json(work.folder / "inspect.json", {"schema": 1, "tasks": borrowed.plain(figures)})
    with atomic(work.folder / "inspect.md", "w") as stream:
        stream.write(borrowed.written(figures))
    endings = Counter(f"{trace.ending.where}: {trace.ending.why}" for trace in traces)
    work.count(asked=len(traces) + failed, failed=failed, **endings)
    work.manifest.failed_rows = failed
    for figure in figures:
        shown = f"mean {figure.mean:.3f}, no share" if figure.rate is None else str(figure.rate)
        work.note(f"{figure.task}, {figure.scorer}: {shown}")
    if told := budgets.unclosed(traces):
        work.note(told)
    if failed:
        work.note(f"{failed} samples ended in an error; the same command asks them again")


def _tasks(settings: Evaluate) -> list[tuple[Borrowed, int | None]]:
    return [(borrow(spec), count) for spec, count in map(counted, settings.tasks)]


def _check(settings: Evaluate) -> None:
    """What is ours of an evaluation and has no place in somebody else's task."""
    given = {
        "suites": settings.suites,
        "attacks": settings.attacks,
        "a system prompt": settings.system,
        "engine: vllm": settings.engine == "vllm",
        "a budget": settings.budget,
    }
    if named := [name for name, value in given.items() if value]:
        mend = "run them apart; a server of your own is openai-api/SERVICE/MODEL"
        raise ResoluteError(f"tasks of Inspect are asked without {named[0]}", where="evaluate.tasks", mend=mend)
