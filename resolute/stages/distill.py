"""Distil: ask a teacher for traces, keep those that are good enough, and ask on where a prompt has none.

Input: none (prompts come from sources). Outputs: `traces.parquet` (a row that got no output stands there with its
error), `verdicts.parquet` and `risks.parquet` where guards and auditors were asked, `harvest.json` and `harvest.md`.
What an acceptance policy rejects for any reason but a risky pattern lies in `quarantine/`; a risky one can be repaired.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from resolute.core.ask import Reply
from resolute.core.files import atomic, write_json, write_records
from resolute.core.generable import VERSION as GENERABLE
from resolute.core.harvest import Fate, Reached, fate, harvest, page
from resolute.core.jobs import Job, Work
from resolute.core.keys import digest
from resolute.core.parts import Attempt, Strategy
from resolute.core.prices import FREE
from resolute.core.quarantine import quarantine
from resolute.core.records import Ending, Prompt, RiskReport, Trace, Verdict
from resolute.core.settings import Acceptance, Distill
from resolute.core.texts import version
from resolute.judges.screen import names_risk
from resolute.models import engine
from resolute.models.distilling import Asking, Plan, read_plan
from resolute.models.instruments.grading import Graders, grade
from resolute.models.instruments.named import named
from resolute.models.purse import Purse
from resolute.models.requests import Request, request, trace
from resolute.models.vllm import run_by

VERSION = 2
SEED = 0
"""The run's seed; a request's own is derived from it and from what is asked."""
_LARGE = 0.05
"""Share of traces without a thought from which a teacher is not what the user took it for."""


@dataclass
class _Found:
    """Traces so far, what was said of them, and how far each came."""

    traces: list[Trace] = field(default_factory=list[Trace])
    verdicts: dict[str, list[Verdict]] = field(default_factory=dict[str, list[Verdict]])
    reports: dict[str, list[RiskReport]] = field(default_factory=dict[str, list[RiskReport]])
    fates: dict[str, Fate] = field(default_factory=dict[str, Fate])
    again: set[str] = field(default_factory=set[str])
    """Traces whose report or verdict failed by an error that may pass."""


def identity(job: Job) -> dict[str, Any]:
    """The teacher, the strategies' words, every prompt, and who judges."""
    plan = read_plan(job)
    judges, auditors = _graders(plan.settings, None)
    return {
        "model": plan.model.identity,
        "strategies": [[way.name, way.version, way.instruction, way.steering, way.refusal] for way in plan.ways],
        "form": version(plan.form) if plan.form else "",
        "prompts": digest([prompt.id for prompt in plan.prompts]),
        "generable": GENERABLE,
        "seed": SEED,
        "graders": {**judges.versions, **auditors.versions},
    }


def run(work: Work) -> None:
    """Ask round by round, and write what came of it."""
    plan = read_plan(work.job)
    settings = plan.settings
    purse = Purse(settings.budget, settings.batch)
    found = _Found()
    waiting = plan.prompts
    for number, (way, samples) in enumerate(plan.rounds, 1):
        if number > 1:
            work.count(**{f"asked on in round {number}, {way.name}": len(waiting)})
        made = _round(plan, way, samples, waiting, work, purse)
        _grade(found, made, plan, work, purse)
        waiting = _still_without(waiting, made, found.fates)
        if not waiting:
            break
    _write(work, plan, found, purse)
    _tell(work, plan, found, purse)


def _graders(settings: Distill, purse: Purse | None) -> tuple[Graders, Graders]:
    """Guards, and auditors."""
    judges = [named(spec, "judges", "asked") for spec in settings.judges]
    auditors = [named(spec, "auditors", "asked_auditors") for spec in settings.auditors]
    return (
        Graders([], judges, names_risk, concurrency=settings.concurrency, purse=purse),
        Graders(auditors, [], names_risk, concurrency=settings.concurrency, purse=purse),
    )


def _round(
    plan: Plan, way: Strategy, samples: range, prompts: Sequence[Prompt], work: Work, purse: Purse
) -> list[Trace]:
    """One trace per prompt and sample."""
    asking = Asking(way, plan.form)
    asked: list[tuple[Request, int]] = []
    for prompt in prompts:
        for sample in samples:
            labels = ("distill", way.name, way.version, sample)
            sampling = plan.settings.sampling
            asked.append(
                (request(prompt, asking, model=plan.model, sampling=sampling, seed=SEED, labels=labels), sample)
            )
    fixed = {one.id for one, _ in asked if way.refusal and one.prompt.kind == "harmful"}
    settings = plan.settings
    attempts = engine.run_requests(
        [one for one, _ in asked if one.id not in fixed],
        model=plan.model,
        sampling=settings.sampling,
        folder=work.folder,
        progress=work.progress,
        concurrency=settings.concurrency,
        purse=purse,
        run_by=partial(
            run_by, settings.engine, plan.model, settings.serving, folder=work.folder, progress=work.progress
        ),
    )
    if fixed:
        work.count(fixed_refusals=work.manifest.counts.get("fixed_refusals", 0) + len(fixed))
    return [_trace(one, sample, way, plan, attempts.get(one.id)) for one, sample in asked]


def _trace(asked: Request, sample: int, way: Strategy, plan: Plan, attempt: Attempt | None) -> Trace:
    if attempt is None:
        said = Reply("", way.refusal, Ending(where="answer", why="end of turn"), had_thought=False)
        attempt = Attempt(way.messages(asked.prompt), said, queries=0)
    if not attempt.sent:
        attempt = Attempt(way.messages(asked.prompt, form=plan.form), attempt.reply, attempt.queries)
    made = trace(asked, attempt, model=plan.model, strategy=way.name, sample=sample)
    written = plan.form and made.had_thought and made.reasoning_kind == "raw"
    return made.model_copy(update={"reasoning_kind": "written"}) if written else made


