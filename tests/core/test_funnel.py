"""A funnel loses nothing: what went in is what stayed and what left by a named reason."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from resolute.core.funnel import Funnel, count_by


@given(st.lists(st.integers(0, 20)))
def test_everything_that_went_in_is_accounted_for(items: list[int]) -> None:
    funnel = Funnel(list(items))
    funnel.sift("accept", lambda n: "odd" if n % 2 else "")
    funnel.sift("draw", lambda n: "large" if n > 10 else "")
    assert funnel.entered == len(items) == len(funnel.items) + sum(row["n"] for row in funnel.rows())
    assert all(n % 2 == 0 and n <= 10 for n in funnel.items)


def test_rows_keep_the_order_of_steps_and_show_the_most_frequent_reason_first() -> None:
    funnel = Funnel([1, 2, 3, 4, 5, 6])
    funnel.sift("reserve", lambda n: {1: "b", 2: "a", 3: "a"}.get(n, ""))
    funnel.sift("draw", lambda n: "b" if n == 4 else "")
    assert [tuple(row.values()) for row in funnel.rows()] == [
        ("reserve", "a", 2),
        ("reserve", "b", 1),
        ("draw", "b", 1),
    ]
    assert count_by(funnel.items, str) == {"5": 1, "6": 1}
