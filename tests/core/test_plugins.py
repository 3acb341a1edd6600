"""Plug-ins that are named, not installed: what they bring is found, what is wrong with them is said before any work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from resolute.core.catalogue import brought, entries, find
from resolute.core.errors import ResoluteError
from resolute.core.plugins import NAMED


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder in which catalogues are read anew."""
    monkeypatch.chdir(tmp_path)
    entries.cache_clear()
    yield tmp_path
    entries.cache_clear()


def test_a_file_that_is_named_brings_its_things_to_the_catalogue(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "brings_one.py").write_text('THING = 7\nJUDGES = {"named/thing": f"{__name__}:THING"}\n')
    assert "named/thing" not in entries("judges")
    entries.cache_clear()
    monkeypatch.setenv(NAMED, " brings_one.py ,")
    assert find("judges", "named/thing") == 7
    assert brought()["brings_one.py"] == {"judges": 1}


def test_a_module_that_is_named_is_imported_as_python_finds_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "team_package").mkdir()
    (place / "team_package" / "__init__.py").write_text('SUITES = {"team/all": "team_package:SUITES"}\n')
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.setenv(NAMED, "team_package")
    assert "team/all" in entries("suites")


def test_the_file_runs_once_however_often_names_are_looked_up(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "runs_once.py").write_text(
        'from pathlib import Path\nPath("ran").open("a").write("x")\nJUDGES = {"a/b": "c:d"}\n'
    )
    monkeypatch.setenv(NAMED, "runs_once.py")
    entries("judges"), entries("attacks"), brought()
    assert (place / "ran").read_text() == "x"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        pytest.param("not_there.py", None, "no such file", id="a missing file"),
        pytest.param("no_such_module_anywhere", None, "does not load: ModuleNotFoundError", id="a missing module"),
        pytest.param("json.py", "JUDGES = {}", "cannot be this plug-in's name", id="the name of another module"),
        pytest.param("two-words.py", "JUDGES = {}", "cannot be this plug-in's name", id="no name for a module"),
        pytest.param("brings_nothing.py", "JUDGE = {}", "brings nothing", id="a mistyped mapping"),
        pytest.param("breaks.py", "1 / 0", "ZeroDivisionError", id="an error of its own"),
        pytest.param("leaves.py", "raise SystemExit(0)", "SystemExit", id="one that ends the program"),
        pytest.param("no_python.py", "def", "SyntaxError", id="no Python"),
    ],
)
def test_a_plug_in_that_cannot_be_used_is_an_error_that_names_it(
    name: str, text: str | None, said: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if text is not None:
        (place / name).write_text(text)
    monkeypatch.setenv(NAMED, name)
    with pytest.raises(ResoluteError, match=said) as caught:
        entries("judges")
    assert name in caught.value.where
    assert caught.value.mend


def test_a_name_that_is_taken_is_not_taken_over(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "takes_over.py").write_text('JUDGES = {"refusal": "takes_over:X"}\n')
    monkeypatch.setenv(NAMED, "takes_over.py")
    with pytest.raises(ResoluteError, match="two judges are called 'refusal'"):
        entries("judges")
