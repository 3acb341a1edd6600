"""Making the index of a run: every file is checked, read once, in pieces, and the index appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
from array import array
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resolute.core.curation.candidates import Candidate, example
from resolute.core.errors import ResoluteError
from resolute.core.jobs import Progress
from resolute.core.keys import key
from resolute.core.quarantine import quarantine
from resolute.core.records import Example, Record, RiskReport, Trace, Verdict
from resolute.core.repair.outcomes import RepairAttempt
from resolute.view.index.opinions import Opinions
from resolute.view.index.scanning import scan, size
from resolute.view.index.schema import INDEXES, NAME, TABLES, VERSION, connected, packed
from resolute.view.index.tally import Tally
from resolute.view.index.training import NONE
from resolute.view.index.words import of_report, of_trace
from resolute.view.material import Material, Source

ELSEWHERE = "free disk space there, or choose another folder for the index with --index"
EVERY = 250
"""Rows between two reports of progress."""


@dataclass
class _Making:
    """What is kept in memory while the index is made: a few numbers and names a trace, no text."""

    made: sqlite3.Connection
    material: Material
    progress: Progress
    tally: Tally = field(default_factory=Tally)
    places: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """(id, content) -> place."""
    by_id: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    within: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    """Digest of a file of traces -> id -> place, for traces that share an id."""
    lengths: array[int] = field(default_factory=lambda: array("i"))
    goals: array[int] = field(default_factory=lambda: array("i"))
    named: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Name of a model -> what it stood for."""
    goal_codes: dict[str, int] = field(default_factory=dict[str, int])
    done: int = 0
    total: int = 0
    rows: int = 0
    """Training rows."""
    astray: int = 0
    """Verdicts and reports on traces that are not shown here."""

    def who(self, trace: dict[str, Any], label: str) -> str:
        """The label of a study's row, else the model's name; a name that stands for several things says which."""
        if label:
            return label
        known = self.named.setdefault(trace["model"], [])
        if trace["identity"] not in known:
            known.append(trace["identity"])
        number = known.index(trace["identity"])
        return f"{trace['model']} ({trace['identity'][:12]})" if number else trace["model"]

    def step(self) -> None:
        self.done += 1
        if self.done % EVERY == 0:
            self.progress("index", self.done, max(self.total, self.done))


def index_file(material: Material, progress: Progress, store: Path | None = None) -> Path:
    """The index of what is shown, made where it does not stand yet.

    It lies in a quarantine in `store`, or beside the artifacts, since it holds all their words. Raises `ResoluteError`
    where a file was changed after it was made or cannot be read, and where nothing can be written there.
    """
    folder = (store or material.store / "view") / key([VERSION, material.key])
    try:
        path = quarantine(folder) / NAME
    except ResoluteError as error:
        raise ResoluteError(error.what, where=error.where, mend=ELSEWHERE) from error
    if _stands(path):
        return path
    spare = path.with_name(f".{NAME}.{os.getpid()}")
    for old in path.parent.glob(f".{NAME}.*"):
        if not _runs(old.suffix[1:]):
            old.unlink(missing_ok=True)
    spare.unlink(missing_ok=True)
    made = connected(spare, writing=True)
    try:
        _fill(made, material, progress)
        made.close()
        spare.replace(path)
    except sqlite3.OperationalError as error:
        raise ResoluteError(f"cannot write: {error}", where=str(path), mend=ELSEWHERE) from error
    finally:
        made.close()
        spare.unlink(missing_ok=True)
    _forget_older(folder, material)
    return path


def _stands(path: Path) -> bool:
    """Whether there is an index that can be read; one that was damaged is made again."""
    if not path.is_file():
        return False
    try:
        with closing(connected(path)) as held:
            return held.execute("SELECT value FROM about WHERE name = 'version'").fetchone() == (str(VERSION),)
    except sqlite3.DatabaseError:
        return False


def _runs(process: str) -> bool:
    """Whether the process that was making an index still does."""
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True  # somebody else's
    return True


def _forget_older(folder: Path, material: Material) -> None:
    """An index of what this run held before is of no use."""
    own = str(material.home.resolve())
    (folder / "of").write_text(own, encoding="utf-8")
    for other in folder.parent.iterdir():
        note = other / "of"
        if other != folder and note.is_file() and note.read_text(encoding="utf-8") == own:
            shutil.rmtree(other, ignore_errors=True)


