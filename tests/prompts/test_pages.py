"""docs/prompts.md and docs/traces.md say what is there: each framing, each set with its size, each column."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from resolute.cli.app import app
from resolute.core.foreign import columns
from resolute.core.framing import builtin, parsed
from resolute.core.sources import load_prompts
from resolute.prompts import PROMPTS
from tests.prompts.test_prompt_sources import SIZES

DOCS = Path(__file__).parents[2] / "docs"
PROMPTS_PAGE, TRACES_PAGE = ((DOCS / f"{name}.md").read_text() for name in ("prompts", "traces"))


def table(page: str, header: str) -> list[list[str]]:
    """The cells of the rows below a header."""
    lines = page[page.index(header) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_page_shows_every_framing_and_what_it_probes() -> None:
    shown = [
        (name.strip("` "), technique, probes.removesuffix(" |"))
        for name, technique, probes in table(PROMPTS_PAGE, "| name | technique |")
    ]
    assert shown == [(framing.name, framing.technique, framing.probes) for framing in builtin()]


def test_the_page_shows_every_set() -> None:
    rows = table(PROMPTS_PAGE, "| name | prompts |")
    assert set(re.findall(r"`([a-z0-9-]+)`", "\n".join(" | ".join(row) for row in rows))) == set(PROMPTS)


@pytest.mark.usefixtures("shared_data")
@pytest.mark.parametrize(("name", "size"), [row[:2] for row in table(PROMPTS_PAGE, "| name | prompts |")])
def test_the_sizes_on_the_page_are_those_of_the_sets(name: str, size: str) -> None:
    for one in re.findall(r"`([a-z0-9-]+)`", name):
        if one in SIZES:  # the other sets are on no machine of the project
            assert len(load_prompts(one)) == int(size)


def test_the_framing_on_the_page_is_one() -> None:
    (text,) = re.findall(r"^```\n(---\n.*?)^```", PROMPTS_PAGE, re.MULTILINE | re.DOTALL)
    assert parsed(text, stem="x", where="the page").name == "fable"


def test_the_page_shows_the_columns_in_their_order() -> None:
    rows = dict(row[:2] for row in table(TRACES_PAGE, "| role | names"))
    for words, role in {
        "prompt": "text",
        "goal, where": "goal",
        "output": "response",
        "kind of": "kind",
        "why": "why",
    }.items():
        (shown,) = (names for said, names in rows.items() if said.startswith(words))
        listed = [
            name.split(" (")[0] for name in shown.removesuffix(" |").removesuffix(", or the last message").split(", ")
        ]
        assert listed == list(columns.NAMES[role])  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("line", re.findall(r"^\$ (resolute .*)$", PROMPTS_PAGE + TRACES_PAGE, re.MULTILINE))
def test_commands_on_the_pages_use_options_that_exist(line: str) -> None:
    _, verb, *rest = shlex.split(line)
    command: Any = typer.main.get_command(app).commands[verb]  # type: ignore[attr-defined]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= known
