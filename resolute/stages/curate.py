"""`curate`: choose, clean and mix traces into a training set, and say where every other trace went.

Inputs: any role that begins with `traces` (ours or foreign), `risks` or `verdicts`. Outputs: `examples.parquet`,
`train.jsonl` (messages with the thought joined in), `lineage.parquet`, `funnel.json`, `dropped.parquet` (ids and
reasons), `README.md`, the data card, and `likelihood.parquet` where the student was asked. No text of a rejected trace
is written anywhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from resolute.core.curation import account, card
from resolute.core.curation.candidates import Candidate, Drop, Likelihood, Lineage, drop, example, lineage
from resolute.core.curation.drawing import Asked, Drawn, check, draw, lengths, wanted
from resolute.core.curation.eligible import exact_repeat, near_repeats, rejected
from resolute.core.curation.exports import exported
from resolute.core.curation.matching import strategies
from resolute.core.curation.overlap import Hit, Reserve, Reserved
from resolute.core.errors import ResoluteError
from resolute.core.files import atomic, read_records, write_json, write_jsonl, write_records
from resolute.core.foreign import reading
from resolute.core.foreign.reading import ReadTraces, read_traces
from resolute.core.foreign.rows import looks_like_file
from resolute.core.funnel import Funnel, count_by
from resolute.core.jobs import Job, Work
from resolute.core.keys import digest
from resolute.core.lengths import counter, tokenizer_identity
from resolute.core.records import Example, Record, RiskReport, Verdict
from resolute.core.settings import Curate
from resolute.core.sources import load_prompts
from resolute.models.identity import Model, resolve

VERSION = 2
_KINDS_OF_INPUT = ("traces", "risks", "verdicts")
TOLD = 3
"""Reasons for losses, and sources, that an error names; funnel.json has all of them."""
R = TypeVar("R", bound=Record)


@dataclass
class _Heard:
    """What was heard about traces, by their ids."""

    verdicts: Mapping[str, list[Verdict]]
    risks: Mapping[str, list[RiskReport]]
    hits: list[Hit] = field(default_factory=list[Hit])
    likely: dict[str, Likelihood] = field(default_factory=dict[str, Likelihood])
    """By the name of the candidate."""


def identity(job: Job) -> dict[str, Any]:
    """The reserved goals, the student, the tokenizer and how foreign files are read. Checks settings and inputs."""
    settings = cast("Curate", job.settings)
    check(settings)
    roles = _roles(job, "traces")
    if not roles:
        raise ResoluteError("curate needs a file of traces", mend="resolute curate FILE")
    if odd := [role for role in job.inputs if not role.startswith(_KINDS_OF_INPUT)]:
        what = f"curate has no use for {', '.join(odd)}"
        raise ResoluteError(what, where=str(job.inputs[odd[0]]), mend="name traces, risks and verdicts")
    for name in (*settings.kinds, *settings.where, *settings.strategies):
        if name not in roles:
            mend = f"one of: {', '.join(roles)}"
            raise ResoluteError(f"no trace file in the role {name!r}", where="kinds, where or strategies", mend=mend)
    reserved = [[one.source, one.goal, one.text] for one in _reserved(settings)]
    return {
        "reserve": digest(sorted(reserved)),
        "reading": reading.VERSION,
        "student": _student(settings).identity if settings.student else "",
        "tokenizer": tokenizer_identity(settings.tokenizer),
    }


def run(work: Work) -> None:
    """Read, sift, draw and write."""
    settings = cast("Curate", work.job.settings)
    reads = {role: _read(role, work, settings) for role in _roles(work.job, "traces")}
    entered = [Candidate(role, trace) for role, read in reads.items() for trace in read.traces]
    funnel = Funnel(sorted(entered, key=lambda each: (each.name, each.role)))
    heard = _Heard(_by_trace(work.job, "verdicts", Verdict), _by_trace(work.job, "risks", RiskReport))
    reserved = _reserved(settings)
    _sift(funnel, heard, reserved, work)
    accepted = count_by(funnel.items, lambda each: each.trace.prompt.kind)
    if settings.select == "likelihood":
        _ask_student(funnel, heard, work)
    drawn = _draw(funnel, heard, strategies(entered), settings)
    told = _account(work, reads, entered, funnel, drawn, heard, reserved)
    report = {**told, "accepted": accepted}
    write_json(work.folder / "funnel.json", report)
    dropped = (drop(each, step, reason) for each, step, reason in funnel.left)
    write_records(work.folder / "dropped.parquet", dropped, Drop)
    _require(drawn.lacking, entered, funnel, work)
    _write(work, funnel.items, heard, report)
    _say(work, reads, funnel)


def _roles(job: Job, kind: str) -> list[str]:
    return sorted(role for role in job.inputs if role.startswith(kind))


def _reserved(settings: Curate) -> list[Reserved]:
    named = ((spec, prompt) for spec in settings.reserve for prompt in load_prompts(spec))
    return [Reserved(prompt.goal, prompt.text, _label(spec)) for spec, prompt in named]


def _label(spec: str) -> str:
    """A source as it may stand on a card: of a file its name."""
    return Path(spec).name if looks_like_file(spec) else spec


def _student(settings: Curate) -> Model:
    assert settings.student is not None
    model = resolve(settings.student)
    if model.path is None:
        what = f"{settings.student} gives no likelihoods"
        raise ResoluteError(what, where="--student", mend="name a folder with the checkpoint that is to be trained")
    return model


def _read(role: str, work: Work, settings: Curate) -> ReadTraces:
    work.progress(f"reading {role}", 0, 0)
    where, strategy = settings.where.get(role), settings.strategies.get(role)
    read = read_traces(_inside(work.job.inputs[role], "traces"), kind=settings.kinds.get(role), where=where)
    if strategy is None:
        return read
    if not read.foreign:
        mend = "leave it out of curate.strategies: that is for files of other people"
        raise ResoluteError("our own records say their strategy", where=str(work.job.inputs[role]), mend=mend)
    return replace(read, traces=[trace.model_copy(update={"strategy": strategy}) for trace in read.traces])


def _inside(path: Path, kind: str) -> Path:
    """The records an input names: itself, or the file in the folder of an artifact."""
    return path / f"{kind}.parquet" if path.is_dir() else path


def _by_trace(job: Job, kind: str, form: type[R]) -> Mapping[str, list[R]]:
    found: dict[str, list[R]] = defaultdict(list)
    for role in _roles(job, kind):
        for record in read_records(_inside(job.inputs[role], kind), form):
            found[cast("Any", record).trace].append(record)
    return found


def _sift(funnel: Funnel[Candidate], heard: _Heard, reserved: Sequence[Reserved], work: Work) -> None:
    """Let go what may not be trained on, is kept for evaluation, or is there already."""
    settings = cast("Curate", work.job.settings)
    wants, apart = wanted(settings), bool(settings.match)
    reserve, seen = Reserve(reserved, near=settings.near), set[tuple[str, str, str]]()

    def reason(each: Candidate) -> str:
        about = heard.verdicts.get(each.trace.id, []), heard.risks.get(each.trace.id, [])
        return rejected(each, *about, wants, settings.accept)

    def overlap(each: Candidate) -> str:
        if (hit := reserve.overlap(each.trace.prompt.goal, each.trace.prompt.text)) is None:
            return ""
        heard.hits.append(hit)
        return f"its goal is reserved ({hit.how})"

    work.progress("accepting traces", 0, 0)
    funnel.sift("accept", reason)
    work.progress("comparing goals with those kept for evaluation", 0, 0)
    funnel.sift("reserve", overlap)
    funnel.sift("duplicates", lambda each: exact_repeat(seen, each, apart=apart))
    near = near_repeats(funnel.items, work.progress, near=settings.near, apart=apart)
    funnel.sift("duplicates", lambda each: "near-duplicate" if each.name in near else "")


def _ask_student(funnel: Funnel[Candidate], heard: _Heard, work: Work) -> None:
    """The student's likelihood of every row that is left; rows that it cannot read leave."""
    from resolute.models.training.likelihood import likelihoods

    folder = _student(cast("Curate", work.job.settings)).path
    assert folder is not None
    found = likelihoods([example(each) for each in funnel.items], folder, work.progress)
    funnel.sift("student", lambda each: found.unread.get(each.id, ""))
    for each in funnel.items:
        said = found.rows[each.id]
        heard.likely[each.name] = Likelihood(id=each.id, trace=each.trace.id, tokens=said.tokens, mean=said.mean)
    write_records(work.folder / "likelihood.parquet", heard.likely.values(), Likelihood)


