"""The judge of code: real problems with their own solutions, and the same broken; answers that are no code at all."""

from __future__ import annotations

import ast
import base64
import gzip
import json
import pickle
import zlib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from resolute.cli.app import run
from resolute.core.answers.programs import FunctionTests, StoredTests, code_of, completed, read, written
from resolute.core.errors import ResoluteError
from resolute.core.files import read_records, write_records
from resolute.core.records import Ending, Prompt, Trace, Verdict
from resolute.core.sources import PLACE, load_prompts
from resolute.judges import code as judge
from resolute.judges.code import CODE, same_output
from resolute.models.isolation import captive, sandbox
from resolute.prompts import livecodebench
from tests.conftest import DATA

FEW = 20
"""Problems of the default run; all of them in `make verify`."""


def answered(prompt: Prompt, answer: str, name: str = "t") -> Trace:
    end = Ending(where="answer", why="end of turn")
    return Trace(
        id=name, prompt=prompt, sent=[], model="m", identity="m", reasoning="a thought", answer=answer, ending=end
    )


def block(code: str) -> str:
    return f"Here it is.\n\n```python\n{code}\n```\n"


@cache
def solutions() -> dict[str, dict[str, Any]]:
    with gzip.open(DATA / "reasoning/HumanEval.jsonl.gz") as stream:
        return {row["task_id"]: row for row in map(json.loads, stream)}


@pytest.fixture
def problems(shared_data: Path, walls: str, monkeypatch: pytest.MonkeyPatch) -> list[Prompt]:
    monkeypatch.setenv(PLACE, str(shared_data))
    return load_prompts("humaneval")


BREAK = """
_right = {name}
def {name}(*args, **names):
    value = _right(*args, **names)
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, (list, tuple)):
        return value + type(value)([0])
    return 0
"""
"""A function whose value is off by one."""
_OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


class _Swap(ast.NodeTransformer):
    """Every operator becomes another one."""

    def __init__(self) -> None:
        self.swapped = 0

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        other = _OTHER.get(type(node))
        self.swapped += other is not None
        return other() if other else node


def right(prompt: Prompt) -> str:
    row = solutions()[prompt.split]
    return row["prompt"] + row["canonical_solution"]


def broken(prompt: Prompt, number: int) -> str:
    """Returns nothing, is off by one, or (where it has operators) has wrong ones: in turn."""
    name = solutions()[prompt.split]["entry_point"]
    tree = ast.parse(right(prompt))
    swap = _Swap()
    if number % 3 == 2:
        tree = swap.visit(tree)
    if swap.swapped:
        return ast.unparse(ast.fix_missing_locations(tree))
    if number % 3 == 1:
        return right(prompt) + BREAK.format(name=name)
    return solutions()[prompt.split]["prompt"] + "    return None\n"


def labels(traces: list[Trace]) -> Counter[str]:
    return Counter(f"{verdict.outcome}, {verdict.label}" for verdict in CODE.judge_all(traces))


def test_solutions_pass_and_broken_ones_fail_on_a_few_problems(problems: list[Prompt]) -> None:
    some = problems[::8][:FEW]
    assert labels([answered(prompt, block(right(prompt))) for prompt in some]) == {"scored, passed": FEW}
    traces = [answered(prompt, block(broken(prompt, number))) for number, prompt in enumerate(some)]
    assert all(verdict.score == 0 for verdict in CODE.judge_all(traces))


@pytest.mark.verify
def test_every_solution_of_humaneval_passes_and_every_broken_one_fails(problems: list[Prompt]) -> None:
    assert labels([answered(prompt, block(right(prompt))) for prompt in problems]) == {"scored, passed": 164}
    traces = [answered(prompt, block(broken(prompt, number))) for number, prompt in enumerate(problems)]
    verdicts = CODE.judge_all(traces)
    assert [verdict.outcome for verdict in verdicts] == ["scored"] * 164
    assert [trace.prompt.split for trace, verdict in zip(traces, verdicts, strict=True) if verdict.score] == []


def test_the_body_alone_is_completed_whether_it_is_moved_in_or_not(problems: list[Prompt]) -> None:
    prompt = problems[0]
    body = solutions()[prompt.split]["canonical_solution"]
    flat = "\n".join(line.removeprefix("    ") for line in body.splitlines())
    assert labels([answered(prompt, text) for text in (body, block(body), block(flat))]) == {"scored, passed": 3}


@pytest.fixture
def adding() -> Prompt:
    opening = 'def add(a, b):\n    """The sum."""\n'
    tests = FunctionTests("add", opening, "def check(candidate):\n    assert candidate(1, 2) == 3\n")
    return Prompt(text=opening, goal=opening, kind="code", expected=written(tests))


