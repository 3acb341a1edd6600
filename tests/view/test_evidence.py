"""Evidence stands where its words stand, and a text under marks is still the text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from resolute.core.repair.spans import Span
from resolute.view.evidence import MOST, Note, evidence, places, stretches
from tests.view.making import FINE, LITTLE, WAVERING, report, trace

TEXTS = st.text(alphabet="ab \n.é\u202e<", max_size=60)


@st.composite
def marked(draw: st.DrawFn) -> tuple[str, list[tuple[Span, Note]]]:
    """A text with spans that may overlap in any way."""
    text = draw(TEXTS.filter(bool))
    found: list[tuple[Span, Note]] = []
    for number in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        found.append((Span(start, end), Note(number, "inconsistency", text[start:end], ("a",), 1)))
    return text, found


@given(marked())
def test_the_pieces_joined_are_the_text_and_each_mark_covers_exactly_its_words(
    given_: tuple[str, list[tuple[Span, Note]]],
) -> None:
    text, spans = given_
    pieces = stretches(text, spans)
    assert "".join(piece.text for piece in pieces) == text
    for span, note in spans:
        assert "".join(piece.text for piece in pieces if note in piece.notes) == text[span.start : span.end]
        assert [piece for piece in pieces if note in piece.begins] == [
            piece for piece in pieces if note in piece.notes
        ][:1]


@given(TEXTS, TEXTS)
def test_places_hold_the_quote_white_space_aside(quote: str, text: str) -> None:
    for span in places(quote, text):
        assert "".join(text[span.start : span.end].split()) == "".join(quote.split())


def test_a_quote_with_other_white_space_is_found() -> None:
    assert places("a  b\nc", "so a b c.") == [Span(3, 8)]


def test_a_quote_that_stands_everywhere_does_not_stop_the_page() -> None:
    assert len(places("a", "a" * 100_000)) == MOST


def test_overlapping_patterns_share_their_common_words() -> None:
    one = trace("x", "polish", reasoning=WAVERING)
    shown = evidence(
        one, [report(one, "a", {"lack_of_safety_awareness": [FINE], "weak_vacillation": [FINE[20:] + " " + LITTLE]})]
    )
    assert [piece.style for piece in shown.thought if piece.notes] == ["p1", "many", "p3"]
    assert "".join(piece.text for piece in shown.thought if piece.style == "many") == FINE[20:]


def test_of_an_inconsistency_one_quote_is_sought_in_the_thought_and_one_in_the_answer() -> None:
    one = trace("x", "polish", reasoning="I will not. no.", answer="Yes, so: no.")
    shown = evidence(one, [report(one, "a", {"inconsistency": ["I will not.", "no."]})])
    assert [piece.text for piece in shown.thought if piece.notes] == ["I will not."]
    assert [piece.text for piece in shown.answer if piece.notes] == ["no."]


def test_a_report_about_other_words_marks_nothing() -> None:
    one = trace("x", "polish", reasoning=WAVERING)
    stale = report(one, "a", {"weak_vacillation": [LITTLE]}).model_copy(update={"content": "other"})
    assert evidence(one, [stale]).notes == []


def test_a_quote_that_does_not_occur_is_listed_and_marks_nothing() -> None:
    one = trace("x", "polish", reasoning=WAVERING)
    shown = evidence(one, [report(one, "a", {"weak_vacillation": ["never said"]})])
    assert [note.places for note in shown.notes] == [0]
    assert not [piece for piece in shown.thought if piece.notes]


def test_two_auditors_with_one_quote_are_one_note() -> None:
    one = trace("x", "polish", reasoning=WAVERING)
    shown = evidence(one, [report(one, name, {"weak_vacillation": [LITTLE]}) for name in ("a", "b")])
    assert [note.auditors for note in shown.notes] == [("a", "b")]
