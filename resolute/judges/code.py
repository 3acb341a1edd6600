"""`code`: whether the code of an answer passes its tests within walls (`models.isolation.sandbox`). No model is asked.

Only the answer is read, never a thought: its last fenced block of Python, else the whole of it where it is Python. One
test that fails is *wrong*. Code that does not end, breaks, or takes too much is wrong too, and the label says which; a
sandbox that does not come up is *judge failed*. Known bias: tests let some wrong programs pass; a busy machine makes
slow code slower, so the limit is on processor time first; only the standard library is there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import partial
from json import loads
from pathlib import Path
from typing import Any, Literal

from resolute.core.answers import codetests
from resolute.core.answers.programs import FunctionTests, StoredTests, code_of, completed, read
from resolute.core.errors import ResoluteError
from resolute.core.jobs import Progress
from resolute.core.records import Saw, Trace, Verdict
from resolute.core.sources import PLACE
from resolute.models.isolation.captive import Broken
from resolute.models.isolation.sandbox import Outcome, called, checked, like, mode, pooled, ran
from resolute.models.isolation.walls import Limits

VERSION = "1"
LIMITS = Limits(cpu=10, wall=30)
"""Of a function under all its tests."""
EACH = Limits(cpu=6, wall=20, memory=4 * 1024**3)
"""Of one of LiveCodeBench's tests; its own harness gives 6 seconds and 4 GiB."""
_SPARE = 1024**2
"""Bytes that a program may write beyond twice what is expected of it."""
_NAMES = """
string re datetime collections heapq bisect copy math random statistics itertools functools operator io sys json
builtins typing
"""
OPENING = "\n".join(
    [
        *(f"from {name} import *" for name in _NAMES.split()),
        f"import {', '.join(_NAMES.split())}",
        "sys.setrecursionlimit(50_000)",
    ]
)
"""What answers to LiveCodeBench may take for granted: the standard library's names that its own harness gives them."""

_Places = tuple[Path, Mapping[str, int]]
"""A file of tests, and where in it each problem begins."""


class Code:
    """Event `correct`, on the answer."""

    name = "code"
    version = VERSION
    event: Literal["correct"] = "correct"

    def judge(self, trace: Trace) -> list[Verdict]:
        """One verdict on the answer. Raises `ResoluteError` where there is no sandbox."""
        return self.judge_all([trace])

    def judge_all(self, traces: Sequence[Trace], progress: Progress | None = None) -> list[Verdict]:
        """One verdict per trace, in order; several sandboxes at once. Raises `ResoluteError` where there is none."""
        if any(read(trace.prompt.expected) for trace in traces):
            mode()
        stored: dict[str, set[str]] = {}
        for trace in traces:
            tests = read(trace.prompt.expected)
            if isinstance(tests, StoredTests):
                stored.setdefault(tests.file, set()).add(tests.problem)
        places = {name: _places(name, wanted) for name, wanted in stored.items()}

        def told(number: int) -> None:
            if progress is not None:
                progress("judging", number, len(traces))

        return pooled(partial(self._verdict, places=places), traces, told)

    def _verdict(self, trace: Trace, places: Mapping[str, _Places | str]) -> Verdict:
        verdict = Verdict(
            trace=trace.id,
            judge=f"{self.name} {self.version}",
            event=self.event,
            part="answer",
            outcome="judge failed",
            saw=Saw(goal=False, parts=["answer"], characters=len(trace.answer)),
            why="the problem has no tests",
        )
        tests = read(trace.prompt.expected)
        if tests is None:
            return verdict
        code = code_of(trace.answer)
        if code is None:
            return verdict.model_copy(update={"outcome": "model failed", "label": "no code", "why": "there is no code"})
        try:
            if isinstance(tests, FunctionTests):
                found = checked(completed(tests, code), tests.name, [tests.opening, tests.test], LIMITS)
            else:
                found = _stored(tests, code, places[tests.file])
        except Broken as error:
            return verdict.model_copy(update={"why": f"no sandbox came up: {error}"})
        except _NoTests as error:
            return verdict.model_copy(update={"why": str(error)})
        scored = {"outcome": "scored", "score": float(found.label == "passed"), "label": found.label, "why": ""}
        return verdict.model_copy(update=scored | {"raw": found.why})


class _NoTests(Exception):  # noqa: N818 (becomes a failed verdict)
    """The tests that an answer is to be judged by are not there."""


def _places(name: str, wanted: set[str]) -> _Places | str:
    path = Path(os.environ.get(PLACE) or "data") / name
    if Path(name).is_absolute() or ".." in Path(name).parts:
        return "the file of tests does not lie below the data folder"
    try:
        return path, {row["question_id"]: at for at, row in codetests.lines(path) if row["question_id"] in wanted}
    except ResoluteError as error:
        return f"the file of tests cannot be read: {error}"


def _stored(tests: StoredTests, code: str, place: _Places | str) -> Outcome:
    """Every test of a problem, each in a sandbox of its own, until one fails."""
    if isinstance(place, str):
        raise _NoTests(place)
    path, starts = place
    if tests.problem not in starts:
        raise _NoTests("the file of tests does not have this problem")
    with path.open("rb") as stream:
        stream.seek(starts[tests.problem])
        row: dict[str, Any] = loads(stream.readline())
    if codetests.fingerprint(row) != tests.sha256:
        raise _NoTests("the tests are not those the answer was asked for with")
    try:
        name, cases = codetests.name_of(row), codetests.cases(row)
        outcome = Outcome("passed")
        for case in cases:
            outcome = _called(code, name, case) if case.kind == "functional" else _ran(code, case)
            if outcome.label != "passed":
                break
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _NoTests(f"the tests cannot be read: {type(error).__name__}") from error
    return outcome


def _ran(code: str, case: codetests.Case) -> Outcome:
    said, end = ran([OPENING, code], case.stdin, replace(EACH, output=2 * len(case.expected) + _SPARE))
    return end or Outcome("passed" if same_output(said, case.expected) else "wrong")


def _called(code: str, name: str, case: codetests.Case) -> Outcome:
    args = [loads(line) for line in case.stdin.split("\n")]
    value, end = called([OPENING, code], name, args, EACH)
    if isinstance(value, dict) and value.keys() == {"tuple"}:  # its own harness takes a tuple for a list, outermost
        value = value["tuple"]
    return end or Outcome("passed" if like(value, loads(case.expected)) else "wrong")


def same_output(said: str, expected: str) -> bool:
    """Line by line without the white space around each; lines of numbers also as numbers, exactly."""
    ours, theirs = said.strip().split("\n"), expected.strip().split("\n")
    return len(ours) == len(theirs) and all(
        one.strip() == other.strip() or _same_numbers(one, other) for one, other in zip(ours, theirs, strict=True)
    )


def _same_numbers(one: str, other: str) -> bool:
    try:
        return [Decimal(word) for word in one.split()] == [Decimal(word) for word in other.split()]
    except InvalidOperation:
        return False


CODE = Code()
