"""A random axis in the main table: one line a recipe, its interval over the axis, each level folded below."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from resolute.core.files import read_json, write_json
from resolute.core.jobs import Job, perform
from resolute.core.runs import Artifact
from resolute.core.settings import Report
from resolute.core.statistics.nested import nested_interval
from resolute.stages.pages.columns import instrument_orders
from resolute.stages.pages.study import read_study
from resolute.stages.pages.terminal import terminal_table
from resolute.stages.pages.view import Page, build
from tests.stages.synthetic import DEFAULT, RAW, Maker

BASES = ("base 1", "base 2", "base 3")
RATES = (0.0, 0.05, 0.6)
"""Attack success on each base: seeds of one base agree, bases do not."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rows on three bases, with three training seeds on each."""
    truths = [
        replace(truth, label=f"{truth.label} · {base}", attacks=(rate,) * 4 if truth is DEFAULT else truth.attacks)
        for truth in (RAW, DEFAULT)
        for base, rate in zip(BASES, RATES, strict=True)
    ]
    path = Maker(tmp_path_factory.mktemp("nested"), truths, goals=10, seeds=3, distilled=6).write()
    document = read_json(path)
    for row in document["rows"]:
        row["at"] = dict(zip(("row", "base"), row["label"].split(" · "), strict=True))
    document |= {"axes": {"row": ["Raw", "Default"], "base": list(BASES)}}
    document["recipe"]["report"] = {"title": "t", "random": ["base"]}
    write_json(path, document)
    return path


def page_of(study: Path, *random: str) -> Page:
    read = read_study(study)
    return build(read, Report(title="t", random=random), instrument_orders(read))


@pytest.fixture(scope="module")
def page(study: Path) -> Page:
    return page_of(study, "base")


@pytest.fixture(scope="module")
def made(study: Path) -> Artifact:
    settings = Report(title="Three bases", random=("base",))
    return perform(Job("report", settings, {"study": study}), study.parents[1] / ".store", lambda *_, **__: None)


def test_a_recipe_on_three_bases_is_one_line_with_each_base_behind_it(page: Page) -> None:
    assert [line.label for line in page.lines] == ["Raw", "Default"] and not page.failed
    assert [part.label for part in page.lines[1].parts] == [f"Default · {base}" for base in BASES]
    assert [line.seeds for line in page.lines] == [1, 3] and page.seeds == 3


def test_its_value_is_the_mean_of_the_bases_means_and_its_interval_is_over_bases(page: Page) -> None:
    line = page.lines[1]
    for place, column in enumerate(page.columns):
        shown, alone = line.shown[place], [part.shown[place] for part in line.parts]
        assert shown is not None and all(one is not None for one in alone)
        means = [one.value for one in alone if one is not None]
        assert shown.points == pytest.approx(means) and shown.value == pytest.approx(sum(means) / 3)
        band = nested_interval({str(n): [mean] for n, mean in enumerate(means)})
        assert band is not None and shown.low is not None and shown.high is not None
        assert shown.low <= max(band[0], 0.0) + 1e-9 and shown.high >= min(band[1], 1.0) - 1e-9
        assert shown.counted == "3 bases, 9 trainings x 10 goals", column.name


def test_nine_trainings_that_fall_apart_by_base_have_a_wide_interval(page: Page) -> None:
    """Taken for nine trials of their own they would not reach half as far."""
    place = next(n for n, column in enumerate(page.columns) if column.event == "unsafe")
    shown = page.lines[1].shown[place]
    assert shown is not None and shown.low == 0.0 and shown.high is not None and shown.high > 0.9


def test_without_a_random_axis_nothing_is_merged(study: Path) -> None:
    page = page_of(study)
    assert len(page.lines) == 6 and not page.parts
    assert {curve.axis for curve in page.curves} == {"base"}


def test_sections_name_the_recipe_and_a_random_axis_is_no_curve(page: Page) -> None:
    assert [item.label for item in page.endings] == ["Raw", "Default"]
    assert {item.label for item in page.pairings} == {"Raw", "Default"}
    assert {run.label for run in page.losses} == {"Default"} and not page.curves
    assert {run.run for run in page.losses} == {f"{base}, seed {seed}" for base in BASES for seed in range(3)}
    assert {item.label for item in page.patterns} == {f"Default · {base}" for base in BASES}, "their data differ"


def test_thought_and_answer_and_endings_are_over_bases_too_and_not_over_ninety_answers(page: Page) -> None:
    item = next(item for item in page.pairings if item.label == "Default")
    unsafe = item.shares["both unsafe"]
    assert item.counted == "360 of 9 trainings" and len(unsafe.points) == 3
    band = nested_interval({str(n): [mean] for n, mean in enumerate(unsafe.points)})
    assert band is not None and unsafe.low is not None and unsafe.high is not None
    assert unsafe.low <= max(band[0], 0.0) and unsafe.high >= min(band[1], 1.0) and unsafe.high - unsafe.low > 0.5
    for found in (*page.pairings, *page.endings):
        assert sum(share.value for share in found.shares.values()) == pytest.approx(1)
        assert sum(share.events for share in found.shares.values()) == found.outputs


def test_a_base_on_which_nothing_was_measured_is_a_caution_and_two_have_no_interval(study: Path) -> None:
    document = read_json(study)
    for row in document["rows"]:
        if row["label"] == "Default · base 3":
            row["artifacts"].pop("judge")
    path = study.with_name("two.json")
    write_json(path, document)
    page = page_of(path, "base")
    shown = page.lines[1].shown[0]
    assert not page.failed and shown is not None and (shown.low, shown.high) == (None, None)
    assert shown.band.startswith("bases ") and "2 bases" in shown.counted
    assert any("Default · base 3: 3 of 3 training seeds failed" in caution for caution in page.cautions)
    assert any(caution == "Fewer than three bases: values carry no interval." for caution in page.cautions)


def test_every_form_holds_recipes_first_and_bases_apart(made: Artifact) -> None:
    html = made.output("report.html").read_text()
    main = html[html.index('<table id="main"') :].split("</table>")[0]
    assert re.findall(r'<th scope="row" role="rowheader">([^<]*)<', main) == ["Raw", "Default"]
    assert '<details id="levels"><summary>The same for each base (6 rows)</summary>' in html
    with made.output("table.csv").open(newline="") as stream:
        found = {(row["row"], row["of"]) for row in csv.DictReader(stream)}
    assert ("Default", "") in found and ("Default · base 2", "Default") in found
    assert len(terminal_table(made.output("table.csv")).columns) == 3
    assert "Each level of the random axes" in made.output("report.md").read_text()
    tex = made.output("tables/main.tex").read_text()
    assert "base 1" not in tex and tex.count("\\begin{tabular}") > 1


def test_the_page_of_a_random_axis_fits_a_phone_and_opens_to_its_bases(made: Artifact, chromium: str) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        view = browser.new_page(viewport={"width": 390, "height": 844})
        view.goto(made.output("report.html").as_uri())
        assert view.evaluate("document.documentElement.scrollWidth") <= 390
        assert not view.locator("#by-level").is_visible()
        view.locator("#levels > summary").click()
        assert view.locator("#by-level").is_visible() and view.locator("#by-level tbody tr").count() == 6
        browser.close()
