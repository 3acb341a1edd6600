"""LiveCodeBench, code generation (arXiv 2403.07974; problems of AtCoder, LeetCode and Codeforces): releases 1 to 6.

Read from the six files of `livecodebench/code_generation_lite` at one revision, as they are: no script of the data set
is run, and no pickle is loaded (`core.answers.codetests`). Release n is the first n files. `split` is the contest's
date, so a window is `livecodebench-v6@2024-08..2025-01`; `category` is the difficulty. Hidden tests are large and stay
in their file: a prompt carries where they are and their digest.
"""

from __future__ import annotations

import hashlib
import os
from functools import partial
from pathlib import Path

from resolute.core import texts
from resolute.core.answers import codetests
from resolute.core.answers.programs import StoredTests, written
from resolute.core.errors import ResoluteError
from resolute.core.records import Prompt
from resolute.core.sources import PLACE, NotHere

FOLDER = "reasoning/livecodebench"
REVISION = "0fe84c3912ea0c4d4a78037083943e8f0c4dd505"
FILES = {
    "test.jsonl": "2bd02b38beb48e8c46b5b9987095d999ff38cd8efc255ea5d58974317c48f63f",
    "test2.jsonl": "095df7c5daf15f882c51a9deb84085cff1e073495a5dbcf95015a564d485f3a3",
    "test3.jsonl": "28ed26cc83363ce3f1fe2d5fad9f8393077beb1907b167a31bd3b32f80801b79",
    "test4.jsonl": "d711138ddaebfcf5f8ec6a4283ee677298c0f5c5d374a235af92aaf0584510da",
    "test5.jsonl": "7f77571c2a6df0c2a72a3277650309f67e01e0008e18117e624633df53f81214",
    "test6.jsonl": "bb4c364f71921c4495a6ad15abe1a927350b720009f4933e2e71f8af0f6fd1f5",
}
"""File -> its SHA-256 at that revision."""


def release(number: int) -> list[Prompt]:
    """The problems of release `number`, 1 to 6. Raises `ResoluteError` where a file is missing or another one."""
    root = Path(os.environ.get(PLACE) or "data")
    found: list[Prompt] = []
    for name, sha256 in list(FILES.items())[:number]:
        path = root / FOLDER / name
        command = f"hf download --repo-type dataset --revision {REVISION} livecodebench/code_generation_lite {name}"
        mend = f"get it from the hub: `{command} --local-dir {root / FOLDER}`, and let {PLACE} name {root}"
        if not path.is_file():
            raise NotHere(f"the data set's file {name} is missing", where=str(path), mend=mend)
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
                raise ResoluteError("this is not the file that is known by this name", where=str(path), mend=mend)
        found += problems(path, f"{FOLDER}/{name}")
    return found


def problems(path: Path, name: str) -> list[Prompt]:
    """The problems of one file, which lies at `name` below the data folder."""
    found: list[Prompt] = []
    for _, row in codetests.lines(path):
        opening = row["starter_code"].strip("\n")
        text = texts.load("code-class" if opening.strip() else "code-program")
        places = {"problem": row["question_content"].strip()} | ({"opening": opening} if opening.strip() else {})
        tests = StoredTests(name, row["question_id"], codetests.fingerprint(row))
        found.append(
            Prompt(
                text=texts.fill(text, **places),
                goal=row["question_content"],
                kind="code",
                category=str(row.get("difficulty", "")),
                source="livecodebench",
                split=row["contest_date"][:10],
                expected=written(tests),
            )
        )
    return found


V1, V2, V3, V4, V5, V6 = (partial(release, number) for number in range(1, 7))
