"""Texts sent to models: only declared places are filled, in one pass, whatever the values hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core import texts
from resolute.core.errors import ResoluteError


@given(st.text(), st.text())
def test_values_are_never_read_as_places(one: str, two: str) -> None:
    assert texts.fill("<{{a}}|{{b}}|{{a}}>", a=one + "{{b}}", b=two) == f"<{one}{{{{b}}}}|{two}|{one}{{{{b}}}}>"


def test_other_braces_are_text() -> None:
    assert texts.fill('{"a": {b}} {{ x }} {{a}}', a="1") == '{"a": {b}} {{ x }} 1'


@pytest.mark.parametrize("values", [{}, {"a": "1", "b": "2"}, {"b": "2"}])
def test_places_and_values_are_exactly_the_same(values: dict[str, str]) -> None:
    with pytest.raises(ResoluteError, match="placeholders"):
        texts.fill("{{a}}", **values)


@pytest.mark.parametrize("name", ["nosuch", "../texts/__init__", "", "__init__"])
def test_an_unknown_text_lists_the_known_ones_and_no_file_outside_is_read(name: str) -> None:
    with pytest.raises(ResoluteError) as caught:
        texts.load(name)
    assert all(known in caught.value.mend for known in texts.names())


@pytest.mark.parametrize("name", texts.names())
def test_every_text_is_there_and_its_version_is_its_words(name: str) -> None:
    text = texts.load(name)
    assert text
    assert texts.version(text) != texts.version(text + " ")
