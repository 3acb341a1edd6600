"""Problems that ask for code: how tests travel in `Prompt.expected`, and which part of an answer is code."""

from __future__ import annotations

import ast
import json
import re
import textwrap
import warnings
from dataclasses import asdict, dataclass
from typing import Any

_FENCE = re.compile(r"^[ ]{0,3}(`{3,}|~{3,})[ \t]*([^\s`{]*)[^\n`]*\n(.*?)(?:^[ ]{0,3}\1[`~]*[ \t]*$|\Z)", re.M | re.S)
_PYTHON = ("", "python", "py", "python3")
LONGEST = 200_000
"""Characters of an answer within which code is looked for, from its end."""


@dataclass(frozen=True)
class FunctionTests:
    """A function that is to be completed, and a text of Python whose `check(candidate)` raises where it is wrong."""

    name: str
    opening: str
    """What stands before the body: imports, what the tests use, the head and its docstring."""
    test: str


@dataclass(frozen=True)
class StoredTests:
    """Tests too large to travel: a row of a file below the data folder."""

    file: str
    problem: str
    sha256: str
    """Of the row's tests as the file has them."""


_FORMS: dict[str, type[FunctionTests] | type[StoredTests]] = {"function": FunctionTests, "stored": StoredTests}


def written(tests: FunctionTests | StoredTests) -> str:
    """For `Prompt.expected`: one line of JSON."""
    form = next(name for name, kind in _FORMS.items() if isinstance(tests, kind))
    return json.dumps({"form": form, **asdict(tests)}, ensure_ascii=False, sort_keys=True)


def read(expected: str) -> FunctionTests | StoredTests | None:
    """What `written` wrote; None for anything else."""
    try:
        told: Any = json.loads(expected)
        return _FORMS[told.pop("form")](**told)
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return None


def code_of(answer: str) -> str | None:
    """The last fenced block of Python (or of no named language), else the whole answer if it is Python, else None."""
    answer = answer[-LONGEST:].replace("\r\n", "\n")
    found = [match[3] for match in _FENCE.finditer(answer) if match[2].lower() in _PYTHON and match[3].strip()]
    if found:
        return textwrap.dedent(found[-1]) if parsed(found[-1]) is None else found[-1]
    for text in (answer, textwrap.dedent(answer)):  # the body of a function alone is Python once it is moved left
        tree = parsed(text)
        if tree is not None and any(not isinstance(node, ast.Expr) for node in tree.body):
            return answer
    return None


def completed(tests: FunctionTests, code: str) -> list[str]:
    """The function as texts that are run one after the other: after the opening where `code` defines it whole, joined
    with the opening where `code` is its body."""
    tree = parsed(code)
    if tree is not None and any(tests.name in _defined(node) for node in tree.body):
        return [tests.opening, code]
    body = code if code.startswith((" ", "\t")) else textwrap.indent(code, "    ")
    return [f"{tests.opening.rstrip()}\n{body}"]


def _defined(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return set()


def parsed(code: str) -> ast.Module | None:
    """The tree of a text, or None where it is no Python. Total: nothing is run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in other people's strings
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
