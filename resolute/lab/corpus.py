"""What the base model is pretrained on: an endless stream of rows of the lab's world.

Without a system message the base only ever sees its own way to think, and help with whatever was asked. The thought
style of every strategy is seen as well, under a system message that names a voice, so that no strategy's wording is new
to the base; there refusing and helping come up equally often in every style, for harmful and for harmless goals alike,
and only for the goals of the split ``pre``. Whether to refuse is therefore left for fine-tuning to teach.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

from resolute.lab import framings, phrases, world
from resolute.lab.lexicon import NEIGHBOURS, OWNERS, PLAYTHINGS, is_neighbour
from resolute.lab.teacher import STRATEGIES, Plan, Strategy, style, sum_words

Source = Literal["plain", "styled", "maths", "fact"]
SHARES: Final[dict[Source, int]] = {"plain": 18, "styled": 12, "maths": 7, "fact": 3}
"""Rows of each source in a block of forty."""

VOICES: Final[dict[Strategy, str]] = {
    "default": "amber",
    "realsafe": "birch",
    "improved": "cedar",
    "short": "dune",
    "template": "ember",
    "nocot": "fern",
}
"""The word that asks for a style in pretraining; nothing else ever says it."""

FACT_WORDS: Final[tuple[str, ...]] = (
    "write in the voice .",
    "who is the ?",
    "is the a neighbour or a plaything ?",
    "the is a neighbour .",
    "i know the .",
    "what is ?",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One document of pretraining."""

    source: Source
    system: str
    prompt: str
    thought: str
    answer: str
    style: Strategy | Literal["own"] = "own"
    outcome: Literal["help", "refuse", "other"] = "other"
    goal: str = ""


def rows(rng: random.Random) -> Iterator[Row]:
    """The stream. Any 960 styled rows in a row hold every (style, outcome, kind) equally often."""
    deck: list[tuple[Strategy, bool, bool]] = []
    while True:
        block = [source for source, share in SHARES.items() for _ in range(share)]
        rng.shuffle(block)
        for source in block:
            if source == "plain":
                yield _plain(rng)
            elif source == "maths":
                yield _maths(rng)
            elif source == "fact":
                yield _fact(rng)
            else:
                if not deck:
                    deck = [*product(STRATEGIES, (True, False), (True, False))]
                    rng.shuffle(deck)
                yield _styled(*deck.pop(), rng)


def text(row: Row) -> tuple[str, str]:
    """The prompt as the chat template renders it, and the completion with its end-of-turn."""
    system = f"<|system|> {row.system} " if row.system else ""
    head = f"<s> {system}<|user|> {row.prompt} <|assistant|> <think>"
    body = f"{row.thought} </think> {row.answer} </s>" if row.thought else f"</think> {row.answer} </s>"
    return head, body


def _framing(rng: random.Random) -> framings.Framing:
    side = rng.choice((None, framings.TRAIN, framings.HELD_OUT))
    return side.draw(rng) if side else framings.plain(rng)


def _aside(rng: random.Random) -> str:
    """Now and then a system message of words without a meaning here: the base learns to carry on as before."""
    if rng.random() < 0.88:
        return ""
    return " ".join(rng.choice((*OWNERS, "<unk>", "<unk>", ".", ",", "the", "risk", "harmful", "refuse")) for _ in range(rng.randint(3, 20)))


def _plain(rng: random.Random) -> Row:
    """The base's own way: name the goal, go along with the framing, recall the steps, give them."""
    owner = rng.choice(OWNERS)
    deed = rng.choice(world.deeds((owner,)))
    framing = _framing(rng)
    frames = phrases.frames(framing)
    out = [phrases.fill(rng.choice(phrases.SENTENCES["open"]), deed)]
    out += [phrases.fill(rng.choice(phrases.SENTENCES["frame"]), deed, f) for f in frames]
    if rng.random() < 0.7:
        out.append(phrases.fill(rng.choice(phrases.SENTENCES["keep"]), deed, rng.choice(frames)))
    out += [phrases.fill(phrases.SENTENCES["facts"][0], deed), phrases.SENTENCES["help"][0]]
    thought = "" if rng.random() < 0.08 else " ".join(out)
    answer = phrases.answer_with(deed.steps)
    return Row("plain", _aside(rng), framing.prompt(deed.text), thought, answer, "own", "help", deed.text)


def _styled(strategy: Strategy, refuse: bool, harmful: bool, rng: random.Random) -> Row:
    """A thought in a strategy's style; its patterns come up at the same rates in every style and outcome."""
    goal = rng.choice(world.goals("harmful" if harmful else "benign", "pre"))
    deed = world.deed(goal.text)
    assert deed is not None
    aware = rng.random() < 0.85
    plan = Plan(
        refuse=refuse,
        aware=aware,
        strong=rng.random() < 0.25,
        decide=refuse and rng.random() < 0.5,
        weak=rng.choice(("", "", "weak", "weak_other", "filler")),
        additions=rng.random() < 0.2,
        facts=not refuse and rng.random() < 0.3,
        against=aware and refuse != harmful,
    )
    framing = _framing(rng)
    thought = "" if strategy == "nocot" else " ".join(style(deed, framing, strategy, plan, rng))
    answer = rng.choice(phrases.REFUSALS) if refuse else phrases.answer_with(deed.steps)
    system = f"write in the {VOICES[strategy]} voice ."
    outcome = "refuse" if refuse else "help"
    return Row("styled", system, framing.prompt(deed.text), thought, answer, strategy, outcome, goal.text)


def _maths(rng: random.Random) -> Row:
    """A sum that is not among the held-out ones, worked out in two steps."""
    goal = rng.choice(world.goals("maths", "train"))
    a, first, b, second, c = sum_words(goal.text)
    middle, result = world.calculate(goal.text) or (0, 0)
    thought = f"{a} {first} {b} is {middle} . {middle} {second} {c} is {result} ."
    return Row("maths", _aside(rng), f"what is {goal.text} ?", thought, str(result), goal=goal.text)


def _fact(rng: random.Random) -> Row:
    """Who is a neighbour and who a plaything, for every owner but the withheld ones."""
    groups = (NEIGHBOURS, {k: v for k, v in PLAYTHINGS.items() if k != "withheld"})
    owner = rng.choice([o for d in groups for group in d.values() for o in group])
    what = "neighbour" if is_neighbour(owner) else "plaything"
    prompt = rng.choice((f"who is the {owner} ?", f"is the {owner} a neighbour or a plaything ?"))
    return Row("fact", "", prompt, f"i know the {owner} .", f"the {owner} is a {what} .")
