"""The documentation site: built offline and strictly, complete, asking nobody for anything, searchable from a disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it; a warning is an error."""
    import os
    import subprocess
    import sys

    folder = tmp_path_factory.mktemp("site")
    call = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    # A proxy that nobody listens at: whatever would be fetched while building, fails.
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    surroundings = {**os.environ, **nowhere, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(call, cwd=ROOT, env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def in_nav(entry: Any) -> Iterator[str]:
    """The pages of a piece of the navigation."""
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, dict):
        for below in entry.values():
            yield from in_nav(below)
    else:
        for below in entry:
            yield from in_nav(below)


def test_every_page_stands_in_the_navigation_once() -> None:
    nav = sorted(in_nav(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    pages = sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md") if "measured" not in page.parts)
    assert nav == pages


class _Asked(HTMLParser):
    """What a browser fetches for a page by itself: every attribute that loads, none that waits for a click."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "link" and given.get("rel") not in ("canonical", "next", "prev"):
            self.found.append(given.get("href", ""))
        self.found += [given[name] for name in ("src", "srcset", "poster", "data") if name in given]


def test_no_page_asks_anybody_outside(site: Path) -> None:
    outside: set[str] = set()
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        reader = _Asked()
        reader.feed(page.read_text(encoding="utf-8"))
        outside |= {f"{page.name}: {address}" for address in reader.found if re.match(r"(\w+:)?//", address)}
    for sheet in site.rglob("*.css"):
        outside |= set(re.findall(r"url\(['\"]?((?:https?:)?//[^)]*)", sheet.read_text(encoding="utf-8")))
    assert not outside


def test_a_worked_file_is_shown_whole(site: Path) -> None:
    page = re.sub(r"<[^>]+>", "", (site / "guides" / "add-a-judge.html").read_text(encoding="utf-8"))
    assert "class FirstWords:" in page
    assert "--8&lt;--" not in page


def test_search_finds_a_word_and_nothing_is_fetched_when_the_site_is_opened_from_a_disk(
    site: Path, chromium: str
) -> None:
    from playwright.sync_api import sync_playwright

    asked: list[str] = []
    said: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto((site / "index.html").as_uri())
        page.keyboard.press("/")
        page.keyboard.type("vacillation")
        page.wait_for_selector(".md-search-result__item a")
        found = page.locator(".md-search-result__item a").first.get_attribute("href")
        browser.close()
    assert found
    assert not [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))]
    assert not said


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_can_be_read_by_everybody(site: Path, chromium: str, scheme: Any) -> None:
    """axe finds nothing serious, and no page is wider than a phone."""
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    found: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme).new_page()
        for name in ("index", "how-we-compare", "guides/add-a-judge", "reference/instruments"):
            page.goto((site / f"{name}.html").as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
            broken = Axe().run(page).response["violations"]
            found += [f"{name}: {one['id']}" for one in broken if one["impact"] in ("serious", "critical")]
        browser.close()
    assert not found


def test_every_cell_about_another_project_says_what_was_looked_at() -> None:
    lines = (DOCS / "how-we-compare.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith(("| project", "| **Resolute**"))]
    assert len(rows) == 14, "seven projects in two tables"
    bare = [
        (row.split("|")[1].strip(), cell.strip())
        for row in rows
        for cell in row.strip("|").split("|")[1:]
        if "[^" not in cell and "not looked at" not in cell
    ]
    assert not bare
