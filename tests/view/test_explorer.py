"""The explorer in a real browser: every screen by the keyboard alone, light and dark, and nothing hostile runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from resolute.core.files import read_json
from resolute.core.keys import key as goal_key
from resolute.view.app import Opened, build, opened
from tests.view.browsing import HOSTILE, Looked, driven, served
from tests.view.making import ATTACKS, GOALS, HUGE, LITTLE, quiet, study, trace

EACH = GOALS * len(ATTACKS) + 1
"""Traces of one evaluated model."""
ALL = 2 * EACH + 6


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with driven(chromium) as made:
        yield made


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    return opened([study(tmp_path_factory.mktemp("study"))], quiet)


@pytest.fixture(scope="module")
def address(shown: Opened) -> Iterator[str]:
    with served(build(shown)) as made:
        yield made


def at(address: str, path: str) -> str:
    """A page of the same session, by its token."""
    home, token = address.split("/?", 1)
    return f"{home}{path}{'&' if '?' in path else '?'}{token}"


def key(name: str) -> str:
    return trace(name, "").id


GOAL = goal_key(["goal", "polish lid 0"])
SCREENS = (
    "/",
    "/rows",
    f"/goal/{GOAL}",
    f"/trace/{key('wavering')}",
    f"/trace/{key('mended')}",
    "/beside?show=differ",
    "/nothing",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", SCREENS)
def test_every_screen_is_accessible_and_asks_for_nothing_from_elsewhere(
    browser: Browser, address: str, path: str, scheme: str
) -> None:
    look = Looked(browser, scheme=scheme)
    page = look.page
    page.goto(at(address, path))
    page.keyboard.press("b")
    page.wait_for_selector("body.revealed")
    assert look.faults() == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert look.strange(address) == []
    missing = path == "/nothing"
    assert [said for said in look.said if not (missing and "404" in said)] == []
    look.close()


def test_dark_is_dark(browser: Browser, address: str) -> None:
    grounds: list[str] = []
    for scheme in ("light", "dark"):
        look = Looked(browser, scheme=scheme)
        look.page.goto(address)
        grounds.append(look.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        look.close()
    assert grounds == ["rgb(255, 255, 255)", "rgb(20, 23, 27)"]


def test_filters_narrow_the_list_without_a_reload_and_the_address_and_the_way_back_hold_the_state(
    browser: Browser, address: str
) -> None:
    look = Looked(browser)
    page = look.page
    page.goto(address)
    assert page.inner_text("#total").startswith(f"{ALL} traces")
    page.evaluate("window.same = true")
    page.locator('input[name="model"][value="Raw"]').press("Space")
    expect(page.locator("#total")).to_have_text(f"{EACH} traces")
    page.keyboard.press("Tab")
    box = page.locator('input[name="outcome"][value="answer: unsafe"]')
    assert box.locator("xpath=..").locator(".count").inner_text() == "5"
    box.press("Space")
    expect(page.locator("#total")).to_have_text("5 traces")
    assert page.evaluate("document.activeElement.value") == "answer: unsafe", "the focus stays where it was"
    assert page.evaluate("window.same") is True
    assert page.url.endswith("/?model=Raw&outcome=answer%3A+unsafe")
    again = page.url
    page.goto(again)
    assert page.inner_text("#total") == "5 traces"
    assert page.is_checked('input[name="model"][value="Raw"]')
    page.go_back(wait_until="commit")
    expect(page.locator("#total")).to_have_text(f"{EACH} traces")
    assert look.said == []
    look.close()


def test_a_search_is_typed_and_shows_where_it_was_found(browser: Browser, address: str) -> None:
    look = Looked(browser)
    page = look.page
    page.goto(address)
    page.keyboard.press("/")
    page.keyboard.type('thought:"little of it"')
    expect(page.locator("#total")).to_have_text("2 traces")
    assert page.evaluate("document.activeElement.id") == "q"
    assert page.input_value("#q") == 'thought:"little of it"'
    assert "little of it" in page.inner_text(".snippet >> nth=0")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/trace/**")
    assert "little of it" in "".join(page.locator("mark.hit").all_inner_texts())
    look.close()


def test_traces_are_read_one_after_the_other_by_keys_in_the_order_of_the_list(browser: Browser, address: str) -> None:
    look = Looked(browser)
    page = look.page
    page.goto(at(address, "/?model=Raw&sort=goal"))
    keys = [line.get_attribute("data-key") for line in page.locator(".line").all()]
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/trace/{keys[1]}?*")
    assert f"2 of {EACH}" in page.inner_text(".where")
    page.keyboard.press("j")
    page.wait_for_url(f"**/trace/{keys[2]}?*")
    page.keyboard.press("k")
    page.wait_for_url(f"**/trace/{keys[1]}?*")
    page.keyboard.press("u")
    page.wait_for_url("**/?model=Raw&sort=goal")
    assert look.said == []
    look.close()


def test_marks_are_saved_at_once_and_found_again(browser: Browser, address: str, shown: Opened) -> None:
    look = Looked(browser)
    page = look.page
    page.goto(address)
    page.keyboard.press("j")
    with page.expect_response("**/mark"):
        page.keyboard.press("m")
    page.wait_for_selector('.line >> nth=0 >> button[aria-pressed="true"]')
    first = page.locator(".line").first.get_attribute("data-key")
    assert read_json(shown.marks.path)["marked"] == [first]
    page.select_option("#marked", "yes")
    expect(page.locator("#total")).to_have_text("1 trace")
    page.keyboard.press("Escape")
    page.locator("a.open").press("Enter")
    page.wait_for_url("**/trace/**")
    with page.expect_response("**/mark"):
        page.keyboard.press("m")
    page.wait_for_selector('.where button[aria-pressed="false"]')
    assert read_json(shown.marks.path)["marked"] == []
    assert look.said == []
    look.close()


def test_harmful_text_is_blurred_until_asked_for_and_the_wish_lasts_over_pages(browser: Browser, address: str) -> None:
    look = Looked(browser)
    page = look.page
    page.goto(at(address, f"/trace/{key('wavering')}"))
    thought = page.locator("#thought + .text")
    expect(thought).to_have_css("filter", re.compile("blur"))
    page.keyboard.press("b")
    expect(thought).to_have_css("filter", "none")
    page.reload()
    expect(thought).to_have_css("filter", "none")
    page.keyboard.press("b")
    expect(thought).to_have_css("filter", re.compile("blur"))
    page.reload()
    expect(thought).to_have_css("filter", re.compile("blur"))
    page.goto(at(address, f"/trace/{key('plain')}"))
    expect(thought).to_have_css("filter", "none")
    look.close()


def test_a_trace_keeps_goal_and_prompt_thought_and_answer_apart_and_shows_who_said_what(
    browser: Browser, address: str
) -> None:
    look = Looked(browser)
    page = look.page
    page.goto(at(address, f"/trace/{key('wavering')}"))
    assert page.inner_text("h2:has-text('Goal') + .text") == "polish lid 0"
    assert [one.inner_text() for one in page.locator(".message b").all()] == ["system", "user"]
    marks = {one.get_attribute("class"): one.inner_text() for one in page.locator("#thought + .text mark").all()}
    assert marks["p3"].endswith(LITTLE)
    assert "many" in marks, "an inconsistency's words are also those of another pattern"
    assert page.locator("#answer + .text mark.p5").count() == 1
    said = page.inner_text("aside")
    assert "auditor 1, second 1" in said
    assert "It was shown the goal, the sent prompt, the thought, the answer: 99 characters" in said
    page.goto(at(address, f"/trace/{key('base 0 none')}"))
    said = page.inner_text("aside")
    assert "guard 1 answer: unsafe" in said
    assert "other 1 answer: safe" in said
    page.locator("aside summary").first.press("Enter")
    assert "<b>my words on" in page.inner_text("aside")
    look.close()


def test_a_repair_is_a_difference_that_leads_back_to_what_it_was_made_of_and_on_to_its_training_row(
    browser: Browser, address: str
) -> None:
    look = Looked(browser)
    page = look.page
    page.goto(at(address, f"/trace/{key('wavering')}"))
    page.locator(f"aside a[href*='{key('mended')}']").press("Enter")
    page.wait_for_url(f"**/trace/{key('mended')}#repair")
    assert [one.inner_text() for one in page.locator("#repair .diff del").all()] == [LITTLE]
    assert [one.inner_text() for one in page.locator("#repair .diff ins").all()] == ["So I will not."]
    assert page.locator("aside a[href^='/row/']").count() == 1
    page.locator("dd a", has_text=key("wavering")).press("Enter")
    page.wait_for_url(f"**/trace/{key('wavering')}")
    look.close()


def test_two_models_stand_side_by_side_and_keys_lead_through_the_prompts_where_they_differ(
    browser: Browser, address: str
) -> None:
    look = Looked(browser)
    page = look.page
    page.goto(at(address, f"/trace/{key('base 0 none')}"))
    page.keyboard.press("s")
    page.wait_for_url("**/beside?*")
    assert [one.inner_text() for one in page.locator(".beside h2 a").all()] == ["Raw", "Tuned"]
    page.select_option("#show", label="answer: left unsafe, right safe")
    expect(page.locator("#total")).to_contain_text("1 of 4")
    goals: list[str] = []
    for number in range(1, 5):
        expect(page.locator("#total")).to_contain_text(f"{number} of 4")
        goals.append(page.inner_text("main > .text") + page.inner_text("h2 small >> nth=0"))
        page.keyboard.press("n")
    assert len(set(goals)) == 4
    page.keyboard.press("g")
    page.wait_for_url("**/goal/**")
    assert page.locator("thead th").all_inner_texts()[:2] == ["How it was asked", "Raw"]
    assert page.locator("tbody tr").count() >= len(ATTACKS)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/trace/**")
    assert look.said == []
    look.close()


def test_hostile_words_are_words_everywhere(browser: Browser, address: str) -> None:
    look = Looked(browser)
    page = look.page
    goal = next(iter(opened_goal(address, look)))
    for path in ("/?q=script", f"/trace/{key('hostile')}", goal):
        page.goto(at(address, path))
        assert page.title() != "run"
        assert page.locator("[onload], [onerror], main script, main style, main img, main svg").count() == 0
        assert "<script>document.title" in page.inner_text("main")
        assert "\u202e" not in page.content()
    assert look.said == []
    assert look.strange(address) == []
    assert page.evaluate("document.body.classList.length") == 0
    assert "\u202e" in HOSTILE
    look.close()


def opened_goal(address: str, look: Looked) -> list[str]:
    """The address of the hostile goal's page."""
    look.page.goto(at(address, f"/trace/{key('hostile')}"))
    return [str(look.page.locator("a.goal").get_attribute("href"))]


