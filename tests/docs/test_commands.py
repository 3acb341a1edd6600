"""Every command in README and docs is run here, or marked with why it is not and held against the command line."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from resolute.cli.app import app, run
from tests.docs.blocks import EVERY, NEEDS, PAGES, ROOT, Block, blocks, calls, words

SHOWN = [block for block in EVERY if block.language in ("bash", "console")]
COMMANDS = [(block, command) for block in SHOWN for command in block.commands]


def runnable(page: Path, mark: str = "") -> list[Block]:
    """The blocks of a page that are run under a mark."""
    return [block for block in blocks(page) if block.language == "bash" and block.marks == mark]


def typed(page: Path, mark: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Each line of a page's blocks as a shell would hand it to the command, one after the other, in one folder.

    README's own are run by `tests/test_readme.py`, which looks at what they made too.
    """
    monkeypatch.chdir(folder)
    for name in ("examples", "recipes"):
        (folder / name).symlink_to(ROOT / name)
    for block in runnable(page, mark):
        for command in block.commands:
            arguments = words(os.path.expandvars(command))
            assert "$" not in " ".join(arguments), f"{block.place}: a variable that is not set"
            code = run(arguments[1:])
            out, err = capsys.readouterr()
            assert code == 0, f"{block.place}: {command}\n{out[-500:]}\n{err[-2000:]}"


def ids(pages: list[Path]) -> list[str]:
    return [page.relative_to(ROOT).as_posix() for page in pages]


DOCS = [page for page in PAGES if page.name != "README.md"]
QUICK = [page for page in DOCS if runnable(page)]
SLOW = [page for page in DOCS if runnable(page, ".slow")]


@pytest.mark.parametrize("page", QUICK, ids=ids(QUICK))
def test_the_commands_of_a_page_run(page: Path, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    typed(page, "", tmp_path, monkeypatch, capsys)


@pytest.mark.verify
@pytest.mark.parametrize("page", SLOW, ids=ids(SLOW))
def test_the_slow_commands_of_a_page_run(page: Path, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    typed(page, ".slow", tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("block", SHOWN, ids=[block.place for block in SHOWN])
def test_a_block_is_run_or_says_why_not(block: Block) -> None:
    if block.language == "bash":
        assert block.marks in ("", ".slow", ".data")
        assert all(words(command)[:1] == ["resolute"] for command in block.commands), "only `resolute` is run"
    else:
        assert block.needs, f'write ```console {{needs="..."}} with one or more of: {", ".join(sorted(NEEDS))}'
        assert set(block.needs) <= set(NEEDS)
        assert block.commands, "a block without a command is none of a console"


def test_no_command_hides_in_a_block_of_another_kind() -> None:
    hidden = [
        block.place
        for block in EVERY
        if block.language not in ("bash", "console", "python")
        and re.search(r"^(\$ )?(\w+=\S+ )*resolute [a-z]", block.body, re.MULTILINE)
    ]
    assert not hidden


@pytest.mark.parametrize(("block", "command"), COMMANDS, ids=[f"{block.place} {line}"[:90] for block, line in COMMANDS])
def test_verbs_and_options_exist(block: Block, command: str) -> None:
    for program, *rest in calls(command):
        if program != "resolute":
            assert block.needs, "a program that is not ours is never run"
            continue
        at: Any = typer.main.get_command(app)
        while hasattr(at, "commands") and rest and not rest[0].startswith("-"):
            assert rest[0] in at.commands, f"{block.place}: no verb {rest[0]!r}"
            at, rest = at.commands[rest[0]], rest[1:]
        known = {name for parameter in at.params for name in parameter.opts} | {"--help", "--debug"}
        used = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert used <= known, f"{block.place}: {sorted(used - known)}"


@pytest.mark.parametrize("block", [block for block in EVERY if block.language == "sh"], ids=lambda block: block.place)
def test_make_targets_exist(block: Block) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for command in block.commands:
        program, target = shlex.split(command, comments=True)[:2]
        assert program == "make"
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{block.place}: no target {target}"


@pytest.mark.parametrize("page", PAGES, ids=ids(list(PAGES)))
def test_our_own_programs_that_a_page_names_are_there(page: Path) -> None:
    for module in re.findall(r"python -m ((?:bench|resolute)[\w.]*)", page.read_text()):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module


def test_python_that_a_page_shows_is_python() -> None:
    for block in EVERY:
        if block.language == "python" and "--8<--" not in block.body:
            compile(block.body, block.place, "exec")
