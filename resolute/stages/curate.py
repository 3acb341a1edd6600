"""`curate`: choose, clean and mix traces into a training set, and say where every other trace went.

Inputs: any role that begins with `traces` (ours or foreign), `risks` or `verdicts`. Outputs: `examples.parquet`,
`train.jsonl` (messages with the thought joined in), `funnel.json`, `dropped.parquet` (ids and reasons) and `README.md`,
the data card. No text of a rejected trace is written anywhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from resolute.core import card, reading
from resolute.core.accept import Dropped, accept
from resolute.core.errors import ResoluteError
from resolute.core.files import atomic, read_records, write_json, write_jsonl, write_records
from resolute.core.funnel import Funnel, count_by
from resolute.core.jobs import Job, Work
from resolute.core.keys import derive, digest, key
from resolute.core.overlap import Reserve, Row, near_duplicates
from resolute.core.reading import ReadTraces, read_traces
from resolute.core.records import Example, Kind, Message, Prompt, Record, RiskReport, Trace, Verdict
from resolute.core.settings import Curate
from resolute.core.sources import load_prompts
from resolute.core.trace import join

VERSION = 1
_KINDS_OF_INPUT = ("traces", "risks", "verdicts")
_CONTROL = re.compile(r"<\|[^|<>\s]{1,40}\|>|<｜[^｜<>\s]{1,40}｜>|</?(?:seed:)?think>|\[/?(?:THINK|INST)\]")
"""Marks of any family's template: written in a thought or an answer they would train as the real thing."""
_MISSING = ("none", "nan", "null")
R = TypeVar("R", bound=Record)


class Drop(Record):
    """Why a trace is not in the set."""

    id: str
    trace: str
    role: str
    """The input it came from."""
    step: str
    reason: str


@dataclass(frozen=True)
class _Item:
    """A trace with the input it came from."""

    role: str
    trace: Trace

    @property
    def name(self) -> str:
        """One request answered twice (by two versions of a model, say) is two items."""
        return f"{self.trace.id}/{self.trace.content}"


def identity(job: Job) -> dict[str, Any]:
    """The reserved goals and how foreign files are read. Checks the names of inputs."""
    settings = cast("Curate", job.settings)
    roles = _roles(job, "traces")
    if not roles:
        raise ResoluteError("curate needs a file of traces", mend="resolute curate FILE")
    if odd := [role for role in job.inputs if not role.startswith(_KINDS_OF_INPUT)]:
        what = f"curate has no use for {', '.join(odd)}"
        raise ResoluteError(what, where=str(job.inputs[odd[0]]), mend="name traces, risks and verdicts")
    for name in (*settings.kinds, *settings.where):
        if name not in roles:
            mend = f"one of: {', '.join(roles)}"
            raise ResoluteError(f"no trace file in the role {name!r}", where="kinds or where", mend=mend)
    reserved = [[prompt.goal, prompt.text] for prompt in _reserved(settings)]
    return {"reserve": digest(sorted(reserved)), "reading": reading.VERSION}


def run(work: Work) -> None:
    """Read, sift, draw and write."""
    settings = cast("Curate", work.job.settings)
    reads = {role: _read(role, work, settings) for role in _roles(work.job, "traces")}
    items = [_Item(role, trace) for role, read in reads.items() for trace in read.traces]
    funnel = Funnel(sorted(items, key=lambda item: (item.name, item.role)))
    verdicts = _by_trace(work.job, "verdicts", Verdict)
    risks = _by_trace(work.job, "risks", RiskReport)
    work.progress("choosing traces", 0, 0)
    funnel.sift("accept", lambda item: _rejected(item.trace, verdicts, risks, settings))
    reserved = _reserved(settings)
    reserve = Reserve((p.goal for p in reserved), (p.text for p in reserved), near=settings.near)
    funnel.sift("reserve", lambda item: _overlap(item.trace, reserve))
    _deduplicate(funnel, settings)
    accepted = count_by(funnel.items, lambda item: item.trace.prompt.kind)
    _draw(funnel, settings)
    report = _report(work, reads, funnel, accepted, reserved)
    write_json(work.folder / "funnel.json", report)
    write_records(work.folder / "dropped.parquet", _drops(funnel), Drop)
    _check(settings, accepted, work)
    examples = [_example(item.trace) for item in funnel.items]
    write_records(work.folder / "examples.parquet", examples, Example)
    write_jsonl(work.folder / "train.jsonl", (_row(e) for e in sorted(examples, key=lambda example: example.id)))
    with atomic(work.folder / "README.md", "w") as stream:
        stream.write(card.written(report, examples))
    _say(work, reads, funnel)