def _draw(funnel: Funnel[Candidate], heard: _Heard, arms: Mapping[Any, Sequence[str]], settings: Curate) -> Drawn:
    measured = settings.select == "shortest" or settings.tokenizer is not None
    counts = lengths(funnel.items, counter(settings.tokenizer)) if measured else {}
    likely = {name: said.mean for name, said in heard.likely.items()}
    drawn = draw(funnel.items, arms, settings, counts=counts, likely=likely)
    for step in ("match", "draw"):
        why = {name: reason for name, (at, reason) in drawn.reasons.items() if at == step}
        funnel.sift(step, lambda each, why=why: why.get(each.name, ""))
    drawn.loss_tokens = sum(counts[each.name] for each in funnel.items) if settings.tokenizer else None
    return drawn


def _require(lacking: Sequence[Asked], entered: Sequence[Candidate], funnel: Funnel[Candidate], work: Work) -> None:
    """Raise where there are too few rows, naming what was lost most and the sources there are, or note it."""
    said = "; ".join(f"{each.there} {each.want.called} of {each.rows} asked for" for each in lacking)
    if said and cast("Curate", work.job.settings).short == "error":
        lost = sorted(funnel.rows(), key=lambda row: -row["n"])[:TOLD]
        most = "; ".join(f"{row['n']} {row['step']}: {row['reason']}" for row in lost) or "none"
        mend = f"see {work.folder / 'funnel.json'}; add traces, ask for fewer, or say --set curate.short=take"
        if kinds := {each.want.kind for each in lacking if each.want.source}:
            sources = Counter(c.trace.prompt.source[:40] for c in entered if c.trace.prompt.kind in kinds)
            mend += f"; sources there: {', '.join(f'{name} ({n})' for name, n in sources.most_common(TOLD)) or 'none'}"
        raise ResoluteError(f"too few rows were accepted: {said} (lost: {most})", mend=mend)
    if said:
        work.note(f"taken although there are too few: {said}")


