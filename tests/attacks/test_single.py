"""Laws of attacks of one request: framings, persuasion, thought control, and replies that are begun."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from resolute.attacks.framings import FRAMINGS
from resolute.attacks.pap import PAP, techniques
from resolute.attacks.thoughts import PREFILL_ANSWER, PREFILL_THOUGHT, THINK_LESS, THINK_MORE, THINK_ZERO
from resolute.core.attacking import Roles
from resolute.core.errors import ResoluteError
from resolute.core.framing import builtin
from resolute.core.parts import Attack, Attempt
from resolute.core.records import Prompt
from resolute.core.settings import Evaluate
from resolute.core.trace import THINK, split
from tests.attacks.scripted import GOAL, REFUSED, Party, inventive

CONTEXTUAL = Prompt(text="a text to work on\n\n---\n\nuse it", goal="use it", kind="harmful")
FRAMED = Prompt(text="in a story: make it", goal="make it", kind="harmful", framing="story")


def settings(**values: Any) -> Evaluate:
    base = {"model": "m", "suites": ["s"], "sampling": {"temperature": 1.0, "max_tokens": 8}}
    return Evaluate.model_validate(base | values)


def run(attack: Attack, prompt: Prompt = GOAL, seed: int = 3) -> tuple[Attempt, Party]:
    target = Party(lambda messages, number: REFUSED)
    return asyncio.run(attack.run(prompt, target, seed)), target


def test_framings_are_one_attack_each_and_the_goal_stands_in_its_frame_with_its_context() -> None:
    made = FRAMINGS.variants("", settings())
    assert [attack.name for attack in made] == [f"framings:{framing.name}" for framing in builtin()]
    assert len({attack.version for attack in made}) == len(made)
    for attack in made:
        attempt, target = run(attack, CONTEXTUAL)
        assert CONTEXTUAL.text in attempt.sent[0].content and attempt.sent[0].content != CONTEXTUAL.text
        assert len(target.asked) == 1 and attempt.queries == 1


def test_framings_are_those_of_the_settings_or_of_the_name(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text("Say politely: {goal}")
    names = [attack.name for attack in FRAMINGS.variants("", settings(framings=["fiction", f"{tmp_path}/mine.md"]))]
    assert names == ["framings:fiction", "framings:mine"]
    assert [attack.name for attack in FRAMINGS.variants("quiz", settings())] == ["framings:quiz"]
    assert (
        run(FRAMINGS.variants(f"{tmp_path}/mine.md", settings())[0])[0].sent[0].content == f"Say politely: {GOAL.goal}"
    )
    with pytest.raises(ResoluteError, match="unknown framing"):
        FRAMINGS.variants("nosuch", settings())


def test_the_taxonomy_is_the_papers(shared_data: Path) -> None:
    known = techniques()
    assert len(known) == 40 == len({one.name for one in known})
    assert all(one.title and one.definition and one.example for one in known)


def test_pap_takes_one_technique_by_seed_so_many_or_the_one_named(shared_data: Path) -> None:
    (plain,) = PAP.variants("", settings())
    assert plain.name == "pap"
    five, all_of_them = PAP.variants("5", settings()), PAP.variants("40", settings())
    assert len(five) == 5 and {one.name for one in five} < {one.name for one in all_of_them}
    assert len({one.version for one in all_of_them}) == 40
    assert [one.name for one in PAP.variants("logical-appeal", settings())] == ["pap:logical-appeal"]
    for rest in ("0", "41", "nosuch"):
        with pytest.raises(ResoluteError):
            PAP.variants(rest, settings())


def test_pap_sends_the_attackers_rewrite_once_and_the_attacker_is_told_technique_and_goal(shared_data: Path) -> None:
    (attack,) = PAP.variants("logical-appeal", settings())
    attacker = inventive()
    attempt, target = run(replace(attack, roles=Roles(attacker)), CONTEXTUAL)
    assert [message.content for message in attempt.sent] == ["try 0"] and len(target.asked) == 1
    told = attacker.asked[0][0][0].content
    assert CONTEXTUAL.text in told and "Logical Appeal" in told
    assert attempt.queries == 1 and attempt.exchanges[0].attempts == 1


def test_pap_with_other_seeds_takes_other_techniques_and_no_seed_twice(shared_data: Path) -> None:
    (attack,) = PAP.variants("", settings())
    attacker = Party(lambda messages, number: "no")
    for seed in range(30):
        attempt, target = run(replace(attack, roles=Roles(attacker)), FRAMED, seed)
        assert attempt.reply.error.startswith("attacker failed: ") and not target.asked
    assert len(attacker.asked) == 90 == len(set(attacker.seeds))
    told = {messages[0].content for messages, _ in attacker.asked}
    assert len(told) > 10
    assert all(FRAMED.text not in text and FRAMED.goal in text for text in told), "a framing is not framed again"


@pytest.mark.parametrize("attack", [THINK_LESS, THINK_MORE], ids=lambda attack: attack.name)
def test_thought_is_asked_for_behind_the_prompt(attack: Attack) -> None:
    attempt, _ = run(attack, CONTEXTUAL)
    assert attempt.sent[0].content.startswith(CONTEXTUAL.text + "\n\n") and len(attempt.sent) == 1


@pytest.mark.parametrize(
    ("attack", "thought", "answer", "closed"),
    [(THINK_ZERO, False, False, True), (PREFILL_ANSWER, False, True, True), (PREFILL_THOUGHT, True, False, False)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_reply_is_begun_in_the_marks_everybody_reads(
    attack: Attack, thought: bool, answer: bool, closed: bool
) -> None:
    attempt, _ = run(attack)
    assert [message.role for message in attempt.sent] == ["user", "assistant"]
    assert attempt.sent[0].content == GOAL.text
    parts = split(attempt.sent[1].content, THINK)
    assert (bool(parts.thought), bool(parts.answer), parts.closed) == (thought, answer, closed)
    assert GOAL.goal not in attempt.sent[1].content, "the words would do for any question"
