"""Amounts: counts, counts of a source, and shares of the safety rows; whatever is neither is refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from resolute.core.curation.mixture import Want, mixture
from resolute.core.errors import ResoluteError
from resolute.core.layers import resolve
from resolute.core.settings import Curate


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        pytest.param(100, 100, id="a count"),
        pytest.param("100", 100, id="a count as text"),
        pytest.param(["100"], 100, id="a count as one option"),
        pytest.param("10%", "10%", id="a share"),
        pytest.param("xstest:100", ("xstest:100",), id="a count of a source"),
        pytest.param(["xstest:100", "a:b:7%"], ("xstest:100", "a:b:7%"), id="two sources, one with a share"),
    ],
)
def test_an_amount_is_read_in_every_form_and_kept_in_one(said: Any, plain: Any) -> None:
    settings = Curate(safety=1, benign=said)
    assert settings.benign == plain
    assert Curate.model_validate(settings.model_dump(mode="json")) == settings


@pytest.mark.parametrize("wrong", [-1, True, 1.5, "many", "xstest:", ":5", ["1", "2"], ["a:1", "a:2"], [], "5 %", "²"])
def test_anything_else_is_refused(wrong: Any) -> None:
    with pytest.raises(ResoluteError, match="benign"):
        resolve(Curate, [("test", {"safety": 1, "benign": wrong})])


@pytest.mark.parametrize("share", ["10%", ["a:10%"]])
def test_safety_rows_are_no_share_of_themselves(share: Any) -> None:
    with pytest.raises(ResoluteError, match="safety rows are counted"):
        resolve(Curate, [("test", {"safety": share})])


def test_harmful_goals_come_first_and_nothing_is_wanted_of_a_kind_with_none() -> None:
    wants = mixture({"maths": ("a:0", "b:2"), "benign": 0, "harmful": 5})
    assert wants == [Want("harmful", "", 5), Want("maths", "b", 2)]


def test_a_share_is_rounded_half_up() -> None:
    want = Want("benign", "", 0, Fraction("12.5") / 100)
    assert [want.rows(safety) for safety in (0, 3, 4, 100, 1000)] == [0, 0, 1, 13, 125]
    assert Want("benign", "", 7).rows(1000) == 7
