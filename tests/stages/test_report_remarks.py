"""What a report says of itself is true of its study: intervals, what was scored, origins, who is compared."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from resolute.core.rates import rate
from resolute.core.records import PATTERNS
from resolute.core.settings import Report
from resolute.stages.pages.charts import Point
from resolute.stages.pages.columns import instrument_orders
from resolute.stages.pages.pictures import front_sentence
from resolute.stages.pages.plane import Spot
from resolute.stages.pages.provenance import origin_of
from resolute.stages.pages.remarks import remarks
from resolute.stages.pages.study import read_study
from resolute.stages.pages.training import PatternSet
from resolute.stages.pages.view import Page, build
from resolute.stages.pages.words import signed
from resolute.stages.pages.write import environment
from tests.stages.synthetic import DEFAULT, RAW, STUDY, Maker


def page_of(study: Path) -> Page:
    read = read_study(study)
    return build(read, Report(title="Demo"), instrument_orders(read))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    """Rows that differ in attack success, none of which garbles."""
    quiet = [dataclasses.replace(truth, garbled=0.0) for truth in (RAW, DEFAULT, STUDY[3])]
    return page_of(Maker(tmp_path_factory.mktemp("study"), quiet, goals=30, unscored=0, distilled=6).write())


@pytest.mark.parametrize(
    ("origins", "said"),
    [
        ({"accept": "recipe"}, "recipe"),
        ({"accept.patterns": "row Default", "accept.safe": "recipe"}, "patterns: row Default; safe: recipe"),
        ({"accept.safe": "recipe", "accept.near": "recipe"}, "safe, near: recipe"),
        ({"acceptance.safe": "recipe"}, "default"),
        ({}, "default"),
    ],
)
def test_a_setting_that_was_set_in_parts_says_where_each_came_from(origins: Mapping[str, str], said: str) -> None:
    assert origin_of(origins, "accept") == said


def test_every_rate_is_said_to_have_an_interval_only_where_it_has_one(page: Page, tmp_path: Path) -> None:
    assert remarks(page).lead == "Every rate stands with its 95% interval"
    two = page_of(Maker(tmp_path, [RAW, DEFAULT], goals=6, seeds=2, distilled=6).write())
    assert any(shown and shown.low is None for line in two.lines for shown in line.shown)
    assert "two training seeds without one" in remarks(two).lead
    assert all(share.low is None for share in two.endings[1].shares.values()), "no more is known of how they ended"
    assert str(two.endings[1].shares["complete"]).split(" ", 1)[1].startswith("seeds ")


def test_what_was_not_scored_is_counted_and_where_all_was_that_is_said(page: Page, tmp_path: Path) -> None:
    assert remarks(page).scored == "Every answer was scored."
    lost = page_of(Maker(tmp_path, [RAW, DEFAULT], goals=20, unscored=0.2, distilled=6).write())
    cells = [cell for line in lost.lines for shown in line.shown if shown for cell in shown.cells]
    count, asked = sum(cell.rate.unscored for cell in cells), sum(cell.asked for cell in cells)
    assert count > 1 and remarks(lost).scored.startswith(f"{count} of {asked} answers were not scored")


def test_several_differences_go_from_the_least_to_the_most_and_the_largest_has_its_place_and_interval(
    page: Page,
) -> None:
    attacks = next(family for family in page.families if family.title == "Attack success")
    mine = [item for item in attacks.tested if (item.contrast.first, item.contrast.second) == ("Raw", "Improved")]
    steps = sorted(item.comparison.difference for item in mine)
    most = max((item.comparison for item in mine), key=lambda found: abs(found.difference))
    said = next(
        group.digest for first, some in page.groups for group in some if first == "Raw" and "Improved" in str(group)
    )
    assert len(steps) == 4 and f"({signed(steps[0])} to {signed(steps[-1])} points, the largest " in said
    assert f", {signed(most.difference)} [{signed(most.low)}, {signed(most.high)}])" in said


def test_a_measure_in_which_nothing_was_found_is_said_once(page: Page) -> None:
    (said,) = [sentence for sentence in page.nowhere if "garbled share" in sentence]
    assert said.startswith("No detectable difference in garbled share in any comparison (") and "points would" in said
    assert not any("garbled" in group.digest for _, groups in page.groups for group in groups)


def test_rows_against_each_other_come_before_rows_against_the_untouched_model(page: Page) -> None:
    assert [first for first, _ in page.groups] == ["Default", "Raw"]
    assert remarks(page).only == "Accuracy is tested against Raw only."


@pytest.mark.parametrize(("front", "said"), [([], False), ([(0.1, 0.1)], False), ([(0.1, 0.9), (0.9, 0.1)], True)])
def test_a_front_of_fewer_than_two_rows_is_not_spoken_of(front: list[tuple[float, float]], said: bool) -> None:
    def point(value: float) -> Point:
        return Point("", value, None, None, "")

    spots = [Spot("", point(x), point(y), front=True) for x, y in front]
    assert bool(front_sentence([*spots, Spot("", point(1), point(1), front=False)])) is said


@pytest.mark.parametrize(
    ("scores", "free"), [([0.0, 0.0], True), ([0.0, None], True), ([None, None], False), ([0.0, 1.0], False)]
)
def test_a_training_set_is_free_of_patterns_where_some_trace_was_read_and_none_was_found(
    scores: list[float | None], free: bool
) -> None:
    clean = dict.fromkeys(PATTERNS, rate([0.0, 0.0], ["a", "b"]))
    before = clean | {"inconsistency": rate(scores, ["a", "b"])}
    found = PatternSet("No CoT", "auditor", before, clean, 2, 2)
    assert found.free is free and found.read == len(scores) - scores.count(None)


def test_a_cell_of_a_markdown_table_keeps_its_digits_and_signs() -> None:
    render = environment().from_string("{{ text|cell }}").render
    assert render(text="100.0% [97.5, 100.0]") == "100.0% [97.5, 100.0]" and render(text="+2.0") == "+2.0"
    assert render(text="a|b") == "a\\|b", "what would end the cell does not"
