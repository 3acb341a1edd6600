"""The command line starts light: what `resolute --help` imports is held here, what it takes by `bench/cli.py`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

ALLOWED = {"resolute", "typer", "rich", "shellingham", "annotated_doc", "typing_extensions"}
"""Everything outside the standard library that may be imported before a command runs."""

COERCION = {"pydantic", "pydantic_core", "annotated_types", "typing_inspection"}
"""What Typer itself imports to read the options of one verb."""

VERBS = ("distill", "audit", "judge", "curate", "train", "evaluate", "report", "study", "demo", "doctor", "lab")


def imported(*arguments: str) -> set[str]:
    """Top-level modules outside the standard library that one command line imports."""
    code = (
        "import sys, json\nbefore = set(sys.modules)\nfrom resolute.cli.app import run\n"
        f"code = run({list(arguments)!r})\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print('\\n' + json.dumps([code, sorted(new - sys.stdlib_module_names)]))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    code, names = json.loads(result.stdout.splitlines()[-1])
    assert code == 0
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("audit", "--help"), ("lab", "build", "--help")])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert imported(*arguments) <= (ALLOWED | COERCION if arguments[0] in VERBS else ALLOWED)


def test_help_names_every_verb_and_says_what_each_does_in_one_line() -> None:
    result = subprocess.run([sys.executable, "-m", "resolute", "--help"], capture_output=True, text=True, check=True)
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line.startswith("  ") and line.split()}
    for verb in VERBS:
        assert lines[verb].endswith("."), "the line is cut off"
        assert "..." not in lines[verb]
