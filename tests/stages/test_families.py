"""Declared families: what is not in them is not claimed, and base models that are a sample are not seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, read_records, write_json, write_records
from resolute.core.jobs import Job, prepare
from resolute.core.judging.rewrites import kept_as
from resolute.core.keys import file_digest
from resolute.core.records import Verdict
from resolute.core.settings import Report
from resolute.stages.pages.columns import instrument_orders
from resolute.stages.pages.contrast import Family
from resolute.stages.pages.contrast import Tested as Item
from resolute.stages.pages.findings import contrasts
from resolute.stages.pages.remarks import remarks
from resolute.stages.pages.study import read_study
from resolute.stages.pages.view import Page, build
from resolute.stages.pages.words import signed
from tests.stages.synthetic import DEFAULT, RAW, Maker, Truth

JOINED = " · "
HARD, SOFT = (0.6,) * 4, (0.2,) * 4


def placed(root: Path, truths: Sequence[Truth], *, seeds: int = 1, recipe: Mapping[str, Any] | None = None) -> Path:
    """A study whose labels say `ROW · BASE`, with an axis `base`."""
    path = Maker(root, truths, goals=40, seeds=seeds, distilled=6).write()
    document = read_json(path)
    for row in document["rows"]:
        row["at"] = dict(zip(("row", "base"), row["label"].split(JOINED), strict=True))
    document["axes"] = {"row": ["Raw", "Default"], "base": ["one", "two", "three"]}
    document["recipe"]["report"] = {"title": "t", **(recipe or {})}
    write_json(path, document)
    return path


def bases(truth: Truth, attacks: Sequence[Sequence[float]]) -> list[Truth]:
    names = ("one", "two", "three")
    return [
        replace(truth, label=f"{truth.label}{JOINED}{name}", attacks=some)
        for name, some in zip(names, attacks, strict=False)
    ]


def page(study: Path, **fields: Any) -> Page:
    read = read_study(study)
    return build(read, Report.model_validate({"title": "t", **fields}), instrument_orders(read))


def of(page: Page, title: str) -> Family:
    return next(family for family in page.families if family.title == title)


def one(family: Family, attack: str = "none") -> Item:
    (found,) = [item for item in family.tested if item.column.attack == attack]
    return found


@pytest.fixture(scope="module")
def agreed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    truths = bases(RAW, [HARD] * 3) + bases(DEFAULT, [SOFT] * 3)
    return placed(tmp_path_factory.mktemp("agreed"), truths, seeds=3)


def test_rows_of_one_recipe_on_three_bases_are_one_row_to_the_tests(agreed: Path) -> None:
    found = page(agreed, random=["base"])
    attacks = of(found, "Attack success")
    assert {(item.contrast.first, item.contrast.second) for item in attacks.tested} == {("Raw", "Default")}
    item = one(attacks)
    assert (item.verdict, item.repeated, item.seed_count) == ("lower", "base", 3)
    assert "Over 3 bases" in item.sentence


def test_without_a_random_axis_each_base_is_compared_with_its_own(agreed: Path) -> None:
    pairs = {(pair.first, pair.second) for pair in contrasts(read_study(agreed))}
    assert pairs == {(f"Raw{JOINED}{base}", f"Default{JOINED}{base}") for base in ("one", "two", "three")}


def test_nine_trainings_on_bases_that_disagree_claim_nothing(tmp_path: Path) -> None:
    """Seeds agree within each base, so that nine seeds taken for nine trials would be sure; bases are three."""
    truths = bases(RAW, [HARD] * 3) + bases(DEFAULT, [(0.0,) * 4, (0.0,) * 4, HARD])
    found = page(placed(tmp_path, truths, seeds=3), random=["base"])
    item = one(of(found, "Attack success"))
    assert item.p < 0.05 and item.verdict == "not separable"
    assert "the 3 bases disagree" in item.sentence
    ((_, (group,)),) = found.groups
    low, high = (signed(value) for value in item.seeds or ())
    assert "not separable under" in group.digest and f"on these models, {low} to {high} over 3 bases" in group.digest
    assert "detectable difference in attack success" not in group.digest


def test_two_bases_have_no_interval_and_the_sentence_says_so(tmp_path: Path) -> None:
    truths = bases(RAW, [HARD] * 2) + bases(DEFAULT, [SOFT] * 2)
    item = one(of(page(placed(tmp_path, truths), random=["base"]), "Attack success"))
    assert item.seeds is None and "2 bases: too few" in item.sentence


FAMILY = {"contrasts": [["Raw", "Default"]], "columns": ["Attack success: persona"]}


def test_what_is_not_declared_is_shown_without_a_claim(agreed: Path) -> None:
    found = page(agreed, random=["base"], families={"mechanism": FAMILY})
    assert one(of(found, "mechanism"), "lab/persona").verdict == "lower"
    rest = of(found, "Attack success, exploratory")
    assert rest.exploratory and {item.verdict for item in rest.tested} == {"exploratory"}
    assert all(math.isnan(item.p) for item in rest.tested)
    assert "lab/persona" not in {item.column.attack for item in rest.tested}
    words = ("lower", "higher", "detect", "p =", "p <", "kept", "lost")
    assert not [item.sentence for item in rest.tested if any(word in item.sentence.casefold() for word in words)]
    ((_, groups),) = found.groups
    assert groups[0].digest.count(";") == 0 and "over-refusal" not in groups[0].digest.casefold()
    assert "What no family names is exploratory" in remarks(found).only
    assert "attack success is lower under persona" in groups[0].digest.casefold()


def test_a_smaller_family_is_corrected_for_fewer_tests(agreed: Path) -> None:
    alone = one(of(page(agreed, random=["base"], families={"f": FAMILY}), "f"), "lab/persona")
    among = one(of(page(agreed, random=["base"]), "Attack success"), "lab/persona")
    assert alone.p <= among.p and alone.smallest <= among.smallest


def test_a_declared_test_that_cannot_be_made_still_counts(agreed: Path) -> None:
    both = {**FAMILY, "contrasts": [["Raw", "Default"], ["Raw", "Improved"]]}
    alone, among = (page(agreed, random=["base"], families={"f": one}) for one in (FAMILY, both))
    assert one(of(among, "f"), "lab/persona").p == pytest.approx(min(1, 2 * one(of(alone, "f"), "lab/persona").p))
    assert "1 of 2 declared tests could not be made" in of(among, "f").about
    nothing = page(agreed, random=["base"], families={"f": {**FAMILY, "columns": ["nothing*"]}})
    assert "no column of this study" in of(nothing, "f").about


def test_a_family_declared_after_the_study_ran_says_so(tmp_path: Path) -> None:
    truths = bases(RAW, [HARD] * 3) + bases(DEFAULT, [SOFT] * 3)
    study = placed(tmp_path, truths, recipe={"families": {"f": FAMILY}})
    assert "declared for this report" not in of(page(study, random=["base"], families={"f": FAMILY}), "f").about
    other = {**FAMILY, "columns": ["unsafe"]}
    assert "declared for this report" in of(page(study, random=["base"], families={"f": other}), "f").about


def test_kept_may_be_asked_of_any_column_and_low_is_good_where_it_is(agreed: Path) -> None:
    kept = {**FAMILY, "test": "kept", "margin": 0.1}
    held = one(of(page(agreed, random=["base"], families={"f": kept}), "f"), "lab/persona")
    assert held.verdict == "kept", "attack success fell: nothing was lost"
    turned = {**kept, "contrasts": [["Default", "Raw"]]}
    assert one(of(page(agreed, random=["base"], families={"f": turned}), "f"), "lab/persona").verdict == "lost"


def test_a_family_of_rows_that_are_not_there_is_refused_by_the_stage(agreed: Path) -> None:
    wrong = Report.model_validate(
        {"title": "t", "random": ["base"], "families": {"f": {**FAMILY, "contrasts": [["Raw", "Defualt"]]}}}
    )
    with pytest.raises(ResoluteError, match="Defualt"):
        prepare(Job("report", wrong, {"study": agreed}), agreed.parent)


def test_a_report_that_declares_nothing_keeps_its_key(agreed: Path) -> None:
    plain, _ = prepare(Job("report", Report(title="t"), {"study": agreed}), agreed.parent)
    declared, manifest = prepare(Job("report", Report(title="t", random=("base",)), {"study": agreed}), agreed.parent)
    assert plain.key != declared.key
    assert manifest.identity["random"] == ["base"] and "families" not in manifest.identity


def test_the_order_of_rows_in_the_file_changes_no_word_of_the_tests(agreed: Path, tmp_path: Path) -> None:
    document = read_json(agreed)
    document["rows"] = document["rows"][::-1]
    turned = agreed.with_name("turned.json")
    write_json(turned, document)
    said = [
        {item.sentence for family in page(path, random=["base"]).families for item in family.tested}
        for path in (agreed, turned)
    ]
    assert said[0] == said[1]


def restyled(study: Path, scores: Mapping[str, float]) -> None:
    """Verdicts of the same answers in another style: on attacked goals every row of a label says what `scores` has."""
    for row in read_json(study)["rows"]:
        folder = study.parent / row["artifacts"]["judge"]
        verdicts = read_records(folder / "verdicts.parquet", Verdict)
        level = scores.get(row["label"].partition(JOINED)[0])
        changed = [
            one.model_copy(update={"score": level})
            if level is not None and one.score is not None and one.event == "unsafe"
            else one
            for one in verdicts
        ]
        write_records(folder / kept_as("bare"), changed, Verdict)
        manifest = read_json(folder / "manifest.json")
        manifest["outputs"][kept_as("bare")] = file_digest(folder / kept_as("bare"))
        write_json(folder / "manifest.json", manifest)


@pytest.mark.parametrize(
    ("scores", "stands"), [({"Raw": 1.0, "Default": 0.0}, True), ({"Raw": 0.0, "Default": 0.0}, False)]
)
def test_a_finding_says_whether_it_stands_on_answers_in_another_style(
    scores: Mapping[str, float], stands: bool, tmp_path: Path
) -> None:
    study = placed(tmp_path, [*bases(RAW, [HARD]), *bases(DEFAULT, [(0.05,) * 4])])
    restyled(study, scores)
    found = page(study)
    for item in of(found, "Attack success").tested:
        if item.verdict == "lower":
            assert item.styles == {"bare": stands}
            assert ("It stands on" in item.sentence, "It does not stand on" in item.sentence) == (stands, not stands)
    assert any(item.verdict == "lower" for item in of(found, "Attack success").tested)
    assert not [item for item in of(found, "Over-refusal").tested if item.verdict == "undetected" and item.styles]
