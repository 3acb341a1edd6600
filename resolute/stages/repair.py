"""`repair`: mend the traces in which an audit found risky patterns, and keep those that are clean afterwards.

Inputs: any role that begins with `traces` (ours), `risks`, and `verdicts` where answers were judged. Outputs:
`traces.parquet` (repaired and kept, nothing else), their `risks.parquet` and `verdicts.parquet`, `repairs.parquet` (an
attempt a row), `summary.json` and `summary.md` (ids and counts only). What was changed, and every repair that was not
kept, lies in `quarantine/`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from resolute.core import generable
from resolute.core.errors import ResoluteError
from resolute.core.families import families
from resolute.core.files import atomic, read_records, write_json, write_records
from resolute.core.jobs import Job, Work
from resolute.core.keys import key
from resolute.core.quarantine import quarantine
from resolute.core.records import PATTERNS, Record, RiskReport, Trace, Verdict
from resolute.core.repair import repairs
from resolute.core.repair.cases import MAX_TOKENS, Case, Sorted, sort_out, wording
from resolute.core.repair.outcomes import Grade, RepairAttempt, final, graded
from resolute.core.repair.repairs import Mended, Unreadable
from resolute.core.repair.summary import summarise, written
from resolute.core.settings import Repair
from resolute.judges.screen import names_risk
from resolute.models.identity import Model, resolve
from resolute.models.instruments.grading import Graded, Graders, grade
from resolute.models.instruments.manner import Manner
from resolute.models.instruments.named import Named, named
from resolute.models.instruments.repairing import Asked, repaired, repaired_trace
from resolute.models.purse import Purse
from resolute.stages.pages.repairs import Shown, write_pages

VERSION = 1
R = TypeVar("R", bound=Record)


@dataclass
class _Done:
    """Everything so far."""

    attempts: list[RepairAttempt]
    kept: list[Trace]
    reports: list[RiskReport]
    verdicts: list[Verdict]
    shown: list[Shown]


def identity(job: Job) -> dict[str, Any]:
    """Who repairs and who grades, by what they stand for, and every word that is asked. Checks early."""
    _, model, graders = _read(job)
    return {
        "model": model.identity,
        "graders": [[one.name for one in some] for some in (graders.auditors, graders.judges)],
        "versions": graders.versions,
        "texts": wording(),
        "repairs": repairs.VERSION,
        "generable": generable.VERSION,
    }


def run(work: Work) -> None:
    """Way after way, each on all traces that are still open."""
    settings, model, graders = _read(work.job)
    purse = Purse(settings.budget)
    graders = replace(graders, purse=purse)
    found = sorted_inputs(work.job)
    done = _Done([], [], [], [], [])
    still = {case.trace.id: case for case in found.cases}
    for number in range(1, settings.attempts + 1):
        asked = _round(still, settings, number, done)
        if not asked:
            break
        manner = Manner(settings.max_tokens or MAX_TOKENS, concurrency=settings.concurrency, purse=purse)
        place = work.folder / "work" / key([model.identity, manner.sampling.model_dump()])
        made = repaired(asked, model, manner, most=settings.most, folder=place, progress=work.progress)
        traces = {
            name: repaired_trace(one, one.made, model) for name, one in made.items() if isinstance(one.made, Mended)
        }
        said = grade(list(traces.values()), graders, folder=work.folder / "work", progress=work.progress)
        for name, one in made.items():
            attempt = _attempt(number, one, traces.get(name), said, judged=bool(graders.judges))
            _note(done, attempt, one, traces.get(name), said)
            if attempt.outcome == "kept" or attempt.again:
                del still[name]
    _write(work, found, done, model, graders, purse)


def sorted_inputs(job: Job) -> Sorted:
    """The traces of a job: risky, clean, and the others with the reason."""
    traces = _records(job, "traces", Trace)
    if twice := len(traces) - len({trace.id for trace in traces}):
        raise ResoluteError(f"{twice} traces stand in two inputs", mend="name each input once")
    return sort_out(traces, _records(job, "risks", RiskReport), _records(job, "verdicts", Verdict))


def _read(job: Job) -> tuple[Repair, Model, Graders]:
    settings = cast("Repair", job.settings)
    reports = _records(job, "risks", RiskReport)
    if not _roles(job, "traces") or not reports:
        raise ResoluteError("repair needs traces and what an audit found in them", mend="run `resolute audit` first")
    if len(set(settings.ways)) < len(settings.ways):
        raise ResoluteError("a way stands twice", where="repair.ways", mend="name each once")
    model = resolve(settings.model)
    specs = settings.auditors or sorted({report.auditor.partition(" ")[0] for report in reports})
    auditors = [_auditor(spec, given=bool(settings.auditors)) for spec in specs]
    judges = [named(spec, "judges", "asked") for spec in settings.judges]
    if other := [one for one in judges if one.instrument.event != "unsafe"]:
        mend = "name a guard: see docs/judges.md"
        raise ResoluteError(f"{other[0].spec} does not say whether a trace is safe", where="--judge", mend=mend)
    graders = Graders(auditors, judges, names_risk, settings.grader_max_tokens, settings.concurrency)
    graders.none_is(model)
    return settings, model, graders


def _auditor(spec: str, *, given: bool) -> Named:
    try:
        return named(spec, "auditors", "asked_auditors")
    except ResoluteError as error:
        if given:
            raise
        what = f"who found the patterns cannot be asked again: {error.what}"
        raise ResoluteError(what, where=spec, mend="name auditors with --auditor") from error


def _roles(job: Job, kind: str) -> list[str]:
    return sorted(role for role in job.inputs if role.partition("-")[0] == kind)


def _records(job: Job, kind: str, form: type[R]) -> list[R]:
    files = [job.inputs[role] for role in _roles(job, kind)]
    return [record for path in files for record in read_records(_inside(path, kind), form)]


def _inside(path: Path, kind: str) -> Path:
    return path / f"{kind}.parquet" if path.is_dir() else path


def _round(still: dict[str, Case], settings: Repair, number: int, done: _Done) -> dict[str, tuple[Case, Any]]:
    """The next way of every open trace; a trace that none fits is noted, once, and closed."""
    asked: dict[str, tuple[Case, Any]] = {}
    for name, case in list(still.items()):
        ways = case.ways(settings.ways)
        if number <= len(ways):
            asked[name] = (case, ways[number - 1])
            continue
        del still[name]
        if not ways:
            patterns, why = _ordered(case), "no way that is asked for fits its patterns"
            done.attempts.append(
                RepairAttempt(trace=name, attempt=number, way="", patterns=patterns, outcome="not repaired", reason=why)
            )
    return asked


def _ordered(case: Case) -> list[Any]:
    return [pattern for pattern in PATTERNS if pattern in case.patterns]


def _attempt(number: int, one: Asked, trace: Trace | None, said: Graded, *, judged: bool) -> RepairAttempt:
    made, again = one.made, one.again
    if isinstance(made, Mended) and trace is not None:
        grade = graded(said.reports[trace.id], said.verdicts[trace.id], judged=judged)
        again = grade.outcome == "judge failed" and trace.id in said.again
        sizes: dict[str, Any] = {"removed": made.removed, "added": made.added, "answer_anew": made.answer_anew}
        sizes["made"] = trace.id
    else:
        why = "" if isinstance(made, Mended) else made.why
        grade = Grade("not repaired" if one.said and not isinstance(made, Unreadable) else "model failed", why)
        sizes = {}
    return RepairAttempt(
        trace=one.case.trace.id,
        attempt=number,
        way=one.way,
        patterns=_ordered(one.case),
        outcome=grade.outcome,
        reason=grade.reason,
        left=list(grade.left),
        tokens_in=one.tokens_in,
        tokens_out=one.tokens_out,
        again=again,
        **sizes,
    )


def _note(done: _Done, attempt: RepairAttempt, one: Asked, trace: Trace | None, said: Graded) -> None:
    done.attempts.append(attempt)
    if trace is None:
        return
    done.shown.append(Shown(one.case.trace, trace, attempt))
    if attempt.outcome == "kept":
        done.kept.append(trace)
        done.reports += said.reports[trace.id]
        done.verdicts += said.verdicts[trace.id]


def _write(work: Work, found: Sorted, done: _Done, model: Model, graders: Graders, purse: Purse) -> None:
    write_records(work.folder / "traces.parquet", done.kept, Trace)
    write_records(work.folder / "risks.parquet", done.reports, RiskReport)
    if graders.judges:
        write_records(work.folder / "verdicts.parquet", done.verdicts, Verdict)
    write_records(work.folder / "repairs.parquet", done.attempts, RepairAttempt)
    who = {
        "model": model.name,
        "auditors": [one.spec for one in graders.auditors],
        "judges": [one.spec for one in graders.judges],
        "tokens_in": purse.tokens_in,
        "tokens_out": purse.tokens_out,
        "cost": purse.cost,
    }
    summary = summarise(found, done.attempts, who=who)
    write_json(work.folder / "summary.json", summary)
    with atomic(work.folder / "summary.md", "w") as stream:
        stream.write(written(summary))
    place = quarantine(work.folder)
    rejected = [one.after for one in done.shown if one.attempt.outcome != "kept"]
    write_records(place / "rejected.parquet", rejected, Trace)
    write_pages(done.shown, place)
    _say(work, found, done, graders, model)
    purse.tell(work)


def _say(work: Work, found: Sorted, done: _Done, graders: Graders, model: Model) -> None:
    last = final(done.attempts).values()
    work.count(risky=len(found.cases), clean=len(found.clean), left_out=sum(found.left.values()))
    work.count(tried=len(done.attempts), kept=len(done.kept))
    work.manifest.failed_rows = sum(one.again for one in last)
    if unknown := found.left["the kind of its goal is unknown"]:
        work.note(
            f"{unknown} traces have goals of unknown kind: `resolute audit FILE --kind harmful` says what they are"
        )
    for one in [*graders.auditors, *graders.judges]:
        shared = families(one.model.name) & families(model.name) if one.model is not None else frozenset[str]()
        if shared:
            told = f"{one.spec} and the repairing model are of one family ({', '.join(sorted(shared))})"
            work.note(f"{told}; models favour their own kind")
