"""Choosing by name: every name loads, an unknown one is answered with what there is, none is taken twice."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolute.core import plugins
from resolute.core.catalogue import Catalogue, counted, entries, find
from resolute.core.errors import ResoluteError

CATALOGUES: tuple[Catalogue, ...] = get_args(Catalogue)
NAMES = [(kind, name) for kind in CATALOGUES for name in sorted(entries(kind))]


@pytest.mark.parametrize(("kind", "name"), NAMES, ids=[f"{kind}: {name}" for kind, name in NAMES])
def test_every_name_of_every_catalogue_loads(kind: Catalogue, name: str) -> None:
    assert find(kind, name) is not None


def test_an_unknown_name_is_answered_with_the_nearest_and_the_known_ones() -> None:
    with pytest.raises(ResoluteError) as caught:
        find("strategies", "improvd")
    assert "did you mean 'improved'?" in caught.value.mend
    assert "default" in caught.value.mend


@given(st.text(), st.integers(0, 10**9))
def test_a_count_is_the_digits_after_the_last_colon(name: str, count: int) -> None:
    assert counted(f"{name}:{count}") == (name, count)


@pytest.mark.parametrize("text", ["harmbench", "C:\\data\\x.jsonl", "a:b", "hub/name@abc", "", ":", "a:-1", "a:²"])
def test_without_a_count_a_name_is_all_of_it(text: str) -> None:
    assert counted(text) == (text, None)


def test_two_things_with_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        name, value = "rival", "rival.plugin"

        def load(self) -> Any:
            return type("Module", (), {"STRATEGIES": {"default": "rival:Default"}})

    monkeypatch.setattr(plugins, "entry_points", lambda group: [Point()])
    with pytest.raises(ResoluteError, match="two strategies are called 'default'"):
        entries.__wrapped__("strategies")
