"""What is very long is paged or shown whole, never cut: rows of many tokens, thoughts of a megabyte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from starlette.testclient import TestClient

from resolute.core.files import write_records
from resolute.core.people.forms import form
from resolute.core.people.sheets import draw, keep_private, key_text, sheet_text
from resolute.core.people.strata import by_verdict
from resolute.core.records import Ending, Saw, Trace, Verdict
from resolute.core.results.judged import judged
from resolute.view import filling, labelling
from resolute.view.app import build, opened
from resolute.view.rows import TOKENS
from resolute.view.tokens import read, thought_of
from tests.view.browsing import Looked, driven, served
from tests.view.making import HUGE, quiet, trace

PIECE = re.compile(r'<span class="t(?: special)?">')


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with driven(chromium) as started:
        yield started


@pytest.fixture
def model(shared_data: Path) -> str:
    """A tokenizer for which every row has tokens."""
    return str(shared_data / "tokenizers" / "qwen3")


def written(folder: Path, thought: str) -> Path:
    rows = [trace("long", "polish lid", reasoning=thought), trace("short", "polish lid")]
    write_records(folder / "traces.parquet", rows, Trace)
    return folder / "traces.parquet"


def test_a_row_of_many_tokens_is_paged_and_each_token_is_on_one_page(tmp_path: Path, model: str) -> None:
    shown = opened([written(tmp_path, "one more word of it. " * 1500)], quiet, runs=tmp_path / "runs", model=model)
    app = build(shown)
    client = TestClient(app, base_url="http://127.0.0.1")
    client.get(f"/?token={app.state.session.token}")
    (name,) = shown.index.rows.of_trace(shown.index.place(trace("long", "").id) or 0)
    row = shown.index.rows.by_id(name)
    assert row is not None
    tokens = len(read(row.example, thought_of(model)).tokens)
    assert tokens > 2 * TOKENS
    pages = [client.get(f"/row/{name}?page={number}").text for number in range(1, 2 + tokens // TOKENS)]
    counts = [len(PIECE.findall(page.split('<aside class="side"')[0])) for page in pages]
    assert counts[:-1] == [TOKENS] * (len(pages) - 1)
    assert sum(counts) == tokens
    assert ["Earlier tokens" in page for page in pages] == [False] + [True] * (len(pages) - 1)
    assert ["Later tokens" in page for page in pages] == [True] * (len(pages) - 1) + [False]
    for strange in ("0", "-1", "999999", "x", "1.5"):
        assert client.get(f"/row/{name}?page={strange}").status_code == 200


def test_a_thought_of_a_megabyte_is_a_row_of_pages_in_the_browser(browser: Browser, tmp_path: Path, model: str) -> None:
    shown = opened([written(tmp_path, HUGE)], quiet, runs=tmp_path / "runs", model=model)
    (name,) = shown.index.rows.of_trace(shown.index.place(trace("long", "").id) or 0)
    row = shown.index.rows.by_id(name)
    assert row is not None
    tokens = len(read(row.example, thought_of(model)).tokens)  # what is read once is kept
    assert tokens > 200_000
    look = Looked(browser)
    page = look.page
    with served(build(shown)) as address:
        page.goto(address)
        home = address.split("/?")[0]
        page.goto(f"{home}/row/{name}", timeout=20_000)
        expect(page.locator(".pages")).to_contain_text(f"tokens 1 to {TOKENS} of {tokens}")
        page.get_by_role("link", name="Later tokens").press("Enter")
        page.wait_for_url("**page=2")
        expect(page.locator(".pages")).to_contain_text(f"tokens {TOKENS + 1} to {2 * TOKENS} of {tokens}")
        assert page.locator(".stretch .t").count() == TOKENS
        page.goto(f"{home}/row/{name}?page=99999")
        expect(page.locator(".pages")).to_contain_text(f"to {tokens} of {tokens}")
        assert look.said == []
    look.close()


def test_a_thought_of_a_megabyte_is_labelled_by_keys_and_shown_whole(browser: Browser, tmp_path: Path) -> None:
    path = huge_sheet(tmp_path)
    look = Looked(browser)
    page = look.page
    with served(labelling.build(filling.opened(path))) as address:
        page.goto(address)
        page.keyboard.press("n")
        page.wait_for_url("**/rows/1", timeout=20_000)
        assert page.evaluate(
            "Math.max(...[...document.querySelectorAll('.text')].map(x => x.textContent.length))"
        ) == len(HUGE)
        page.keyboard.press("1")
        expect(page.locator("[data-keys] h1")).to_have_text("Row 2 of 2", timeout=20_000)
        page.keyboard.press("u")
        expect(page.locator("[data-keys] h1")).to_have_text("Row 1 of 2", timeout=20_000)
        page.keyboard.press("2")
        expect(page.locator("[data-keys] h1")).to_have_text("Row 2 of 2", timeout=20_000)
        assert look.said == []
    assert [filling.opened(path).said(place)["label"] for place in (0, 1)] == ["safe", ""]
    look.close()


def huge_sheet(run: Path) -> Path:
    """A sheet of two thoughts of a megabyte."""
    ending = Ending(where="answer", why="end of turn")
    rows = [trace(f"huge {number}", f"polish lid {number}", reasoning=HUGE, ending=ending) for number in range(2)]
    verdicts = [
        Verdict(
            trace=one.id, judge="guard 1", event="unsafe", part="thought", outcome="scored", score=float(number),
            saw=Saw(goal=True, parts=["thought"], characters=9),
        )
        for number, one in enumerate(rows)
    ]  # fmt: skip
    asked = form(["unsafe"])
    assert asked is not None
    population = by_verdict(judged(rows, verdicts, event="unsafe", part="thought"), "unsafe")
    drawn = draw(population, form=asked, count=2, seed=0)
    path = run / "quarantine" / "sheet-unsafe-thought-2-seed0.csv"
    keep_private(path, sheet_text(drawn))
    keep_private(run / f"{path.stem}.key.csv", key_text(drawn))
    return path