def _grade(found: _Found, made: Sequence[Trace], plan: Plan, work: Work, purse: Purse) -> None:
    """Guards on complete traces with a harmful goal, then auditors on those that are safe."""
    policy = plan.settings.accept or Acceptance(empty_thought=True)
    found.traces += made
    judges, auditors = _graders(plan.settings, purse)
    steps: tuple[tuple[Graders, Reached], ...] = ((judges, "complete"), (auditors, "safe"))
    for graders, step in steps:
        for one in made:
            verdicts, reports = found.verdicts.get(one.id, []), found.reports.get(one.id, [])
            found.fates[one.id] = fate(one, verdicts, reports, policy)
        some = [one for one in made if one.prompt.kind == "harmful" and found.fates[one.id].at_least(step)]
        asked = [*graders.judges, *graders.auditors]
        if not some or not asked:
            continue
        work.manifest.notes += [
            told for grader in asked if (told := grader.kin(some)) not in ("", *work.manifest.notes)
        ]
        said = grade(some, graders, folder=work.folder / "work", progress=work.progress)
        found.again |= said.again
        found.verdicts.update({name: [*found.verdicts.get(name, []), *new] for name, new in said.verdicts.items()})
        found.reports.update({name: [*found.reports.get(name, []), *new] for name, new in said.reports.items()})
    for one in made:
        verdicts, reports = found.verdicts.get(one.id, []), found.reports.get(one.id, [])
        found.fates[one.id] = fate(one, verdicts, reports, policy)


def _still_without(prompts: Sequence[Prompt], made: Sequence[Trace], fates: dict[str, Fate]) -> list[Prompt]:
    """Prompts without an accepted trace. One whose request failed is open, and not asked on: the same command asks
    it again."""
    done = {one.prompt.id for one in made if fates[one.id].kept or one.ending.why == "error"}
    return [prompt for prompt in prompts if prompt.id not in done]


def _write(work: Work, plan: Plan, found: _Found, purse: Purse) -> None:
    settings = plan.settings
    out = {one.id for one in found.traces if settings.accept is not None and _rejected(one, found.fates[one.id])}
    places = [(work.folder, [one for one in found.traces if one.id not in out])]
    if out:
        places.append((quarantine(work.folder), [one for one in found.traces if one.id in out]))
    for folder, traces in places:
        write_records(folder / "traces.parquet", traces, Trace)
        if settings.judges:
            write_records(folder / "verdicts.parquet", _of(traces, found.verdicts), Verdict)
        if settings.auditors:
            write_records(folder / "risks.parquet", _of(traces, found.reports), RiskReport)
    fates = [(one, found.fates[one.id]) for one in found.traces]
    summary = harvest(
        fates,
        price=purse.price(plan.model) if plan.model.kind == "inspect" else FREE,
        batch=settings.batch,
        judged=bool(settings.judges),
        audited=bool(settings.auditors),
    )
    write_json(work.folder / "harvest.json", summary)
    with atomic(work.folder / "harvest.md", "w") as stream:
        stream.write(page(summary))
    work.count(**{step: summary["all"][step] for step in ("asked", "answered", "complete")})
    if settings.accept is not None:
        work.count(safe=summary["all"]["safe"], clean=summary["all"]["clean"], quarantined=len(out))
        work.count(prompts=len(plan.prompts), prompts_kept=summary["all"]["prompts_kept"])


def _rejected(one: Trace, fate: Fate) -> bool:
    return not (fate.kept or fate.mendable or one.ending.why == "error")


def _of(traces: Sequence[Trace], said: dict[str, list[Any]]) -> list[Any]:
    return [one for trace in traces for one in said.get(trace.id, [])]


def _tell(work: Work, plan: Plan, found: _Found, purse: Purse) -> None:
    traces = found.traces
    failed = Counter(one.error for one in traces if one.ending.why == "error")
    endings = Counter(f"{one.ending.where}: {one.ending.why}" for one in traces)
    work.count(**{"failed": failed.total(), **endings})
    work.manifest.failed_rows = failed.total() + len(found.again)
    purse.tell(work)
    if failed:
        causes = ", ".join(f"{cause} x {n}" for cause, n in failed.most_common(3))
        work.note(f"{failed.total()} requests got no output ({causes}); the same command asks them again")
    if found.again:
        work.note(f"{len(found.again)} traces got no verdict or report; the same command asks for them again")
    if plan.excluded:
        work.note(f"{plan.excluded} prompts are about minors or mass-casualty weapons: no model is asked them")
    if fixed := work.manifest.counts.get("fixed_refusals"):
        work.note(f"{fixed} harmful goals got the strategy's fixed refusal: no model was asked")
    kinds = Counter(one.reasoning_kind for one in traces if one.ending.complete)
    if kinds["hidden"]:
        work.note(f"{kinds['hidden']} traces hide the teacher's thought: they are refused for training")
    if kinds["summary"]:
        work.note(f"{kinds['summary']} traces hold a summary of the thought: curate takes them only where told to")
    bare = sum(not one.had_thought for one in traces if one.ending.complete and one.queries)
    if bare > _LARGE * len(traces):
        mend = "" if plan.form else "; --set distill.thought=written asks for one"
        work.note(f"{bare} of {len(traces)} traces have no thought{mend}")
