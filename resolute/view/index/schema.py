"""The tables of an index. Texts are kept packed, searched by FTS5; what is counted lies in arrays.

traces    one row a trace; `n` is its place in the list, `key` its name in addresses
words     the full-text index over goal, what was sent, thought and answer; its rowid is `n`
said      verdicts, risk reports and repair attempts, by the trace they speak of
examples  one row a training row; `origin` is the source of its prompt
sets      the training sets a row is in: the artifact that made it, and the name it goes by
facets    one row a facet: its labels, and pairs (trace, label) as two arrays
arrays    one number a trace: length, goal, and what each instrument said
about     what the index is of
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from pathlib import Path
from typing import Any

VERSION = 3
"""Raised whenever an index would hold something else for the same run."""
NAME = "index.sqlite"
TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE traces (
  n INTEGER PRIMARY KEY, key TEXT NOT NULL, id TEXT NOT NULL, goal TEXT NOT NULL, slot TEXT NOT NULL,
  who TEXT NOT NULL, source TEXT NOT NULL, hidden INTEGER NOT NULL, record BLOB NOT NULL
);
CREATE TABLE said (n INTEGER NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL, record BLOB NOT NULL);
CREATE TABLE facets (place INTEGER PRIMARY KEY, name TEXT, labels TEXT, rows BLOB, codes BLOB);
CREATE TABLE arrays (name TEXT PRIMARY KEY, kind TEXT, data BLOB);
CREATE TABLE examples (
  id TEXT PRIMARY KEY, n INTEGER, kind TEXT NOT NULL, strategy TEXT NOT NULL, origin TEXT NOT NULL, record BLOB NOT NULL
);
CREATE TABLE sets (id TEXT NOT NULL, maker TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (id, maker, name));
CREATE VIRTUAL TABLE words USING fts5(goal, sent, thought, answer, content='', tokenize='unicode61');
"""
INDEXES = """
CREATE UNIQUE INDEX by_key ON traces (key);
CREATE INDEX by_goal ON traces (goal);
CREATE TABLE firsts AS SELECT slot, who, min(n) AS n FROM traces GROUP BY slot, who;
CREATE INDEX by_slot ON firsts (slot, who);
CREATE INDEX by_trace ON said (n);
CREATE INDEX by_example ON examples (n);
"""
"""Made last: filling a table that has none is quicker."""


def connected(path: Path, *, writing: bool = False) -> sqlite3.Connection:
    """A connection; readers cannot write, and one may be handed from thread to thread."""
    if writing:
        made = sqlite3.connect(path)
        made.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;")
        return made
    made = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
    made.execute("PRAGMA cache_size = -16384")
    return made


def packed(record: dict[str, Any]) -> bytes:
    """A record as compressed JSON."""
    return zlib.compress(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def unpacked(data: bytes) -> dict[str, Any]:
    """What `packed` packed."""
    return json.loads(zlib.decompress(data))
