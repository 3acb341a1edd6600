"""The report in a real browser: no error, no request, no overflow, and nothing hostile runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from resolute.core.jobs import Job, perform
from resolute.core.settings import Report
from tests.stages.synthetic import RAW, STUDY, Maker

HOSTILE = "<script>document.title='run'</script></style><svg onload=document.title='run'>\u202e" + "x" * 90


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium, args=flags)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with a hostile row and a hostile note among ordinary ones."""
    root = tmp_path_factory.mktemp("study")
    truths = [RAW, *STUDY[1:4], dataclasses.replace(STUDY[5], label=HOSTILE)]
    study = Maker(root, truths, goals=12, distilled=20, notes={"judge": HOSTILE}).write()
    job = Job("report", Report(title="A <b>study</b>"), {"study": study})
    return perform(job, root / "store", lambda *_, **__: None).output("report.html")


def _open(browser: Browser, report: Path, *, width: int, scheme: str = "light") -> tuple[Page, list[str], list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    return page, said, asked


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_opens_without_an_error_and_asks_for_nothing_but_itself(
    browser: Browser, report: Path, scheme: str
) -> None:
    page, said, asked = _open(browser, report, width=1280, scheme=scheme)
    assert said == []
    assert asked == [report.as_uri()]
    assert page.locator("#lab").is_visible()
    assert page.locator("#main tbody tr").count() == 5
    assert page.locator("svg.chart").count() > 10
    page.close()


def test_the_style_is_allowed_by_the_policy_and_scripts_are_not(browser: Browser, report: Path) -> None:
    page, _, _ = _open(browser, report, width=1280)
    assert page.evaluate("getComputedStyle(document.querySelector('.banner')).borderLeftWidth") == "6px"
    page.evaluate(
        "document.body.appendChild(document.createElement('script')).textContent = 'document.title = \"run\"'"
    )
    assert page.title() == "A <b>study</b>"
    page.close()


def test_hostile_labels_are_text(browser: Browser, report: Path) -> None:
    page, _, _ = _open(browser, report, width=1280)
    assert page.title() == "A <b>study</b>"
    assert page.locator("script, [onload], [onerror]").count() == 0
    assert page.locator("#main tbody th").nth(4).inner_text().startswith("<script>document.title")
    page.close()


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_narrow_page_does_not_scroll_sideways(browser: Browser, report: Path, width: int) -> None:
    page, _, _ = _open(browser, report, width=width)
    page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_text_in_pictures_is_large_enough_on_a_phone_and_stays_inside(browser: Browser, report: Path) -> None:
    page, _, _ = _open(browser, report, width=390)
    page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
    heights = page.evaluate(
        "[...document.querySelectorAll('svg.chart text')].map(item => item.getBoundingClientRect().height)"
    )
    assert min(heights) >= 10
    outside = page.evaluate(
        """[...document.querySelectorAll('svg.chart text')].filter(item => {
            const box = item.getBoundingClientRect();
            return box.width && (box.left < 0 || box.right > innerWidth);
        }).length"""
    )
    assert outside == 0
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_contrasts_with_its_ground(browser: Browser, report: Path, scheme: str) -> None:
    """WCAG AA: 4.5 to 1, for the colours every text of the page is set in."""
    page, _, _ = _open(browser, report, width=1280, scheme=scheme)
    ratios = page.evaluate(
        """(() => {
            const part = x => x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4;
            const lum = c => { const v = c.map(x => part(x / 255));
                return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
            const rgb = s => s.match(/[0-9.]+/g).slice(0, 3).map(Number);
            const ground = e => { for (; e; e = e.parentElement) { const b = getComputedStyle(e).backgroundColor;
                if (!b.includes('rgba(0, 0, 0, 0)')) return rgb(b); } return [255, 255, 255]; };
            return ['body', '.lead', '.banner', '.caution li', 'td.num span', '.flag', 'nav a', 'caption', 'footer']
                .map(q => document.querySelector(q)).filter(Boolean).map(e => {
                    const [a, b] = [lum(rgb(getComputedStyle(e).color)), lum(ground(e))];
                    return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); });
        })()"""
    )
    assert len(ratios) >= 8
    assert min(ratios) >= 4.5
    page.close()


def test_wide_tables_can_be_scrolled_from_the_keyboard(browser: Browser, report: Path) -> None:
    page, _, _ = _open(browser, report, width=390)
    wide = page.evaluate(
        """[...document.querySelectorAll('.scroll')].findIndex(
            item => item.checkVisibility({contentVisibilityAuto: true}) && item.scrollWidth > item.clientWidth + 9)"""
    )
    region = page.locator(".scroll").nth(wide)
    region.focus()
    page.keyboard.press("ArrowRight")
    for _ in range(30):
        page.wait_for_timeout(100)
        if region.evaluate("item => item.scrollLeft"):
            break
    assert region.evaluate("item => item.scrollLeft") > 0
    page.close()


def test_on_a_phone_every_cell_of_the_main_table_is_in_sight_under_its_name(browser: Browser, report: Path) -> None:
    page, _, _ = _open(browser, report, width=390)
    cells = page.evaluate(
        """[...document.querySelectorAll('#main td')].map(item => {
            const box = item.getBoundingClientRect(), head = getComputedStyle(item, '::before');
            return [box.width > 0 && box.left >= 0 && box.right <= innerWidth, head.content.length > 2]; })"""
    )
    assert len(cells) == 5 * 8 and all(seen and named for seen, named in cells)
    assert page.evaluate("document.querySelector('#main').scrollWidth") <= 390
    roles = page.evaluate("[...document.querySelectorAll('#main tr, #main th, #main td')].every(i => i.role)")
    assert roles, "a block is no table to a screen reader"
    page.close()


def test_on_paper_nothing_is_cut_off_at_the_side(browser: Browser, report: Path) -> None:
    """A4 at 96 dots an inch, without 10 mm margins, is 718 wide."""
    page, _, _ = _open(browser, report, width=718)
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 718
    assert page.evaluate("document.querySelector('#main').getBoundingClientRect().right") <= 718
    assert not page.locator("nav").is_visible()
    page.close()
