"""Distil: ask a teacher for a trace per prompt and sample, in one strategy.

Input: none (prompts come from sources). Output: `traces.parquet`. A row that got no output stands there with its error.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from resolute.attacks.none import NONE
from resolute.core.ask import Reply
from resolute.core.files import write_records
from resolute.core.jobs import Job, Work
from resolute.core.keys import digest
from resolute.core.parts import Attempt, Strategy
from resolute.core.records import Ending, Prompt, Trace
from resolute.core.settings import Distill
from resolute.models import engine
from resolute.models.identity import Model, resolve
from resolute.models.requests import Request, request, trace
from resolute.prompts import load_prompts
from resolute.strategies import strategy

VERSION = 1
SEED = 0
"""The run's seed; a request's own is derived from it and from what is asked."""


@dataclass(frozen=True)
class _Asked:
    request: Request
    sample: int


def identity(job: Job) -> dict[str, Any]:
    """The teacher, the strategy's words and every prompt."""
    settings, model, way, prompts = _read(job)
    return {
        "model": model.identity,
        "strategy": [way.name, way.version, way.instruction, way.refusal],
        "prompts": digest([prompt.id for prompt in prompts]),
        "seed": SEED,
        "samples": settings.samples,
    }


def run(work: Work) -> None:
    """Ask, and write one trace per prompt and sample."""
    settings, model, way, prompts = _read(work.job)
    asked = [
        _Asked(_request(prompt, way, model, settings, sample), sample)
        for prompt in prompts
        for sample in range(settings.samples)
    ]
    fixed = {item.request.id for item in asked if way.refusal and item.request.prompt.kind == "harmful"}
    open_requests = [item.request for item in asked if item.request.id not in fixed]
    attempts = engine.run_requests(
        open_requests, model=model, sampling=settings.sampling, folder=work.folder, progress=work.progress
    )
    traces = [_trace(item, way, model, attempts) for item in asked]
    write_records(work.folder / "traces.parquet", traces, Trace)
    _tally(work, traces, fixed=len(fixed))


def _read(job: Job) -> tuple[Distill, Model, Strategy, list[Prompt]]:
    settings = job.settings
    assert isinstance(settings, Distill)
    prompts = {prompt.id: prompt for source in settings.prompts for prompt in load_prompts(source)}
    return settings, resolve(settings.model), strategy(settings.strategy), list(prompts.values())


def _request(prompt: Prompt, way: Strategy, model: Model, settings: Distill, sample: int) -> Request:
    return request(
        prompt,
        NONE,
        model=model,
        sampling=settings.sampling,
        seed=SEED,
        labels=("distill", way.name, way.version, sample),
        system=way.instruction,
    )


def _trace(item: _Asked, way: Strategy, model: Model, attempts: dict[str, Attempt]) -> Trace:
    attempt = attempts.get(item.request.id)
    if attempt is None:
        said = Reply("", way.refusal, Ending(where="answer", why="end of turn"), had_thought=False)
        attempt = Attempt(way.messages(item.request.prompt), said, queries=0)
    return trace(item.request, attempt, model=model, strategy=way.name, sample=item.sample)


def _tally(work: Work, traces: list[Trace], *, fixed: int) -> None:
    endings = Counter(f"{trace.ending.where}: {trace.ending.why}" for trace in traces)
    failed = sum(trace.ending.why == "error" for trace in traces)
    work.count(asked=len(traces), complete=sum(trace.ending.complete for trace in traces), failed=failed, **endings)
    work.manifest.failed_rows = failed
    work.manifest.tokens_in = sum(trace.tokens_in for trace in traces)
    work.manifest.tokens_out = sum(trace.tokens_out for trace in traces)
    if fixed:
        work.note(f"{fixed} harmful goals got the strategy's fixed refusal: no model was asked")