RIGHT = "def add(a, b):\n    return a + b"
WRONG = "def add(a, b):\n    return a - b"


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        (block(RIGHT), "passed"),
        (block(WRONG) + block(RIGHT), "passed"),
        (block(RIGHT) + block(WRONG), "wrong"),
        (block(RIGHT) + "Run it:\n```bash\nrm -rf /\n```\n", "passed"),
        (f"```\n{RIGHT}\n```", "passed"),
        (f"~~~py\n{RIGHT}\n~~~", "passed"),
        (f"````python\n{RIGHT}\n# ```\n````", "passed"),
        (f"```python\n{RIGHT}", "passed"),
        (RIGHT, "passed"),
        (block("import os\n" + RIGHT.replace("\n", "\r\n")), "passed"),
        (block("add = lambda a, b: a + b"), "passed"),
        ("I would rather not.", "no code"),
        ("", "no code"),
        ("```bash\nls\n```", "no code"),
        (block("   \n"), "no code"),
        (block("def add(a, b: return"), "crashed"),
        (block("print('hello')"), "wrong"),
        (block("def add(a, b):\n    while True: pass"), "timeout"),
    ],
)  # fmt: skip
def test_the_last_block_of_the_answer_is_what_is_judged(
    walls: str, adding: Prompt, answer: str, label: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "LIMITS", sandbox.Limits(cpu=1, wall=3))
    (verdict,) = CODE.judge(answered(adding, answer))
    assert verdict.label == label
    assert verdict.outcome == ("model failed" if label == "no code" else "scored")
    assert verdict.saw.parts == ["answer"]


def test_code_in_the_thought_is_never_judged(walls: str, adding: Prompt) -> None:
    trace = answered(adding, "").model_copy(update={"reasoning": block(RIGHT)})
    assert CODE.judge(trace)[0].outcome == "model failed"


def test_a_broken_sandbox_is_the_judges_failure_and_never_a_wrong_answer(
    walls: str, adding: Prompt, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.mode()
    monkeypatch.setattr(captive, "wall", lambda *_: ["bwrap", "--no-such-option"])
    (verdict,) = CODE.judge(answered(adding, block(RIGHT)))
    assert (verdict.outcome, verdict.score) == ("judge failed", None)
    assert "no-such-option" in verdict.why


def test_a_problem_without_tests_is_the_judges_failure() -> None:
    for expected in ("", "42", "[]", '{"form": "other"}', '{"form": "function"}', "[" * 10**5):
        (verdict,) = CODE.judge(answered(Prompt(text="x", goal="x", expected=expected), block(RIGHT)))
        assert verdict.outcome == "judge failed"


def test_without_a_sandbox_the_judge_refuses_whatever_the_answer_is(
    adding: Prompt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_look", lambda _: "bubblewrap is not installed")
    for answer in (block(RIGHT), "no code"):
        with pytest.raises(ResoluteError, match="never run without") as caught:
            CODE.judge(answered(adding, answer))
        assert "install bubblewrap" in caught.value.mend


def test_verdicts_stand_in_the_order_of_the_traces_and_progress_ends_at_all(walls: str, adding: Prompt) -> None:
    traces = [answered(adding, block(RIGHT if number % 2 else WRONG), f"t{number}") for number in range(6)]
    seen: list[tuple[int, int]] = []
    verdicts = CODE.judge_all(traces, lambda _, done, total: seen.append((done, total)))
    assert [(verdict.trace, verdict.score) for verdict in verdicts] == [(f"t{n}", float(n % 2)) for n in range(6)]
    assert seen[-1] == (6, 6)


def test_the_command_judges_a_file_of_answers(walls: str, adding: Prompt, tmp_path: Path) -> None:
    traces = [answered(adding, block(code), name) for name, code in (("a", RIGHT), ("b", WRONG))]
    write_records(tmp_path / "answers.parquet", traces, Trace)
    out = tmp_path / "runs" / "judged"
    assert run(["judge", "run", str(tmp_path / "answers.parquet"), "--judge", "code", "--out", str(out)]) == 0
    (found,) = (tmp_path / "runs").rglob("verdicts.parquet")
    labels = {verdict.trace: verdict.label for verdict in read_records(found, Verdict)}
    assert labels == {"a": "passed", "b": "wrong"}


def packed(cases: list[dict[str, str]]) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(cases)))).decode()


def case(given: str, expected: str, kind: str = "stdin") -> dict[str, str]:
    return {"input": given, "output": expected, "testtype": kind}