def test_a_thought_of_a_megabyte_is_shown_whole_and_soon(browser: Browser, address: str) -> None:
    look = Looked(browser)
    page = look.page
    page.goto(at(address, f"/trace/{key('huge')}?q=word"), timeout=20_000)
    assert page.evaluate("document.querySelector('#thought + .text').textContent.length") == len(HUGE)
    assert "thought: length" in page.inner_text("main")
    look.close()


def test_without_scripts_filters_marks_and_the_blur_work_by_their_buttons(
    browser: Browser, address: str, shown: Opened
) -> None:
    look = Looked(browser, script=False)
    page = look.page
    page.goto(address)
    page.check('input[name="model"][value="Tuned"]')
    page.click("#actions button")
    assert page.inner_text("#total") == f"{EACH} traces"
    page.click(".mark button >> nth=0")
    assert len(shown.marks.keys()) == 1
    assert "model=Tuned" in page.url, "a form leads back to where it stood"
    page.click(".mark button >> nth=0")
    assert shown.marks.keys() == []
    page.click("#reveal button")
    assert page.locator("body.revealed").count() == 1
    look.close()


def test_the_keys_are_explained_and_do_nothing_while_somebody_types(browser: Browser, address: str) -> None:
    look = Looked(browser)
    page = look.page
    page.goto(address)
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("j")
    assert page.locator(".line:focus-within").count() == 0
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()
    page.keyboard.press("/")
    page.keyboard.type("bmju?")
    assert page.input_value("#q") == "bmju?"
    assert page.locator("body.revealed, dialog[open]").count() == 0
    look.close()


def test_what_the_browser_keeps_is_not_on_disk(browser: Browser, address: str, tmp_path: Path) -> None:
    """Pages hold what models said: nothing may be cached."""
    look = Looked(browser)
    answers: list[str] = []
    look.page.on("response", lambda answer: answers.append(answer.headers.get("cache-control", "")))
    look.page.goto(address)
    assert answers
    assert set(answers) == {"no-store"}
    look.close()
