"""HumanEval (arXiv 2107.03374; MIT): 164 Python functions to complete, each with tests of its own."""

from __future__ import annotations

from resolute.core import texts
from resolute.core.answers.programs import FunctionTests, written
from resolute.core.records import Prompt
from resolute.core.sources import data_rows

_COLUMNS = ["task_id", "prompt", "entry_point", "test"]
_GET = "https://github.com/openai/human-eval (data/HumanEval.jsonl.gz)"
_SHA256 = "b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef"


def humaneval() -> list[Prompt]:
    """All 164; the goal is the function's head with its docstring, `split` the name of the problem."""
    text = texts.load("code-function")
    return [
        Prompt(
            text=texts.fill(text, opening=row["prompt"].strip("\n")),
            goal=row["prompt"],
            kind="code",
            source="humaneval",
            split=row["task_id"],
            expected=written(FunctionTests(row["entry_point"], row["prompt"], row["test"])),
        )
        for row in data_rows("reasoning/HumanEval.jsonl.gz", _COLUMNS, get=_GET, sha256=_SHA256)
    ]
