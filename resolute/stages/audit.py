"""`audit`: read traces, ours or anybody's, and say how they end, how long they are and which risky patterns they show.

Input `traces`: our Parquet, or anything `core.foreign.reading` can read. Outputs: `traces.parquet` (where the input was
foreign), `unread.jsonl` (where a row gave no trace: its number and the reason), `risks.parquet`, `summary.json` and
`summary.md`. No text of a trace is in the summaries: ids and counts only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from resolute.core.errors import ResoluteError
from resolute.core.files import atomic, write_json, write_jsonl, write_records
from resolute.core.foreign import reading
from resolute.core.foreign.reading import ReadTraces, read_traces
from resolute.core.jobs import Job, Progress, Work
from resolute.core.judging.instruments import AskedAuditor, Question
from resolute.core.keys import key
from resolute.core.lengths import counter, tokenizer_identity
from resolute.core.parts import Auditor
from resolute.core.records import RiskReport, Trace
from resolute.core.results.auditors import disagreements
from resolute.core.settings import Audit
from resolute.core.summary import summarise, written
from resolute.judges.screen import names_risk
from resolute.models.asked import priced
from resolute.models.identity import Model
from resolute.models.instruments.auditing import audited
from resolute.models.instruments.manner import Manner
from resolute.models.instruments.named import Named, named
from resolute.models.purse import Purse

VERSION = 1
UNREAD = "unread.jsonl"
"""Every row that gave no trace: its number and the reason."""


def identity(job: Job) -> dict[str, Any]:
    """Auditors with their versions, the tokenizer's contents, and how foreign files are read."""
    settings = cast("Audit", job.settings)
    if "traces" not in job.inputs:
        raise ResoluteError("audit needs a file of traces", mend="resolute audit FILE")
    auditors = {one.name: one.instrument.version for one in map(_auditor, settings.auditors)}
    return {"auditors": auditors, "tokenizer": tokenizer_identity(settings.tokenizer), "reading": reading.VERSION}


def run(work: Work) -> None:
    """Read, audit, count, and write the summary."""
    settings = cast("Audit", work.job.settings)
    path = traces_file(work.job.inputs["traces"])
    work.progress("reading traces", 0, 0)
    read = read_traces(path, kind=settings.kind, opening=settings.opening, where=settings.where)
    if read.foreign:
        write_records(work.folder / "traces.parquet", read.traces, Trace)
    if read.unread:
        write_jsonl(work.folder / UNREAD, read.unread_rows())
    reports: list[RiskReport] = []
    purse = Purse(settings.budget)
    for one in map(_auditor, settings.auditors):
        if one.model is None:
            reports += (made := _reports(one.instrument, read.traces, work.progress))
            work.manifest.failed_rows += sum(report.outcome == "judge failed" for report in made)
        else:
            reports += _asking(one, one.model, read.traces, work, purse)
    purse.tell(work)
    write_records(work.folder / "risks.parquet", reports, RiskReport)
    if len(settings.auditors) > 1:
        write_jsonl(work.folder / "disagreements.jsonl", disagreements(reports))
    work.progress("counting lengths", 0, len(read.traces))
    summary = summarise(read, reports, counter(settings.tokenizer), name=path.name)
    write_json(work.folder / "summary.json", summary)
    with atomic(work.folder / "summary.md", "w") as stream:
        stream.write(written(summary))
    _say(work, read, reports)


def traces_file(path: Path) -> Path:
    """The file of traces that an input names: itself, or the one in the folder of an artifact."""
    if not path.is_dir():
        return path
    inside = path / "traces.parquet"
    if not inside.is_file():
        raise ResoluteError("no traces.parquet in the folder", where=str(path), mend="name a file of traces")
    return inside


def planned(job: Job) -> Iterator[str]:
    """What would be asked of models and cost at most, in sentences."""
    settings = cast("Audit", job.settings)
    asking = [one for one in map(_auditor, settings.auditors) if one.model is not None]
    read = (
        read_traces(traces_file(job.inputs["traces"]), kind=settings.kind, opening=settings.opening) if asking else None
    )
    for one in asking:
        questions = [one.instrument.question(trace) for trace in read.traces] if read else []
        sent = [sum(len(item.content) for item in made.messages) for made in questions if isinstance(made, Question)]
        yield f"{one.spec}: {len(sent)} calls, and one more for each reply that is no audit"
        most = settings.max_tokens or one.instrument.max_tokens
        yield from priced(cast("Model", one.model), len(sent), sum(sent), most=most)


def _auditor(spec: str) -> Named:
    return named(spec, "auditors", "asked_auditors")


def _asking(one: Named, model: Model, traces: list[Trace], work: Work, purse: Purse) -> list[RiskReport]:
    settings = cast("Audit", work.job.settings)
    auditor = cast("AskedAuditor", one.instrument)
    manner = Manner(
        settings.max_tokens or auditor.max_tokens, auditor.thinks, concurrency=settings.concurrency, purse=purse
    )
    place = work.folder / "work" / key([one.name, manner.sampling.model_dump()])
    made = audited(auditor, model, traces, manner, names_risk=names_risk, folder=place, progress=work.progress)
    work.manifest.failed_rows += made.again
    work.count(asked_twice=made.asked_twice)
    if told := one.kin(traces):
        work.note(told)
    return made.reports


def _reports(auditor: Auditor, traces: list[Trace], progress: Progress) -> list[RiskReport]:
    reports: list[RiskReport] = []
    for number, trace in enumerate(traces):
        if number % 100 == 0:
            progress(f"auditing with {auditor.name}", number, len(traces))
        reports.append(auditor.audit(trace))
    progress(f"auditing with {auditor.name}", len(traces), len(traces))
    return reports


def _say(work: Work, read: ReadTraces, reports: list[RiskReport]) -> None:
    broken = sum(report.outcome == "judge failed" for report in reports)
    audited = len({report.trace for report in reports if report.outcome == "scored"})
    work.count(read=len(read.traces), unread=len(read.unread), left_out=read.left_out, audited=audited)
    work.manifest.failed_rows += len(read.unread)
    if read.unread:
        rows = ", ".join(str(number) for number, _ in read.unread[:10])
        work.note(f"{len(read.unread)} rows hold no trace, the first of them: {rows}; {UNREAD} has all")
    if read.replaced:
        work.note(f"{read.replaced} characters could not be stored and became U+FFFD")
    if broken:
        work.note(f"{broken} reports failed; they are in no rate")
