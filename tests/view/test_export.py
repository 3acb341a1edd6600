"""A page to send: it holds all it says and nothing it leaves out, runs nothing, asks for nothing, or is refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from resolute.core.errors import ResoluteError
from resolute.view import export
from resolute.view.app import Opened, opened
from resolute.view.export import asked_for, write_export
from resolute.view.filters import Filters
from tests.view.browsing import HOSTILE, Looked, driven
from tests.view.making import quiet, study


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with driven(chromium) as started:
        yield started


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return study(tmp_path_factory.mktemp("export"))


@pytest.fixture(scope="module")
def shown(run: Path) -> Opened:
    return opened([run], quiet)


def words_of(shown: Opened, *, dangerous: bool) -> set[str]:
    """Goals, thoughts and answers of traces that are harmful, or are not, and nowhere else."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for seen in shown.index.seen(range(shown.index.size)):
        texts = (seen.trace.prompt.goal, seen.trace.reasoning, seen.trace.answer)
        found[seen.harmful] |= {text.split("<")[0].strip() for text in texts if len(text.split("<")[0].strip()) > 4}
    return found[dangerous] - found[not dangerous]


def test_harmful_text_is_left_out_unless_asked_for_and_the_page_says_which(shown: Opened, tmp_path: Path) -> None:
    without, whole = tmp_path / "without.html", tmp_path / "whole.html"
    left = write_export(shown, Filters(), without, harmful=False)
    everything = write_export(shown, Filters(), whole, harmful=True)
    assert left.traces == everything.traces == shown.index.size
    assert 0 < left.withheld < left.traces
    assert everything.withheld == 0
    short, long = without.read_text(), whole.read_text()
    assert "Harmful text is left out" in short
    assert "This page holds harmful text" not in short
    assert "This page holds harmful text" in long
    assert "Harmful text is left out" not in long
    harmful = words_of(shown, dangerous=True)
    assert harmful
    assert not [text for text in harmful if text[:40] in short]
    assert "polish lid" in long


def test_a_benign_question_that_an_instrument_found_unsafe_is_left_out_too(shown: Opened, tmp_path: Path) -> None:
    asked = asked_for(shown.index, ["outcome=answer: unsafe"])
    made = write_export(shown, asked, tmp_path / "page.html", harmful=False)
    assert made.withheld == made.traces > 0


def test_the_same_data_give_the_same_bytes_wherever_they_lie(shown: Opened, run: Path, tmp_path: Path) -> None:
    write_export(shown, Filters(), tmp_path / "one.html", harmful=True)
    moved = tmp_path / "elsewhere"
    shutil.copytree(run.parent, moved)
    shutil.rmtree(moved / ".store" / "view")
    (moved / run.name).rename(moved / "another name")
    again = opened([moved / "another name"], quiet)
    write_export(again, Filters(), tmp_path / "two.html", harmful=True)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_what_was_searched_for_is_not_betrayed(shown: Opened, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_export(shown, asked_for(shown.index, ["q=polish", "kind=harmful"]), page, harmful=False)
    assert "polish" not in page.read_text()
    assert "its words are left out" in page.read_text()


def test_too_much_is_refused_with_what_would_narrow_it_and_nothing_is_cut(
    shown: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.html"
    monkeypatch.setattr(export, "MOST", 5)
    with pytest.raises(ResoluteError, match="too much for one page") as told:
        write_export(shown, Filters(), page, harmful=False)
    assert "--where '" in told.value.mend
    assert not page.exists()
    hint = told.value.mend.split("--where '")[1].split("'")[0]
    assert write_export(shown, asked_for(shown.index, [hint]), page, harmful=False).traces <= 5


@pytest.mark.parametrize("where", ["model", "colour=red", "model=nobody", "=x", "outcome=answer: fine"])
def test_a_filter_that_is_not_there_is_an_error_and_not_an_empty_page(shown: Opened, where: str) -> None:
    with pytest.raises(ResoluteError):
        asked_for(shown.index, [where])


def test_filters_that_leave_nothing_are_an_error(shown: Opened, tmp_path: Path) -> None:
    with pytest.raises(ResoluteError, match="no trace is left"):
        write_export(shown, asked_for(shown.index, ["min=99999999"]), tmp_path / "page.html", harmful=False)
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_inert_readable_and_alone(browser: Browser, shown: Opened, tmp_path: Path, scheme: str) -> None:
    path = tmp_path / "page.html"
    hostile = asked_for(shown.index, ["q=open"])
    write_export(shown, hostile, path, harmful=True)
    looked = Looked(browser, scheme=scheme)
    looked.page.goto(path.as_uri())
    assert looked.page.title().endswith("traces")
    assert looked.page.locator("script, svg, img, [onload], [onerror], form").count() == 0
    assert HOSTILE.split("\u202e")[0] in looked.page.locator("main").inner_text()
    assert "\u202e" not in path.read_text()
    assert looked.said == []
    assert looked.asked == [path.as_uri()]
    assert looked.faults() == []
    looked.close()