def _roles(job: Job, kind: str) -> list[str]:
    return sorted(role for role in job.inputs if role.startswith(kind))


def _reserved(settings: Curate) -> list[Prompt]:
    return [prompt for spec in settings.reserve for prompt in load_prompts(spec)]


def _read(role: str, work: Work, settings: Curate) -> ReadTraces:
    path = work.job.inputs[role]
    work.progress(f"reading {role}", 0, 0)
    where = settings.where.get(role)
    return read_traces(_inside(path, "traces"), kind=settings.kinds.get(role), where=where)


def _inside(path: Path, kind: str) -> Path:
    """The records an input names: itself, or the file in the folder of an artifact."""
    return path / f"{kind}.parquet" if path.is_dir() else path


def _by_trace(job: Job, kind: str, form: type[R]) -> Mapping[str, list[R]]:
    found: dict[str, list[R]] = defaultdict(list)
    for role in _roles(job, kind):
        for record in read_records(_inside(job.inputs[role], kind), form):
            found[cast("Any", record).trace].append(record)
    return found


def _rejected(
    trace: Trace, verdicts: Mapping[str, list[Verdict]], risks: Mapping[str, list[RiskReport]], settings: Curate
) -> str:
    asked = _asked(settings)
    if trace.prompt.kind not in asked:
        return f"the kind of its goal is {trace.prompt.kind}"
    if not asked[trace.prompt.kind]:
        return f"no {trace.prompt.kind} goals are asked for"
    said = accept(trace, verdicts.get(trace.id, []), risks.get(trace.id, []), settings.accept)
    if isinstance(said, Dropped):
        return said.reason
    if trace.answer.strip().lower() in _MISSING and not trace.reasoning:
        return "the answer is the name of a missing value"
    return "a control mark in the text" if _CONTROL.search(trace.reasoning) or _CONTROL.search(trace.answer) else ""


def _asked(settings: Curate) -> dict[Kind, int]:
    return {"harmful": settings.safety, "benign": settings.benign, "maths": settings.maths}


def _overlap(trace: Trace, reserve: Reserve) -> str:
    found = reserve.overlap(trace.prompt.goal, trace.prompt.text)
    return f"its goal is reserved ({found})" if found else ""


def _deduplicate(funnel: Funnel[_Item], settings: Curate) -> None:
    seen: set[tuple[str, str]] = set()

    def repeated(item: _Item) -> str:
        same = (item.trace.prompt.text, item.trace.content)
        if same in seen:
            return "exact duplicate"
        seen.add(same)
        return ""

    funnel.sift("duplicates", repeated)
    rows = (Row(item.name, item.trace.prompt.goal, _said(item.trace)) for item in funnel.items)
    near = near_duplicates(rows, near=settings.near)
    funnel.sift("duplicates", lambda item: "near-duplicate" if item.name in near else "")


def _said(trace: Trace) -> str:
    return "\n".join((trace.prompt.text, trace.reasoning, trace.answer))


