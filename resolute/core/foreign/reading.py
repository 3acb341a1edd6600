"""Reading other people's traces: a table of prompts and outputs becomes `Trace` records, and every guess is said aloud.

Nothing is dropped in silence: a row that holds no prompt or no output is listed in `unread` with the reason, and what
was replaced to make the text storable is counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resolute.core.errors import ResoluteError
from resolute.core.files import read_records
from resolute.core.foreign import columns
from resolute.core.foreign.asked import Found, asked, words
from resolute.core.foreign.conversation import Said, Unreadable
from resolute.core.foreign.outputs import dialect_of, opens_inside, taken_apart
from resolute.core.foreign.rows import Row, Rows, as_text, read_rows
from resolute.core.keys import file_digest, key
from resolute.core.records import Ending, Kind, Message, Opening, Prompt, ReasoningKind, Trace
from resolute.core.text import clean
from resolute.core.trace import DIALECTS, THINK, Why, ending

VERSION = 2
"""Raised whenever the same file would be read into other traces; part of the key of every stage that reads."""
_ERROR = re.compile(r"[A-Za-z_][\w.]{0,79}")
"""The name of an error, which is all of a failed row's words that may be repeated."""


@dataclass(frozen=True)
class ReadTraces:
    """What a file gave."""

    traces: list[Trace]
    columns: dict[str, str]
    """Role -> the column that plays it, or how the role was filled."""
    unread: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """Number of the row (the first is 1) and why it gave no trace, without any of its text; in order."""
    left_out: int = 0
    """Rows that `where` did not ask for."""
    replaced: int = 0
    """Characters that became U+FFFD."""
    opened: bool = False
    """Whether outputs were read as starting inside the thought."""
    foreign: bool = True
    """False for a file of our own records, which is taken as it stands."""

    @property
    def rows(self) -> int:
        """Rows of the file: each is a trace, unread or left out."""
        return len(self.traces) + len(self.unread) + self.left_out

    def unread_rows(self) -> list[dict[str, Any]]:
        """What could not be read, row by row, for a file beside the traces."""
        return [{"row": number, "why": why} for number, why in self.unread]


@dataclass(frozen=True)
class _Draft:
    """One row before its output is taken apart."""

    prompt: Prompt
    sent: list[Message]
    said: Said
    why: Why
    reasoning_kind: ReasoningKind
    model: str
    replaced: int


def read_traces(
    path: Path,
    *,
    kind: Kind | None = None,
    opening: Opening = "detect",
    where: Mapping[str, Sequence[str]] | None = None,
) -> ReadTraces:
    """The traces of a file: our own Parquet, any table with a column of prompts and one of outputs, a log of Inspect.

    `kind` is the kind of every row, where the user says so; else what a column or a known layout says, else unknown.
    `where` keeps only rows whose column has one of the values. Raises `ResoluteError` that names the file and the
    columns it has where prompts or outputs cannot be found, or where no row could be read.
    """
    if is_ours(path):
        if kind is not None or opening != "detect" or where:
            mend = "leave out kind, opening and where: they are for files of other people"
            raise ResoluteError("our own records say it themselves", where=str(path), mend=mend)
        return ReadTraces(read_records(path, Trace), {"records": "our own"}, foreign=False)
    table = read_rows(path, damaged=True)
    found = _roles(table)
    chosen = _chosen(table, where or {})
    implied, how = _kinds(table.columns, found, kind)
    drafts: list[_Draft] = []
    unread = list(table.damaged.items())
    for number, row in chosen:
        named = kind or columns.kind_of(row, found.get("kind"), implied=implied)
        draft = _draft(row, found, named, path.name.split(".")[0])
        if isinstance(draft, Unreadable):
            unread.append((number, draft.reason))
        else:
            drafts.append(draft)
    unread.sort()
    if not drafts:
        reason = f"; row {unread[0][0]}: {unread[0][1]}" if unread else ""
        mend = "check its columns" if unread else "ask for values that its column has"
        total = len(table.rows) + len(table.damaged)
        raise ResoluteError(f"none of {total} rows could be read{reason}", where=str(path), mend=mend)
    opened = opening == "opened" or (opening == "detect" and opens_inside([draft.said for draft in drafts]))
    traces = _traces(drafts, opened=opened, identity=file_digest(path)[:16])
    replaced = sum(draft.replaced for draft in drafts)
    return ReadTraces(traces, _said(found, how, drafts), unread, len(table.rows) - len(chosen), replaced, opened)


def is_ours(path: Path) -> bool:
    """Whether a file holds `Trace` records that a stage of ours wrote."""
    if path.suffix.lower() != ".parquet":
        return False
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return dict(pq.read_schema(path).metadata or {}).get(b"record") == b"Trace"
    except (OSError, pa.ArrowInvalid):
        return False  # reading it says what is wrong with it