def _fill(made: sqlite3.Connection, material: Material, progress: Progress) -> None:
    made.executescript(TABLES)
    forms: dict[str, type[Record]] = {"traces": Trace, "rejected": Trace, "verdicts": Verdict, "risks": RiskReport}
    forms |= {"attempts": RepairAttempt, "examples": Example}
    files = [(role, source) for role in forms for source in material.sources if role in source.files]
    making = _Making(made, material, progress)
    making.total = sum(size(source.files[role], forms[role]) for role, source in files)
    progress("index", 0, making.total)
    for role, source in files:
        if role in ("traces", "rejected"):
            _traces(making, source, role)
    opinions = Opinions(len(making.lengths))
    for role, source in files:
        if role in ("verdicts", "risks", "attempts", "examples"):
            _said(making, source, role, forms[role], opinions)
    if not making.lengths and not making.rows:
        raise ResoluteError("the files hold no traces", where=material.name, mend="name a run with traces")
    opinions.tally(making.tally)
    opinions.write(made)
    making.tally.write(made)
    for name, numbers in (("length", making.lengths), ("goal", making.goals)):
        made.execute("INSERT INTO arrays VALUES (?, 'number', ?)", (name, numbers.tobytes()))
    made.executescript(INDEXES)
    about = {"version": VERSION, "traces": len(making.lengths), "astray": making.astray}
    made.executemany("INSERT INTO about VALUES (?, ?)", [(name, str(value)) for name, value in about.items()])
    made.execute("INSERT INTO words (words) VALUES ('optimize')")
    made.commit()
    progress("index", making.done, making.done)


def _traces(making: _Making, source: Source, role: str) -> None:
    within = making.within.setdefault(source.digests[role], {})
    label = next((making.material.labels[name] for name in source.entries if name in making.material.labels), "")
    for trace in scan(source.checked(role), Trace):
        making.step()
        place = (trace["id"], trace["content"])
        n = making.places.get(place)
        if n is None:
            n = making.places[place] = len(making.lengths)
            who = making.who(trace, label if source.stage == "evaluate" else "")
            _insert(making, n, trace, who, source, hidden=role == "rejected")
            if making.material.as_rows:
                taken = example(Candidate(f"{source.stage}/{source.key}", Trace.model_validate(trace)))
                _row(making, n, source, taken.model_dump(mode="json"))
        within[trace["id"]] = n
        for entry in source.entries:
            making.tally.add(n, "entry", entry)
        making.tally.add(n, "stage", f"{source.stage}, rejected" if role == "rejected" else source.stage)


def _insert(making: _Making, n: int, trace: dict[str, Any], who: str, source: Source, *, hidden: bool) -> None:
    prompt = trace["prompt"]
    same = making.by_id.setdefault(trace["id"], [])
    name = trace["id"] if not same else f"{trace['id']}~{len(same) + 1}"
    same.append(n)
    goal = key(["goal", prompt["goal"]])
    slot = key([prompt["id"], trace["task"], trace["attack"], trace["strategy"], trace["sample"], trace["repaired"]])
    sent = "\n".join(message["content"] for message in trace["sent"])
    row = (n, name, trace["id"], goal, slot, who, f"{source.stage}/{source.key}", hidden, packed(trace))
    making.made.execute("INSERT INTO traces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    words = (n, prompt["goal"], sent, trace["reasoning"], trace["answer"])
    making.made.execute("INSERT INTO words (rowid, goal, sent, thought, answer) VALUES (?, ?, ?, ?, ?)", words)
    making.lengths.append(len(trace["reasoning"]) + len(trace["answer"]))
    making.goals.append(making.goal_codes.setdefault(goal, len(making.goal_codes)))
    for facet, label in of_trace(trace, who):
        making.tally.add(n, facet, label)


def _said(making: _Making, source: Source, role: str, form: type[Record], opinions: Opinions) -> None:
    for record in scan(source.checked(role), form):
        making.step()
        places = _places(making, source, record)
        making.astray += not places and role != "examples"
        for n in places:
            _note(making, n, role, record, opinions)
            row = (n, role, f"{source.stage}/{source.key}", packed(record))
            if role != "examples":
                making.made.execute("INSERT INTO said VALUES (?, ?, ?, ?)", row)
        if role == "examples":
            _row(making, places[0] if places else None, source, record)


def _row(making: _Making, n: int | None, source: Source, record: dict[str, Any]) -> None:
    making.rows += 1
    labels = (record["kind"], record["strategy"] or NONE, record["source"] or NONE)
    making.made.execute(
        "INSERT OR IGNORE INTO examples VALUES (?, ?, ?, ?, ?, ?)", (record["id"], n, *labels, packed(record))
    )
    for entry in source.entries:
        said = (record["id"], f"{source.stage}/{source.key}", entry)
        making.made.execute("INSERT OR IGNORE INTO sets VALUES (?, ?, ?)", said)


def _note(making: _Making, n: int, role: str, record: dict[str, Any], opinions: Opinions) -> None:
    if role == "verdicts":
        opinions.verdict(n, record)
    elif role == "risks":
        opinions.report(n, record)
        for facet, label in of_report(record):
            making.tally.add(n, facet, label)
    elif role == "attempts":
        making.tally.add(n, "repair", f"tried: {record['outcome']}")
    else:
        making.tally.add(n, "training", "a training row was made of it")


def _places(making: _Making, source: Source, record: dict[str, Any]) -> list[int]:
    """The traces a record speaks of: those of the very file its maker was given, else all of that id."""
    name = record["trace"]
    given = {making.within[digest][name] for digest in source.judged if name in making.within.get(digest, {})}
    own = making.within.get(source.digests.get("traces", ""), {})
    if name in own:
        given.add(own[name])
    return sorted(given) or making.by_id.get(name, [])