def _draw(funnel: Funnel[_Item], settings: Curate) -> None:
    """So many of each kind, by the order of a hash of seed and trace: the order of the inputs changes nothing."""
    ranked = sorted(funnel.items, key=lambda item: (derive(settings.seed, "draw", item.name), item.name))
    taken: dict[str, list[str]] = defaultdict(list)
    for item in ranked:
        taken[item.trace.prompt.kind].append(item.name)
    drawn = {name for kind, count in _asked(settings).items() for name in taken[kind][:count]}
    funnel.sift("draw", lambda item: "" if item.name in drawn else "not drawn")


def _check(settings: Curate, accepted: Mapping[str, int], work: Work) -> None:
    lacking = [(kind, n, accepted.get(kind, 0)) for kind, n in _asked(settings).items() if accepted.get(kind, 0) < n]
    if not lacking:
        return
    said = "; ".join(f"{there} {kind} rows of {n} asked for" for kind, n, there in lacking)
    if settings.short == "error":
        mend = f"see {work.folder / 'funnel.json'}; add traces, ask for fewer, or say --set curate.short=take"
        raise ResoluteError(f"too few rows were accepted: {said}", mend=mend)
    work.note(f"taken although there are too few: {said}")


def _example(trace: Trace) -> Example:
    """The training row: what is asked is the prompt itself, never the instruction that made the teacher answer so."""
    asked = [Message(role="user", content=trace.prompt.text)] if trace.strategy else trace.sent
    return Example(
        id=key(["example", trace.id, trace.content]),
        messages=asked,
        reasoning=trace.reasoning,
        answer=trace.answer,
        kind=trace.prompt.kind,
        goal=trace.prompt.goal,
        prompt=trace.prompt.id,
        trace=trace.id,
        source=trace.prompt.source,
        category=trace.prompt.category,
        framing=trace.prompt.framing,
        strategy=trace.strategy,
    )


def _row(example: Example) -> dict[str, Any]:
    said = {"role": "assistant", "content": join(example.reasoning, example.answer)}
    messages = [*(message.model_dump() for message in example.messages), said]
    return {"id": example.id, "messages": messages, "kind": example.kind, "source": example.source}


def _drops(funnel: Funnel[_Item]) -> Iterable[Drop]:
    for item, step, reason in funnel.left:
        name = key(["drop", item.role, item.trace.id, item.trace.content])
        yield Drop(id=name, trace=item.trace.id, role=item.role, step=step, reason=reason)


def _report(
    work: Work,
    reads: Mapping[str, ReadTraces],
    funnel: Funnel[_Item],
    accepted: Mapping[str, int],
    reserved: list[Prompt],
) -> dict[str, Any]:
    settings = cast("Curate", work.job.settings)
    inputs = [
        {
            "role": role,
            "file": work.job.inputs[role].name,
            "sha256": work.manifest.inputs[role],
            "read": len(read.traces),
            "unread": len(read.unread),
            "left_out": read.left_out,
            "columns": read.columns,
        }
        for role, read in reads.items()
    ]
    return {
        "schema": 1,
        "inputs": inputs,
        "entered": funnel.entered,
        "left": funnel.rows(),
        "accepted": dict(accepted),
        "kept": len(funnel.items),
        "kinds": count_by(funnel.items, lambda item: item.trace.prompt.kind),
        "asked": _asked(settings),
        "reserve": {"sources": list(settings.reserve), "goals": len({prompt.goal for prompt in reserved})},
        "near": settings.near,
        "seed": settings.seed,
        "accept": settings.accept.model_dump(mode="json"),
    }


def _say(work: Work, reads: Mapping[str, ReadTraces], funnel: Funnel[_Item]) -> None:
    unread = sum(len(read.unread) for read in reads.values())
    work.count(read=funnel.entered, unread=unread, kept=len(funnel.items), dropped=len(funnel.left))
    for row in funnel.rows():
        work.count(**{f"{row['step']}: {row['reason']}": row["n"]})
    work.manifest.failed_rows = unread
    if unread:
        work.note(f"{unread} rows hold no trace")
