"""Prompt sources by name or by file: `load_prompts("xstest-safe:50")`, `load_prompts("mine.jsonl")`.

Public sets are read from the folder that the environment variable `RESOLUTE_DATA` names (without it, `data` in the
working directory). A set that is not there is an error that says where to get it; it is never replaced by less.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from resolute.core.catalogue import counted, entries, find
from resolute.core.errors import ResoluteError
from resolute.core.foreign import columns
from resolute.core.foreign.asked import asked
from resolute.core.foreign.conversation import Unreadable
from resolute.core.foreign.remote import is_remote, local
from resolute.core.foreign.rows import Row, looks_like_file, read_rows
from resolute.core.keys import derive, file_digest
from resolute.core.records import Prompt
from resolute.core.remembered import once

PLACE = "RESOLUTE_DATA"
"""Environment variable that names the folder of public data sets."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_WINDOW = re.compile(r"(\d{4}(?:-\d\d){0,2})\.\.(\d{4}(?:-\d\d){0,2})", re.ASCII)
_ROLES: tuple[columns.Role, ...] = (
    "text", "goal", "input", "system", "history", "kind", "category", "framing", "source", "split", "expected",
    "solution",
)  # fmt: skip


class NotHere(ResoluteError):  # noqa: N818 (a state of things, not a fault)
    """A data set that is known by its name and is not on this machine."""


def load_prompts(spec: str, *, seed: int = 0) -> list[Prompt]:
    """The prompts of a source: a name of the catalogue or a file, each with an optional `:count`.

    A set whose splits are dates takes a window before it, ends included: `livecodebench-v6@2024-08..2025-01`. A count
    takes so many by a choice that depends on the prompts and `seed` alone, never on their order, and of which
    a smaller count takes a part. Each different prompt comes once. Raises `ResoluteError` for an unknown name, a
    missing file, and more prompts than there are.
    """
    return list(once(("prompts", spec, seed), partial(_loaded, spec, seed)))


def _loaded(spec: str, seed: int) -> list[Prompt]:
    name, count = counted(spec)
    if is_remote(name) or (looks_like_file(name) and name not in entries("prompts")):
        prompts = read_prompts(local(name))
    else:
        name, at, window = name.partition("@")
        prompts = cast("Callable[[], list[Prompt]]", find("prompts", name))()
        prompts = _within(prompts, window, spec) if at else prompts
    distinct = list({prompt.id: prompt for prompt in prompts}.values())
    return distinct if count is None else choose(distinct, count, spec=spec, seed=seed)


def _within(prompts: Sequence[Prompt], window: str, spec: str) -> list[Prompt]:
    """The prompts dated within a window of ISO dates, months or years."""
    match = _WINDOW.fullmatch(window)
    if match is None or not all(_DATE.fullmatch(prompt.split) for prompt in prompts):
        mend = "write NAME@2024-08..2025-01 with the name of a set whose problems are dated"
        raise ResoluteError(f"no window of dates: {window!r}", where=spec, mend=mend)
    first, last = match.groups()
    found = [prompt for prompt in prompts if first <= prompt.split and prompt.split[: len(last)] <= last]
    if not found:
        dates = sorted(prompt.split for prompt in prompts)
        raise ResoluteError(
            "no prompt in this window", where=spec, mend=f"there are some from {dates[0]} to {dates[-1]}"
        )
    return found


def choose(prompts: Iterable[Prompt], count: int, *, spec: str, seed: int = 0) -> list[Prompt]:
    """`count` of the prompts, by the order of a hash of seed and id; those kept for evaluation only after all others.

    So `xstest:100` is the 100 prompts that are for training.
    """
    ranked = sorted(prompts, key=lambda prompt: (prompt.split == "eval", derive(seed, "prompt", prompt.id), prompt.id))
    if count > len(ranked):
        raise ResoluteError(f"there are {len(ranked)} prompts, not {count}", where=spec, mend="ask for fewer")
    return ranked[:count]


def read_prompts(path: Path) -> list[Prompt]:
    """The prompts of anybody's file, by the names of its columns (see `columns.NAMES`).

    Raises `ResoluteError` that names the file and its columns where none has prompts, or the row that is empty or is
    more than one message. An answer in the same row is left aside.
    """
    table = read_rows(path)
    found = columns.find(table.columns, _ROLES)
    if "text" not in found:
        what = f"no column of prompts; the file has {columns.shown(table.columns)}"
        mend = f"rename one to one of: {', '.join(columns.NAMES['text'])}"
        raise ResoluteError(what, where=str(path), mend=mend)
    implied, _ = columns.layout(table.columns)
    prompts: list[Prompt] = []
    for number, row in enumerate(table.rows, 1):
        kind = columns.kind_of(row, found.get("kind"), implied=implied)
        what = asked(row, found, kind, response="", source=path.name.split(".")[0])
        where = f"{path}, row {number}"
        if isinstance(what, Unreadable):
            raise ResoluteError(what.reason, where=where, mend="fill or delete the row")
        if len(what.sent) > 1:
            mend = "put all of it into one text, or delete the row"
            raise ResoluteError(f"{len(what.sent)} messages are sent, and a prompt is one", where=where, mend=mend)
        prompts.append(what.prompt)
    return prompts


def data_rows(name: str, needed: Sequence[str], *, get: str, sha256: str = "", size: int = 0) -> list[Row]:
    """The rows of a public set that lies at `name` below the data folder.

    `get` says where the set is published, `sha256` of which bytes its file is, `size` of how many rows where those are
    not known. Raises `ResoluteError` where it is missing, lacks a column or a value, or is another file: figures by one
    name are figures on the same problems. Other data are named as a file.
    """
    root = os.environ.get(PLACE)
    path = Path(root or "data") / name
    if not path.is_file():
        place = f"{PLACE}={root}" if root else f"{PLACE} is not set, so ./data is looked into"
        mend = f"get it from {get}, save it there, and let {PLACE} name the folder above ({place})"
        raise NotHere(f"the data set {path.name} is missing", where=str(path), mend=mend)
    table = read_rows(path)
    if missing := sorted(set(needed) - set(table.columns)):
        what = f"no column {', '.join(missing)}; the file has {columns.shown(table.columns)}"
        raise ResoluteError(what, where=str(path), mend=f"get it again from {get}")
    for number, row in enumerate(table.rows, 1):
        if empty := [column for column in needed if row.get(column) is None]:
            where = f"{path}, row {number}"
            raise ResoluteError(f"no value for {', '.join(empty)}", where=where, mend=f"get it again from {get}")
    other = "or name your own file in the place of the set"
    if size and len(table.rows) != size:
        what = f"the set has {size} rows, this file {len(table.rows)}"
        raise ResoluteError(what, where=str(path), mend=f"get it again from {get}, {other}")
    if sha256 and file_digest(path) != sha256:
        what = "this is not the file that is known by this name"
        mend = f"get it again from {get} (SHA-256 {sha256}), {other}"
        raise ResoluteError(what, where=str(path), mend=mend)
    return table.rows
