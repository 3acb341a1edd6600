"""Families are looked at before work starts, and an axis that is random stands in no label they use."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from resolute.core.errors import ResoluteError
from resolute.core.settings import Report
from resolute.core.statistics.declared import Declared, check_families, families_of, merged

ROWS = [(f"{row} · {base}", {"row": row, "base": base}) for row in ("Raw", "Default") for base in ("one", "two")]


def family(**fields: Any) -> Declared:
    return Declared.model_validate({"contrasts": [["Raw", "Default"]], "columns": ["unsafe"], **fields})


def test_a_row_is_called_as_it_is_apart_from_random_axes() -> None:
    at = {"row": "Raw", "base": "one", "rate": "high"}
    assert merged("Raw · one · high", at, ["base"]) == "Raw · high"
    assert merged("Raw · one · high", at, []) == "Raw · one · high"
    assert merged("alone", {}, ["base"]) == "alone"


def test_a_family_of_rows_that_are_there_passes() -> None:
    check_families({"f": family()}, ["base"], ROWS)
    check_families({}, [], ROWS)
    check_families({"f": family(contrasts=[["Raw · one", "Default · one"]])}, [], ROWS)


@pytest.mark.parametrize(
    ("fields", "random", "words"),
    [
        ({}, ["bsae"], "no such axis"),
        ({}, ["row"], "no such axis"),
        ({}, [], "no row is called 'Raw'"),
        ({"contrasts": [["Raw", "Imporved"]]}, ["base"], "Imporved"),
        ({"contrasts": [["Raw", "Raw"]]}, ["base"], "compared with itself"),
        ({"contrasts": [["Raw", "Default"], ["Raw", "Default"]]}, ["base"], "stands twice"),
        ({"margin": 0.02}, ["base"], "no margin"),
    ],
)
def test_what_cannot_be_tested_is_said_before_work_starts(
    fields: dict[str, Any], random: list[str], words: str
) -> None:
    with pytest.raises(ResoluteError, match=words):
        check_families({"f": family(**fields)}, random, ROWS)


@pytest.mark.parametrize(
    "fields", [{"contrasts": []}, {"columns": []}, {"test": "better"}, {"kind": 1}, {"margin": 0.0, "test": "kept"}]
)
def test_a_family_with_a_form_of_its_own_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        family(**fields)


@pytest.mark.parametrize(
    ("columns", "event", "name", "taken"),
    [
        (["unsafe"], "unsafe", "Attack success: pair", True),
        (["attack success: *"], "unsafe", "Attack success: pair", True),
        (["*pair*"], "unsafe", "Attack success: pap", False),
        (["Accuracy*", "refused"], "refused", "Over-refusal", True),
        (["un"], "unsafe", "Attack success", False),
    ],
)
def test_columns_are_named_by_event_or_by_the_name_they_have(
    columns: list[str], event: str, name: str, taken: bool
) -> None:
    assert family(columns=columns).takes(event, name) is taken


def test_the_families_of_a_study_s_recipe_are_read_from_it() -> None:
    plain = {"contrasts": [["Raw", "Default"]], "columns": ["unsafe"]}
    assert families_of({"report": {"families": {"f": plain}}}) == {"f": family()}
    assert families_of({}) == families_of({"report": None}) == {}


def test_settings_that_only_say_what_is_declared_are_no_part_of_the_key_themselves() -> None:
    """An old report keeps its key; the stage's identity holds what is declared."""
    assert Report.named == {"random", "families", "number"}
