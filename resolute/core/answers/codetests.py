"""LiveCodeBench's files (arXiv 2403.07974): one problem a line, its hidden tests packed as base64, zlib and a pickle.

The pickle is never loaded. All it may hold is one text, and that text is cut out of it by its opcodes: any opcode but
those that write a text is an error. Lines are up to 100 MB long, so a file is read line by line and its tests when they
are needed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import pickletools
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from resolute.core.errors import ResoluteError
from resolute.core.files import unreadable

MOST = 1 << 30
"""Bytes that the tests of one problem may have unpacked."""
_TEXT = ("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8")
_AROUND = ("PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "STOP")
_NEEDED = ("question_id", "question_content", "starter_code", "contest_date", "public_test_cases", "private_test_cases")


@dataclass(frozen=True)
class Case:
    """One test: a program's input and output, or JSON arguments (one a line) and the JSON value of a call."""

    stdin: str
    expected: str
    kind: Literal["stdin", "functional"]


def lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Offset and content of each line. Raises `ResoluteError` for a damaged line or one without what is needed."""
    try:
        with path.open("rb") as stream:
            offset = 0
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield offset, _row(line, f"{path}:{number}")
                offset += len(line)
    except OSError as error:
        raise unreadable(path, error) from error


def _row(line: bytes, where: str) -> dict[str, Any]:
    mend = "fetch the file again: each line is one problem"
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ResoluteError("no line of JSON", where=where, mend=mend) from error
    missing = [name for name in _NEEDED if not isinstance(row, dict) or not isinstance(row.get(name), str)]
    if missing:
        raise ResoluteError(
            f"no problem: {', '.join(missing) if isinstance(row, dict) else 'no object'} missing",
            where=where,
            mend=mend,
        )
    return row


def fingerprint(row: Mapping[str, Any]) -> str:
    """SHA-256 of a problem's tests as the file has them."""
    packed = f"{row['public_test_cases']}\n{row['private_test_cases']}\n{row.get('metadata', '')}"
    return hashlib.sha256(packed.encode()).hexdigest()


def name_of(row: Mapping[str, Any]) -> str:
    """The function a problem wants; empty where it wants a program."""
    told = json.loads(row.get("metadata") or "{}")
    return str(told.get("func_name") or "") if isinstance(told, dict) else ""


def cases(row: Mapping[str, Any]) -> list[Case]:
    """Public and hidden tests. Raises ValueError for anything that is not such tests."""
    found = [*json.loads(row["public_test_cases"]), *json.loads(_hidden(row["private_test_cases"]))]
    made = [Case(str(item["input"]), str(item["output"]), item["testtype"]) for item in found]
    if not made or {case.kind for case in made} - {"stdin", "functional"}:
        raise ValueError("no tests of a known kind")
    return made


def _hidden(packed: str) -> str:
    if packed.lstrip().startswith("["):
        return packed
    unpacking = zlib.decompressobj()
    try:
        raw = unpacking.decompress(base64.b64decode(packed, validate=True), MOST)
    except zlib.error as error:
        raise ValueError(f"not packed by zlib: {error}") from error
    if unpacking.unconsumed_tail:
        raise ValueError(f"more than {MOST} bytes")
    return text_of(raw)


def text_of(pickled: bytes) -> str:
    """The one text in a pickle, which is read and not run. Raises ValueError where there is anything else in it."""
    texts: list[str] = []
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name in _TEXT:
            texts.append(str(argument))
        elif opcode.name not in _AROUND:
            raise ValueError(f"the pickle holds more than a text: {opcode.name}")
    if len(texts) != 1:
        raise ValueError(f"the pickle holds {len(texts)} texts")
    return texts[0]