def _said(found: Found, how: str, drafts: Sequence[_Draft]) -> dict[str, str]:
    """The columns that told something, and where kinds come from."""
    silent: set[columns.Role] = {"kind"}
    if all(draft.why == "unknown" for draft in drafts):
        silent.add("why")
    if all(draft.reasoning_kind == "unknown" for draft in drafts):
        silent.add("reasoning_kind")
    return {str(role): name for role, name in found.items() if role not in silent} | {"kind": how}


def _roles(table: Rows) -> dict[columns.Role, str]:
    names = table.columns
    found = columns.find(names, columns.NAMES)
    if found.get("expected") == found.get("response"):
        found.pop("expected", None)
    talks = found.get("text", "").lower() in ("messages", "conversations")
    chat = talks or ("text" in found and any(isinstance(row.get(found["text"]), list) for row in table.rows[:100]))
    needed: tuple[columns.Role, ...] = ("text", "response")
    missing: list[columns.Role] = [role for role in needed if role not in found and not (role == "response" and chat)]
    if missing:
        wanted = "; ".join(f"{role}: one of {', '.join(columns.NAMES[role])}" for role in missing)
        what = f"no column for {' and '.join(missing)}; the file has {columns.shown(names)}"
        first = next(iter(table.damaged.values()), "").removeprefix("line ")
        damage = f", and {len(table.damaged)} rows are damaged, the first at {table.path.name}:{first}" if first else ""
        raise ResoluteError(what + damage, where=str(table.path), mend=f"rename a column ({wanted})")
    return found


def _chosen(table: Rows, where: Mapping[str, Sequence[str]]) -> list[tuple[int, Row]]:
    for name in where:
        if name not in table.columns:
            mend = f"one of: {columns.shown(table.columns)}"
            raise ResoluteError(f"rows are asked for by a missing column: {name!r}", where=str(table.path), mend=mend)
    wanted = {name: frozenset(map(str, values)) for name, values in where.items()}
    return [
        (n, row) for n, row in table.numbered() if all(str(row.get(name)) in values for name, values in wanted.items())
    ]


def _kinds(names: Sequence[str], found: Found, kind: Kind | None) -> tuple[Kind, str]:
    """The kind of rows that name none themselves, and where kinds come from, in words."""
    if kind is not None:
        return kind, f"every row {kind}, as the user said"
    if columns.is_xstest(names):
        return "unknown", "from the types of XSTest"
    implied, how = columns.layout(names)
    if how:
        return implied, f"{implied} for {how}"
    return "unknown", f"from the column {found['kind']}" if "kind" in found else "unknown: the file does not say"


def _draft(row: Row, found: Found, kind: Kind, source: str) -> _Draft | Unreadable:
    thought = words(row, found, "reasoning")
    response = row.get(found["response"]) if "response" in found else None
    if thought and "response" in found and not as_text(response):
        response = ""  # servers write no content for an output that was cut inside its thought
    what = asked(row, found, kind, response=response, source=source)
    if isinstance(what, Unreadable):
        failed = str(row.get("error") or "")
        return Unreadable(f"{what.reason}: {failed}") if _ERROR.fullmatch(failed) else what
    said, replaced = what.said, what.replaced
    if thought and not said.reasoning:
        said, replaced = Said(said.output, thought), replaced + clean(thought).replaced
    why, form = columns.why_of(row, found.get("why")), columns.reasoning_kind_of(row, found.get("reasoning_kind"))
    return _Draft(what.prompt, what.sent, said, why, form, words(row, found, "model") or source, replaced)


def _traces(drafts: Sequence[_Draft], *, opened: bool, identity: str) -> list[Trace]:
    marked = Counter(dialect.name for draft in drafts if (dialect := dialect_of(draft.said.output)) is not None)
    usual = DIALECTS[min(marked, key=lambda name: (-marked[name], name))] if marked else THINK
    seen: Counter[str] = Counter()
    traces: list[Trace] = []
    for draft in drafts:
        parts, finished = taken_apart(draft.said, opened=opened, usual=usual)
        why: Why = "end of turn" if finished and draft.why == "unknown" else draft.why
        place, cause = ending(parts, why)
        sent = [message.model_dump() for message in draft.sent]
        asked = key(["read", draft.prompt.id, sent, parts.thought, parts.answer, place, cause])
        sample = seen[asked]
        seen[asked] += 1
        traces.append(
            Trace(
                id=key([asked, sample]),
                prompt=draft.prompt,
                sent=draft.sent,
                model=draft.model,
                identity=identity,
                sample=sample,
                reasoning=parts.thought,
                answer=parts.answer,
                ending=Ending(where=place, why=cause),
                had_thought=parts.had_thought,
                reasoning_kind=draft.reasoning_kind,
                extra_closes=parts.extra_closes,
            )
        )
    return traces
