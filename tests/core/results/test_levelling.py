"""Levelled answers differ in nothing that style or length is, and nothing else of a trace is touched."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from resolute.core.records import Trace
from resolute.core.results.comparing import Answers, compared
from resolute.core.results.levelling import beside, level_json, level_page, levelled
from tests.core.results.test_comparing import answers, drawn

WORDS = st.lists(st.sampled_from(["rub", "**lid**", "- tin", "# Head", "I'm sorry, but", "no.", "\n"]), max_size=12)


def arm(name: str, texts: Sequence[str]) -> list[Trace]:
    made = answers(name, {f"goal {place}": 0.0 for place in range(len(texts))}).traces
    return [trace.model_copy(update={"answer": text}) for trace, text in zip(made, texts, strict=True)]


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=6))
def test_two_answers_have_equally_many_words_unless_one_has_none(pairs: list[tuple[list[str], list[str]]]) -> None:
    first, second = arm("a", [" ".join(one) for one, _ in pairs]), arm("b", [" ".join(two) for _, two in pairs])
    made = levelled(first, second)
    for one, other in zip(made.first, made.second, strict=True):
        counts = len(one.answer.split()), len(other.answer.split())
        assert 0 in counts or counts[0] == counts[1]
        assert "**" not in one.answer
    assert {trace.id for trace in made.first} == {trace.id for trace in first}
    assert [t.model_copy(update={"answer": ""}) for t in levelled(first, first).first] == sorted(
        [t.model_copy(update={"answer": ""}) for t in first],
        key=lambda trace: (trace.task, trace.attack, trace.prompt.id),
    )


def test_what_has_no_partner_is_counted_and_left_out() -> None:
    made = levelled(arm("a", ["one two", "three"]), arm("b", ["one", "three", "four"]))
    assert (len(made.first), made.cut, made.alone) == (2, 1, 1)
    assert [trace.answer for trace in made.first] == [trace.answer for trace in made.second]


def test_the_order_of_rows_changes_nothing() -> None:
    first, second = arm("a", ["one two", "three", "x"]), arm("b", ["one", "three b", "y z"])
    assert levelled(first, second) == levelled(first[::-1], second[::-1])


def test_a_difference_stands_where_both_tests_find_it_and_falls_where_one_does_not() -> None:
    base, tuned = answers("base", drawn(200, 0.6, 1)), answers("tuned", drawn(200, 0.1, 2))
    found = compared(base, tuned, margin=0.05)
    made = levelled(base.traces, tuned.traces)
    ((_, _, stands),) = beside(found, found)
    assert stands
    fallen = compared(base, Answers("tuned", tuned.traces, answers("tuned", drawn(200, 0.6, 3)).verdicts), margin=0.05)
    ((_, _, stands),) = beside(found, fallen)
    assert not stands
    assert "| no |" in "\n".join(level_page(found, fallen, made))
    assert level_json(found, fallen, made)["stands"][0]["stands"] is False
    assert "No difference was found" in "\n".join(level_page(fallen, found, made))
