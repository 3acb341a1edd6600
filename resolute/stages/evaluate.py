"""Evaluate: ask a model the prompts of suites, under each attack that the suite's tasks or the settings name.

Input `model`: a checkpoint folder that stands in for the named model (optional). Output: `traces.parquet`, one trace
per task, attack, prompt and sample, and per further sample of an attacked request; what got no output stands there with
its error. Attacks of several turns add `courses.parquet` and `turns.parquet` (numbers) and
`quarantine/transcripts.parquet` (every turn as a trace). Nothing is judged here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

from resolute.core import budgets
from resolute.core.ask import Sampling
from resolute.core.attacking import ATTACKER_FAILED
from resolute.core.catalogue import counted
from resolute.core.files import write_records
from resolute.core.jobs import Job, Work
from resolute.core.parts import Attempt
from resolute.core.quarantine import quarantine
from resolute.core.records import Trace
from resolute.core.results import attacked
from resolute.core.settings import Evaluate
from resolute.core.suites import tasks_of
from resolute.models import engine, owned, replaying, thinking
from resolute.models.evaluating import Asked, Plan, read_plan
from resolute.models.identity import Model, resolve
from resolute.models.purse import Purse
from resolute.models.requests import Outcomes, Request, trace
from resolute.models.roles import Cast
from resolute.models.vllm import run_by

VERSION = 1


def identity(job: Job) -> dict[str, Any]:
    """The model, every prompt, every attack's version, whoever plays a role in one, and the system prompt's words."""
    settings = cast("Evaluate", job.settings)
    if settings.tasks:
        return {"model": _model(job).identity, **tasks().identity(settings)}
    model, plan = _model(job), read_plan(settings)
    found = {"model": model.identity, **plan.identity}
    if any(not task.budget.sampling.thinking for task in plan.tasks) and (way := thinking.off(model)) == "closed":
        found["thinking_off"] = way
    return found


def run(work: Work) -> None:
    """Ask everything and write one trace per request."""
    settings, model = cast("Evaluate", work.job.settings), _model(work.job)
    if settings.tasks:
        tasks().evaluate(work, model)
        return
    plan = read_plan(settings)
    replaying.check(settings, work.folder.parents[1])
    owned.check(model, plan.attacks, own=settings.own)
    asked, excluded = plan.requests(model)
    purse = Purse(settings.budget)
    for told in plan.shortfalls:
        work.note(told)
    if settings.replay:
        _replays(work, plan)
    outcomes = _outcomes(work, asked, model, purse, plan.cast)
    traces = [_trace(item, outcomes[item.request.id], model) for item in asked]
    fresh = [one for made in traces for one in attacked.fresh(made, outcomes[made.id])]
    write_records(work.folder / "traces.parquet", [*traces, *fresh], Trace)
    purse.tell(work)
    _tally(work, traces, fresh, excluded)
    for sampling, requests in _by_sampling(asked).items():
        drawn = {request.id for request in requests}
        some = [one for one in traces if one.id in drawn]
        if not sampling.thinking and (told := thinking.unheard(some)):
            work.note(told)
        if told := budgets.greedy(sampling, some):
            work.note(told)
    _courses(work, traces, outcomes, settings.pair.reached)
    if outcomes.served and model.kind == "inspect":
        work.manifest.identity["served"] = sorted(outcomes.served)
    if model.kind == "inspect" and not any(item.had_thought for item in traces):
        work.note(
            "no output shows where a thought ends: either this model does not think, or its server removes the marks "
            "(special tokens, a reasoning parser), so that thought and answer are one text: look before judging"
        )


def tasks() -> Any:
    """The side of this stage that runs tasks of Inspect, imported only where one is asked for."""
    from resolute.models.tasks import evaluating

    return evaluating


def _by_sampling(asked: Sequence[Asked]) -> dict[Sampling, list[Request]]:
    groups: dict[Sampling, list[Request]] = {}
    for item in asked:
        groups.setdefault(item.sampling, []).append(item.request)
    return groups


def _outcomes(work: Work, asked: Sequence[Asked], model: Model, purse: Purse, players: Cast) -> Outcomes:
    """What came of every request; tasks that are drawn alike are asked together."""
    settings = cast("Evaluate", work.job.settings)
    found = Outcomes()
    for sampling, requests in _by_sampling(asked).items():
        some = engine.run_requests(
            requests,
            model=model,
            sampling=sampling,
            folder=work.folder,
            progress=work.progress,
            concurrency=settings.concurrency,
            purse=purse,
            cast=players,
            run_by=partial(
                run_by, settings.engine, model, settings.serving, folder=work.folder, progress=work.progress
            ),
        )
        found.update(some)
        found.served |= some.served
        found.calls = {**found.calls, **some.calls}
    return found


def _trace(item: Asked, attempt: Attempt, model: Model) -> Trace:
    return trace(item.request, attempt, model=model, task=item.task, attack=item.attack, sample=item.sample)


def _model(job: Job) -> Model:
    settings = cast("Evaluate", job.settings)
    if "model" not in job.inputs:
        return resolve(settings.model)
    found = resolve(str(job.inputs["model"]))
    return Model(settings.model, found.kind, found.identity, path=found.path)


def _courses(work: Work, traces: Sequence[Trace], outcomes: Outcomes, reached: float) -> None:
    """How attacks of several turns went: numbers beside the traces, words in quarantine."""
    guided = [(made, outcomes[made.id]) for made in traces if outcomes[made.id].exchanges]
    if not guided:
        return
    courses = [attacked.course(made, one, reached, outcomes.calls.get(made.id, {})) for made, one in guided]
    write_records(work.folder / "courses.parquet", courses, attacked.Course)
    turns = [turn for made, one in guided for turn in attacked.turns(made, one, reached)]
    write_records(work.folder / "turns.parquet", turns, attacked.Turn)
    said = [turn for made, one in guided for turn in attacked.transcript(made, one)]
    write_records(quarantine(work.folder) / "transcripts.parquet", said, Trace)
    for name in sorted({one.attack for one in courses}):
        mine = [one for one in courses if one.attack == name]
        failed = sum(one.attacker_failed for one in mine)
        found = [one.queries_to_found for one in mine if one.queries_to_found is not None]
        told = f"{name}: {sum(one.queries for one in mine)} requests for {len(mine)} goals"
        if found:
            told += f"; the stop instrument took {len(found)} for reached, after {_mean(found):.1f} requests each"
        work.note(told)
        if failed:
            work.note(f"{name}: the attacker failed on {failed} of {len(mine)} goals: they are in no rate")


def _mean(numbers: Sequence[int]) -> float:
    return sum(numbers) / len(numbers)


def _replays(work: Work, plan: Plan) -> None:
    """Says aloud that these are transfers, of what, and what was not sent again."""
    settings = plan.settings
    found = replaying.source(settings).manifest.settings["model"]
    sent = Counter(one.name for task in plan.tasks for one in task.replays)
    for name, number in sorted(sent.items()):
        work.note(f"{name}: transfer of {number} requests found on {found}; no attack was searched again")
    goals = {task.name: {prompt.goal for prompt in task.prompts} for task in plan.tasks}
    for why, number in replaying.replayed(settings, goals).left_out:
        work.note(f"{number} stored requests {why}")
    if settings.attacks:
        return
    if nothing := {label for spec in settings.suites for label in tasks_of(counted(spec)[0])} - goals.keys():
        work.note(f"nothing is stored of {', '.join(sorted(nothing))}: not asked")
    for task in plan.tasks:
        if without := len(goals[task.name] - {one.prompt.goal for one in task.replays}):
            work.note(f"{without} goals of {task.name} have no stored request: they are not asked")


def _tally(work: Work, traces: Sequence[Trace], fresh: Sequence[Trace], excluded: int) -> None:
    endings = Counter(f"{item.ending.where}: {item.ending.why}" for item in traces)
    unattacked = [item for item in traces if item.error.startswith(ATTACKER_FAILED)]
    failed = [item for item in traces if item.ending.why == "error" and not item.error.startswith(ATTACKER_FAILED)]
    work.count(asked=len(traces), failed=len(failed), **endings)
    if unattacked:
        work.count(attacker_failed=len(unattacked))
    if fresh:
        work.count(fresh=len(fresh))
    if excluded:
        work.count(given_to_no_attacker=excluded)
        work.note(f"{excluded} prompts are about minors or mass-casualty weapons: no attacker was given them")
    work.manifest.failed_rows = len(failed)
    if told := budgets.unclosed(traces):
        work.note(told)
    if failed:
        causes = ", ".join(f"{cause} x {n}" for cause, n in Counter(item.error for item in failed).most_common(3))
        work.note(f"{len(failed)} requests got no output ({causes}); the same command asks them again")
