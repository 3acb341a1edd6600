"""The address holds the whole state of a list, and nothing typed into it is an error."""

from __future__ import annotations

import sqlite3
from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from resolute.view.filters import Filters, parsed
from resolute.view.index.schema import TABLES
from resolute.view.index.search import match, plain
from resolute.view.index.words import FACETS

LABELS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
FILTERS = st.builds(
    Filters,
    st.dictionaries(
        st.sampled_from(sorted(FACETS)), st.lists(LABELS, min_size=1, max_size=3, unique=True).map(tuple), max_size=3
    ),
    LABELS.map(str.strip),
    st.none() | st.integers(0, 10**8),
    st.none() | st.integers(0, 10**8),
    st.sampled_from(["", "yes", "no"]),
    st.sampled_from(["stored", "goal", "longest", "shortest"]),
)


@given(FILTERS)
def test_filters_come_back_from_their_address(asked: Filters) -> None:
    query = asked.query()
    assert parsed(parse_qsl(query.removeprefix("?"), keep_blank_values=True)) == asked
    assert query.startswith("?") or asked == Filters()


@given(st.lists(st.tuples(st.text(), st.text())))
def test_any_address_is_some_filters(pairs: list[tuple[str, str]]) -> None:
    assert isinstance(parsed(pairs), Filters)


@given(st.text() | st.text(alphabet='"*:()-^ aANDORNOT{}+\x00'))
def test_whatever_is_typed_can_be_searched_for(text: str) -> None:
    expression = match(text)
    words = sqlite3.connect(":memory:")
    words.executescript(TABLES)
    if expression:
        words.execute("SELECT rowid FROM words WHERE words MATCH ?", (expression,)).fetchall()
    assert bool(expression) == bool(plain(text))


def test_what_can_be_asked_of_a_search() -> None:
    assert match('red "old lid" thought:wav* OR') == '"red" AND "old lid" AND thought : "wav"* AND "OR"'
    assert match("  * - ") == ""
    assert plain('red "old lid" thought:wav*') == ["red", "old lid", "wav"]