ROWS = [
    {
        "question_id": "sum", "question_content": "Sum the numbers.", "starter_code": "",
        "contest_date": "2024-08-17T00:00:00",
        "difficulty": "easy", "metadata": "{}", "public_test_cases": json.dumps([case("1 2\n", "3\n")]),
        "private_test_cases": packed([case("10 20\n", "30"), case("0 0\n", "0.0")]),
    },
    {
        "question_id": "twice", "question_content": "Double it.", "contest_date": "2025-01-04T00:00:00",
        "difficulty": "hard",
        "starter_code": "class Solution:\n    def twice(self, n: List[int]) -> List[int]:\n        ",
        "metadata": json.dumps({"func_name": "twice"}),
        "public_test_cases": json.dumps([case("[1, 2]", "[2, 4]", "functional")]),
        "private_test_cases": packed([case("[]", "[]", "functional")]),
    },
]  # fmt: skip
SUM = "print(sum(map(int, input().split())))"
TWICE = "class Solution:\n    def twice(self, n: List[int]) -> List[int]:\n        return tuple(2 * i for i in n)"


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Prompt]:
    """A file of the same form, written here: no machine of the project has the real ones."""
    path = tmp_path / "reasoning" / "livecodebench" / "test.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    monkeypatch.setenv(PLACE, str(tmp_path))
    return livecodebench.problems(path, "reasoning/livecodebench/test.jsonl")


@pytest.mark.parametrize(
    ("number", "code", "label"),
    [
        (0, SUM, "passed"),
        (0, "print(3)", "wrong"),
        (0, f"if __name__ == '__main__':\n    {SUM}\n    sys.exit(0)", "passed"),
        (0, "1 / 0", "crashed"),
        (1, TWICE, "passed"),
        (1, "def twice(n): return [2 * i for i in n]", "passed"),
        (1, TWICE.replace("2 * i", "i"), "wrong"),
        (1, "x = 1", "crashed"),
    ],
)
def test_hidden_tests_of_a_file_judge_programs_and_methods(
    walls: str, stored: list[Prompt], number: int, code: str, label: str
) -> None:
    (verdict,) = CODE.judge(answered(stored[number], block(code)))
    assert (verdict.outcome, verdict.label) == ("scored", label)


def test_tests_that_changed_moved_or_went_away_are_the_judges_failure(
    walls: str, stored: list[Prompt], tmp_path: Path
) -> None:
    path = tmp_path / "reasoning" / "livecodebench" / "test.jsonl"
    changed = ROWS[0] | {"private_test_cases": packed([case("1\n", "2")])}
    for content in (json.dumps(changed), json.dumps(ROWS[1]), "{", ""):
        path.write_text(content + "\n")
        (verdict,) = CODE.judge(answered(stored[0], block(SUM)))
        assert (verdict.outcome, verdict.score) == ("judge failed", None)
    path.unlink()
    assert CODE.judge(answered(stored[0], block(SUM)))[0].outcome == "judge failed"
    outside = written(StoredTests("../../etc/passwd", "sum", "0"))
    (verdict,) = CODE.judge(answered(Prompt(text="x", goal="x", expected=outside), block(SUM)))
    assert verdict.why == "the file of tests does not lie below the data folder"


@pytest.mark.parametrize(
    ("said", "expected", "same"),
    [
        ("1 2\n3\n", "1 2\n3", True),
        ("  1 2  \n3", "1 2\n3\n\n", True),
        ("1.50", "1.5", True),
        ("50000000000000001", "50000000000000000", False),
        ("1\n2", "1 2", False),
        ("yes", "YES", False),
        ("nan", "nan", True),
        ("NaN 1", "nan 1", False),
        ("", "1", False),
        ("1" * 10**6, "1", False),
    ],
)
def test_outputs_are_compared_line_by_line_and_numbers_exactly(said: str, expected: str, same: bool) -> None:
    assert same_output(said, expected) is same


def test_tests_travel_through_the_record_and_anything_else_is_none() -> None:
    for tests in (FunctionTests("f", "def f():\n", "é\n"), StoredTests("a/b.jsonl", "1", "ff")):
        assert read(written(tests)) == tests
    assert read("nothing") is None


@pytest.mark.parametrize("answer", ["`" * 10**6, "```python\n" * 10**5, "~" * 10**5 + "\n" * 10**5, "(" * 10**6])
def test_looking_for_code_ends_soon_on_any_text(answer: str) -> None:
    found = code_of(answer)
    assert found is None or isinstance(completed(FunctionTests("f", "def f():\n", ""), found), list)
