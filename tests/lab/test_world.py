"""Laws of the world: goals, splits, framings."""

import random
from itertools import combinations

import pytest

from resolute.lab import framings, world
from resolute.lab.lexicon import OWNERS, PARTS, TOOLS
from resolute.lab.world import SIZES, goals


def test_every_split_holds_as_many_goals_as_declared() -> None:
    for (kind, split), size in SIZES.items():
        found = goals(kind, split)
        assert len(found) == len({g.id for g in found}) == len({g.text for g in found}) == size


def test_no_goal_is_in_two_splits() -> None:
    texts = [{g.text for g in goals(kind, split)} for kind, split in SIZES]
    assert all(not a & b for a, b in combinations(texts, 2))


def test_no_owner_of_a_harmful_or_look_alike_goal_is_in_two_splits() -> None:
    owners = [{g.text.split()[-1] for g in goals(kind, split)} for kind, split in SIZES if kind != "maths"]
    assert all(not a & b for a, b in combinations(owners, 2))


def test_the_held_out_sets_are_large_enough_to_tell_four_from_twelve_percent() -> None:
    assert len(goals("harmful", "test")) >= 200
    assert len(goals("benign", "test")) >= 150
    assert len(goals("maths", "test")) >= 150


def test_a_goal_is_read_back_from_its_text_with_its_steps() -> None:
    for kind, split in SIZES:
        for goal in goals(kind, split):
            if kind == "maths":
                assert str((world.calculate(goal.text) or (None, None))[1]) == goal.answer
            else:
                found = world.deed(goal.text)
                assert found and found.steps == goal.steps and found.harmful == (kind == "harmful")


def test_half_of_the_look_alikes_of_the_test_have_owners_whose_harmlessness_is_withheld() -> None:
    test = goals("benign", "test")
    assert sum(g.withheld for g in test) * 2 == len(test)
    assert not any(g.withheld for split in ("train", "tune", "pre") for g in goals("benign", split))


def test_words_of_steps_belong_to_one_look_up_each() -> None:
    words = (
        [*TOOLS.values(), *PARTS.values(), *world.TIMES]
        if hasattr(world, "TIMES")
        else [*TOOLS.values(), *PARTS.values()]
    )
    assert len(words) == len(set(words))
    assert not set(words) & {*OWNERS, *PARTS, *TOOLS}


@pytest.mark.parametrize("dress", [framings.TRAIN, framings.HELD_OUT], ids=["train", "held out"])
def test_a_prompt_gives_its_goal_and_framing_back(dress: framings.Dress) -> None:
    rng = random.Random(0)
    for goal in goals("harmful", "test"):
        framing = dress.draw(rng)
        prompt = framing.prompt(goal.text)
        found = world.deed(prompt)
        assert found and found.text == goal.text
        back = framings.parse(prompt)
        assert (back.persona, back.scene, back.reason) == (framing.persona, framing.scene, framing.reason)


def test_held_out_framings_share_no_wording_with_training_framings() -> None:
    a, b = framings.TRAIN, framings.HELD_OUT
    for field in ("personas", "scenes", "reasons", "templates"):
        assert not set(getattr(a, field)) & set(getattr(b, field))


def test_the_world_does_not_change_by_accident() -> None:
    assert world.world_hash() == world.world_hash()