def _account(
    work: Work,
    reads: Mapping[str, ReadTraces],
    entered: Sequence[Candidate],
    funnel: Funnel[Candidate],
    drawn: Drawn,
    heard: _Heard,
    reserved: Sequence[Reserved],
) -> dict[str, Any]:
    settings, job = cast("Curate", work.job.settings), work.job
    kept = funnel.items
    files = {role: job.inputs[role].name for role in reads}
    student = account.called(settings.student or "")
    return {
        "schema": account.SCHEMA,
        "inputs": account.inputs(reads, files, work.manifest.inputs),
        "entered": funnel.entered,
        "left": account.left(funnel),
        "kept": len(kept),
        "kinds": count_by(kept, lambda each: each.trace.prompt.kind),
        "by": account.by_label(entered, kept),
        "asked": account.asked(drawn),
        "match": {"by": list(settings.match), "only": settings.only},
        "select": {"by": settings.select, "student": student, "identity": work.manifest.identity["student"]},
        "likelihood": account.likelihood(list(heard.likely.values()), (each.id for each in kept)),
        "tokens": {"unit": counter(settings.tokenizer).unit, "loss": drawn.loss_tokens},
        "reserve": {
            "sources": list(map(_label, settings.reserve)),
            "goals": len({one.goal for one in reserved}),
            "overlaps": account.overlaps(heard.hits),
        },
        **account.origins(kept),
        "instruments": account.instruments(kept, heard.verdicts, heard.risks),
        "near": settings.near,
        "seed": settings.seed,
        "accept": settings.accept.model_dump(mode="json"),
    }


def _write(work: Work, kept: Sequence[Candidate], heard: _Heard, report: Mapping[str, Any]) -> None:
    examples = sorted(map(example, kept), key=lambda row: row.id)
    write_records(work.folder / "examples.parquet", examples, Example)
    write_jsonl(work.folder / "train.jsonl", (exported(row, "messages") for row in examples))
    lines = (lineage(each, heard.verdicts.get(each.trace.id, []), heard.risks.get(each.trace.id, [])) for each in kept)
    write_records(work.folder / "lineage.parquet", lines, Lineage)
    with atomic(work.folder / "README.md", "w") as stream:
        stream.write(card.written(report, examples))


def _say(work: Work, reads: Mapping[str, ReadTraces], funnel: Funnel[Candidate]) -> None:
    unread = sum(len(read.unread) for read in reads.values())
    work.count(read=funnel.entered, unread=unread, kept=len(funnel.items), dropped=len(funnel.left))
    work.manifest.failed_rows = unread
    if unread:
        work.note(f"{unread} rows hold no trace")
    settings = cast("Curate", work.job.settings)
    if _roles(work.job, "risks") and not settings.accept.patterns:
        work.note("risk reports drop nothing: the policy names no patterns (curate.accept.patterns)")
