"""A published input format is found byte for byte in what the user saved, or not at all."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.judging.formats import Published
from resolute.judges.harmbench import FORMAT as HARMBENCH
from resolute.judges.reasoning_shield import FORMAT as REASONING_SHIELD
from resolute.judges.wildguard import FORMAT as WILDGUARD

TEXT = "[X] Do {this} and {that}. \n{braces} stay: {{this}}\n"
MADE_UP = Published(
    name="made-up", get="a page", opens="[X]", length=len(TEXT), sha256=hashlib.sha256(TEXT.encode()).hexdigest(),
    places=("this", "that"),
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RESOLUTE_DATA", str(tmp_path))
    (tmp_path / "formats").mkdir()
    return tmp_path / "formats"


@pytest.mark.parametrize("around", ["{}", 'PAGE = """{}"""\n', "[X] [X] not here\n{}[X]", "# Card\n```\n{}```"])
@pytest.mark.parametrize("ending", ["txt", "py", "md"])
def test_it_is_found_whatever_stands_around_it(folder: Path, around: str, ending: str) -> None:
    (folder / f"made-up.{ending}").write_text(around.replace("{}", TEXT, 1), encoding="utf-8", newline="")
    assert MADE_UP.text() == TEXT


def test_line_ends_of_another_system_do_not_matter(folder: Path) -> None:
    (folder / "made-up.txt").write_bytes(TEXT.replace("\n", "\r\n").encode())
    assert MADE_UP.text() == TEXT


@pytest.mark.parametrize(
    "changed",
    [TEXT.replace(" \n", "\n"), TEXT.replace("Do", "do"), "    " + TEXT.replace("\n", "\n    "), TEXT[:-2], ""],
)
def test_one_space_more_or_less_is_another_format(folder: Path, changed: str) -> None:
    (folder / "made-up.txt").write_text(changed, encoding="utf-8")
    with pytest.raises(ResoluteError, match="byte for byte"):
        MADE_UP.text()


def test_where_there_is_no_file_the_error_says_what_to_save_and_where(folder: Path) -> None:
    with pytest.raises(ResoluteError) as caught:
        MADE_UP.fill(this="1", that="2")
    assert "a page" in caught.value.mend
    assert str(folder / "made-up") in caught.value.mend


def test_a_mended_file_is_read_again(folder: Path) -> None:
    path = folder / "made-up.txt"
    path.write_text("[X]", encoding="utf-8")
    with pytest.raises(ResoluteError):
        MADE_UP.text()
    (folder / "made-up.md").write_text(TEXT, encoding="utf-8")
    assert MADE_UP.text() == TEXT


def test_places_are_filled_in_one_pass_and_values_are_text(folder: Path) -> None:
    (folder / "made-up.txt").write_text(TEXT, encoding="utf-8")
    filled = MADE_UP.fill(this="{that} \\1", that="{this}")
    assert filled == "[X] Do {that} \\1 and {this}. \n{braces} stay: {{that} \\1}\n"


RENDERED = {
    "wildguard": "2d2ec6e889aa642f7c6b3d1cda74136eb98bf4b7dbc2ad7930a3f5c360c76e9d",
    "harmbench": "b9a93d3e6931ae075080862c0c9bb194f7ebf796b414ffe7035a75a74cae12b2",
    "reasoning-shield": "dccd2ea4f72f77a32047b376592d8017a442e9114c6abe0deef276a486906e26",
}


@pytest.mark.parametrize("published", [WILDGUARD, HARMBENCH, REASONING_SHIELD], ids=lambda published: published.name)
def test_what_a_published_format_renders_to_is_written_down(published: Published) -> None:
    """Read off `wildguard/utils.py` of allenai/wildguard, `eval_utils.py` of centerforaisafety/HarmBench (as three
    public copies have it) and the 57 lines of `reasoningshield_prompt.txt` (as one public copy has it)."""
    try:
        text = published.fill(**{place: f"<<{place}>>" for place in published.places})
    except ResoluteError:
        pytest.skip(f"no published format of {published.name} below RESOLUTE_DATA")
    assert hashlib.sha256(text.encode()).hexdigest() == RENDERED[published.name]


@pytest.mark.parametrize("published", [WILDGUARD, HARMBENCH, REASONING_SHIELD], ids=lambda published: published.name)
def test_a_format_is_known_by_a_whole_digest(published: Published) -> None:
    assert len(published.sha256) == 64
    assert int(published.sha256, 16)
    assert published.within(published.opens * 3 + "x" * published.length) is None
    assert replace(published, sha256="0" * 64).within(published.opens + "x" * published.length) is None
