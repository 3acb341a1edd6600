"""The lab's prompt sources: its goals as `Prompt` records, dressed where the study's are."""

from __future__ import annotations

import random

from resolute.core.records import Prompt
from resolute.lab import framings, world

FRAMINGS_PER_GOAL = 20
"""As in the study: 200 goals x 20 framings give 4,000 prompts."""
PLAIN_HARMFUL, PLAIN_BENIGN = 0.15, 0.7
"""Shares of prompts for training that are asked without a framing."""


def harmful_train() -> list[Prompt]:
    """The training goals under training framings."""
    return _dressed("harmful", "train", FRAMINGS_PER_GOAL, plain=PLAIN_HARMFUL)


def benign_train() -> list[Prompt]:
    """Look-alikes that hurt nobody, mostly asked plainly."""
    return _dressed("benign", "train", 3, plain=PLAIN_BENIGN)


def maths_train() -> list[Prompt]:
    """Sums in two steps."""
    return _sums("train")


def harmful_test() -> list[Prompt]:
    """Held-out goals as they are; the attacks dress them."""
    return _plain("harmful", "test")


def harmful_tune() -> list[Prompt]:
    """The goals that settings are chosen on."""
    return _plain("harmful", "tune")


def benign_test() -> list[Prompt]:
    """Held-out look-alikes; half of their owners were never said to be harmless."""
    return _plain("benign", "test")


def benign_tune() -> list[Prompt]:
    """The look-alikes that settings are chosen on."""
    return _plain("benign", "tune")


def maths_test() -> list[Prompt]:
    """Held-out sums."""
    return _sums("test")


def maths_tune() -> list[Prompt]:
    """The sums that settings are chosen on."""
    return _sums("tune")


def _dressed(kind: world.Kind, split: world.Split, times: int, *, plain: float) -> list[Prompt]:
    found: dict[str, Prompt] = {}
    for goal in world.goals(kind, split):
        rng = random.Random(f"framings {goal.id}")
        for _ in range(times):
            framing = framings.plain(rng) if rng.random() < plain else framings.TRAIN.draw(rng)
            prompt = _prompt(goal, framing.prompt(goal.text), _name(framing))
            found.setdefault(prompt.id, prompt)
    return list(found.values())


def _plain(kind: world.Kind, split: world.Split) -> list[Prompt]:
    return [_prompt(goal, framings.Framing(framings.PLAIN[0]).prompt(goal.text)) for goal in world.goals(kind, split)]


def _sums(split: world.Split) -> list[Prompt]:
    return [_prompt(goal, f"what is {goal.text} ?") for goal in world.goals("maths", split)]


def _prompt(goal: world.Goal, text: str, framing: str = "") -> Prompt:
    return Prompt(
        text=text,
        goal=goal.text,
        kind=goal.kind,
        category="withheld" if goal.withheld else goal.category,
        framing=framing,
        source="lab",
        split=goal.split,
        expected=goal.answer,
    )


def _name(framing: framings.Framing) -> str:
    slots = [name for name in ("persona", "scene", "reason") if getattr(framing, name)]
    return " and ".join(slots)
