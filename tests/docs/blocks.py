"""The commands of README and docs, block by block, with how each is held.

A fenced block is marked by its language:
- `bash`: every line is run by the tests, in order, in one folder a page. `bash {.slow}` by `make verify` only, and
  `bash {.data}` where the public data are.
- `console {needs="..."}`: not run, for these reasons; each command's options must exist.
- `sh`: targets of the Makefile.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted(path for path in (ROOT / "docs").rglob("*.md") if "measured" not in path.parts))
"""Every page of words; `docs/measured` is written by programs."""

NEEDS = {
    "browser": "a browser that a reader sits before",
    "data": "public data that the package does not ship",
    "file": "a file of the reader's own",
    "gpu": "a GPU, or hours without one",
    "hours": "the lab, for longer than any test may take",
    "key": "a provider's key, or a server",
    "labels": "labels that people wrote",
    "network": "the hub",
    "program": "another program in an environment of its own",
    "run": "what stands above it, or a test of its own that runs it",
    "shell": "a shell of the reader's own",
    "weights": "a checkpoint that the package does not ship",
}
"""Why a command is not run here, by the word a block is marked with."""

_FENCE = re.compile(r"^ {0,3}```(?P<info>[^\n`]*)\n(?P<body>.*?)^ {0,3}```\s*$", re.MULTILINE | re.DOTALL)
_INFO = re.compile(r'(?P<language>\w*)\s*(?:\{(?P<marks>[^}]*)\})?\s*(?:title="[^"]*")?')


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: Path
    line: int
    """Of the page, where the fence opens."""
    language: str
    marks: str
    body: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"

    @property
    def needs(self) -> list[str]:
        found = re.search(r'needs="([^"]*)"', self.marks)
        return found[1].split() if found else []

    @property
    def commands(self) -> list[str]:
        """The lines a reader would type; a line that ends with a backslash goes on. Output is left out."""
        lines = self.body.replace("\\\n", " ").splitlines()
        if self.language == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        return [line for line in lines if line.strip()]


@cache
def blocks(page: Path) -> tuple[Block, ...]:
    """The fenced blocks of a page in their order."""
    text = page.read_text(encoding="utf-8")
    found: list[Block] = []
    for match in _FENCE.finditer(text):
        info = _INFO.fullmatch(match["info"].strip())
        assert info, f"{page}: a fence with {match['info']!r} behind it"
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(page, line, info["language"], info["marks"] or "", match["body"]))
    return tuple(found)


EVERY = tuple(block for page in PAGES for block in blocks(page))


def calls(command: str) -> list[list[str]]:
    """A command as a shell would split it: the words of each program of a pipe, without settings before it."""
    reader = shlex.shlex(command, posix=True, punctuation_chars="|&")
    reader.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in reader:
        if set(word) <= {"|", "&"}:
            found.append([])
        elif found[-1] or not re.fullmatch(r"[A-Z_]+=.*", word):
            found[-1].append(word)
    return found


def words(command: str) -> list[str]:
    """The words of a command that is one program."""
    [found] = calls(command)
    return found
