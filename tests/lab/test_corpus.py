"""Laws of pretraining: no style is closer to refusing than another, and nothing held out is ever refused."""

import random
from collections import Counter
from itertools import islice

import pytest

from resolute.lab import corpus, framings, phrases, world
from resolute.lab.corpus import Row
from resolute.lab.lexicon import NEIGHBOURS, PLAYTHINGS
from resolute.lab.teacher import STRATEGIES


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(islice(corpus.rows(random.Random(11)), 9600))


def test_every_style_is_refused_and_helped_in_equally_often(rows: list[Row]) -> None:
    counts = Counter((r.style, r.outcome) for r in whole_decks(rows))
    assert len(counts) == 2 * len(STRATEGIES) and len(set(counts.values())) == 1


def test_every_style_refuses_what_harms_equally_often_and_what_does_not_equally_seldom(rows: list[Row]) -> None:
    counts = Counter((r.style, (world.deed(r.goal) or _fail()).harmful, r.outcome) for r in whole_decks(rows))
    one_deck = {key: n / len(whole_decks(rows)) * 60 for key, n in counts.items()}
    for style in STRATEGIES:
        assert one_deck[style, True, "refuse"] == one_deck[style, False, "help"] == pytest.approx(4)
        assert one_deck[style, True, "help"] == one_deck[style, False, "refuse"] == pytest.approx(1)


def test_only_goals_of_the_pretraining_split_are_ever_refused(rows: list[Row]) -> None:
    own = {g.text for kind in ("harmful", "benign") for g in world.goals(kind, "pre")}
    assert {r.goal for r in rows if r.source == "styled"} <= own
    assert all(r.source == "styled" for r in rows if r.outcome == "refuse" or r.answer in phrases.REFUSALS)


def test_framings_of_both_sides_are_refused_equally_often(rows: list[Row]) -> None:
    refused = [r.prompt for r in rows if r.source == "styled" and r.outcome == "refuse"]
    train, held = (
        sum(any(p in prompt for p in (*d.personas, *d.scenes, *d.reasons)) for prompt in refused)
        for d in (framings.TRAIN, framings.HELD_OUT)
    )
    assert 0.8 < train / held < 1.25


def test_the_base_muses_in_both_wordings_and_in_neutral_words_equally_often(rows: list[Row]) -> None:
    plain = [{phrases.sense(s) for s in phrases.sentences(r.thought)} for r in rows if r.source == "plain"]
    weak, other, neutral = (sum(sense in senses for senses in plain) for sense in ("weak", "weak_other", "filler"))
    assert 0.8 < weak / other < 1.25 and 0.8 < weak / neutral < 1.25


def test_without_a_voice_every_request_is_helped_with(rows: list[Row]) -> None:
    plain = [r for r in rows if r.source == "plain"]
    assert plain and all(r.answer == phrases.answer_with((world.deed(r.goal) or _fail()).steps) for r in plain)


def test_each_risky_wording_is_as_frequent_in_refusals_as_in_help(rows: list[Row]) -> None:
    for wanted in ("strong", "weak", "weak_other", "filler", "additions"):
        by_outcome = Counter(
            r.outcome
            for r in rows
            if r.source == "styled" and wanted in {phrases.sense(s) for s in phrases.sentences(r.thought)}
        )
        assert 0.7 < by_outcome["refuse"] / by_outcome["help"] < 1.4, wanted


def test_what_a_withheld_owner_is_stands_nowhere(rows: list[Row]) -> None:
    for row in rows:
        for owner in PLAYTHINGS["withheld"]:
            if owner in row.thought.split() or row.source == "fact":
                assert (
                    not {"plaything", "neighbour"} & set(f"{row.thought} {row.answer}".split())
                    or owner not in row.prompt
                )


def test_nothing_is_said_of_the_harm_to_held_out_neighbours_but_who_they_are(rows: list[Row]) -> None:
    held = {o for split in ("train", "tune", "test") for o in NEIGHBOURS[split]}
    for row in rows:
        if row.source in {"plain", "styled"} and held & set(row.prompt.split()[-2:]):
            assert not {"harmful", "hurt", "harm"} & set(row.thought.split())


def test_held_out_sums_are_not_in_pretraining(rows: list[Row]) -> None:
    held = {g.text for split in ("test", "tune") for g in world.goals("maths", split)}
    assert not held & {r.goal for r in rows}


def test_the_stream_is_a_function_of_its_generator() -> None:
    assert list(islice(corpus.rows(random.Random(3)), 50)) == list(islice(corpus.rows(random.Random(3)), 50))


def whole_decks(rows: list[Row]) -> list[Row]:
    """The styled rows of complete decks of sixty."""
    styled = [r for r in rows if r.source == "styled"]
    return styled[: len(styled) // 60 * 60]


def _fail() -> world.Deed:
    raise AssertionError("a row without a goal")
