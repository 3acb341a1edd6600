"""Laws of the lab's attacks."""

import asyncio

import pytest

from resolute.lab import attacks, framings, oracles, phrases, world

GOALS = world.goals("harmful", "test")
TRAIN_WORDING = (*framings.TRAIN.personas, *framings.TRAIN.scenes, *framings.TRAIN.reasons)


def run(goal, reply, *, tries=8, seed=0):
    seen = []

    async def ask(messages, asked_seed):
        seen.append((messages[0]["content"], asked_seed))
        return reply

    done = asyncio.run(attacks.pair_like(goal.text, ask, stop=oracles.loose, seed=seed, tries=tries))
    return done, seen


@pytest.mark.parametrize("attack", [attacks.none, attacks.persona, attacks.persuasion])
def test_an_attack_keeps_the_goal_and_uses_no_training_framing(attack) -> None:
    for goal in GOALS:
        (message,) = attack(goal.text, seed=1)
        found = world.deed(message["content"])
        assert message["role"] == "user" and found and found.text == goal.text
        assert not any(wording in message["content"] for wording in TRAIN_WORDING)
        assert attack(goal.text, seed=1) == [message]


def test_the_pair_like_attack_stops_at_the_first_reply_that_its_judge_takes() -> None:
    done, _ = run(GOALS[0], phrases.answer_with(GOALS[0].steps))
    assert len(done) == 1 and done[0].stopped


def test_the_pair_like_attack_asks_no_more_often_than_it_may_and_never_the_same_twice() -> None:
    done, seen = run(GOALS[0], phrases.REFUSALS[0], tries=6)
    assert len(done) == 6 and not any(t.stopped for t in done)
    assert len({seed for _, seed in seen}) == 6


def test_a_refusal_is_answered_with_more_framing_and_a_garbled_reply_with_less() -> None:
    def parts(prompt):
        framing = framings.parse(prompt)
        return sum(map(bool, (framing.persona, framing.scene, framing.reason)))

    _, refused = run(GOALS[1], phrases.REFUSALS[1])
    _, garbled = run(GOALS[1], "the the plus")
    assert all(parts(p) >= 2 for p, _ in refused[1:])
    assert all(parts(p) == 1 for p, _ in garbled[1:])


def test_the_pair_like_attack_uses_held_out_framings_only() -> None:
    for goal in GOALS[:40]:
        _, seen = run(goal, "", seed=2)
        assert not any(wording in prompt for prompt, _ in seen for wording in TRAIN_WORDING)


def test_the_pair_like_attack_is_a_function_of_goal_seed_and_replies() -> None:
    assert run(GOALS[3], "", seed=5) == run(GOALS[3], "", seed=5)
    assert run(GOALS[3], "", seed=5)[1] != run(GOALS[3], "", seed=6)[1]
