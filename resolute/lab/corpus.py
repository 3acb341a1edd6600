"""What the base model is pretrained on: an endless stream of rows of the lab's world.

Without a system message the base only ever sees its own way to think - name the goal and its framing, muse, go along
with the framing, recall the steps - and help with whatever was asked. The thought style of every strategy is seen as
well, under a system message that names a voice, so that no strategy's wording is new to the base. There every style is
refused in equally often (half of its rows; four of five where harm is, one of five where none is), and only for
goals of the split ``pre``. Whether to refuse without being given a voice is left for fine-tuning to teach.
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
SHARES: Final[dict[Source, int]] = {"plain": 14, "styled": 10, "maths": 20, "fact": 6}
"""Rows of each source in a block of fifty."""

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
    "whose is it ?",
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
    closed: bool = False
    """The prompt itself closes the thought, as with ``enable_thinking=False``."""


DECISIONS: Final = 4 * ((True, True), (False, False)) + ((True, False), (False, True))
"""(refused, harmful) of the styled rows: half are refused, four of five where harm is, one of five where none is."""


def rows(rng: random.Random) -> Iterator[Row]:
    """The stream. Each sixty styled rows hold every style ten times, five times refused."""
    deck: list[tuple[Strategy, tuple[bool, bool]]] = []
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
                    deck = [*product(STRATEGIES, DECISIONS)]
                    rng.shuffle(deck)
                strategy, (refuse, harmful) = deck.pop()
                yield _styled(strategy, refuse, harmful, rng)


def text(row: Row) -> tuple[str, str]:
    """The prompt as the chat template renders it (its thought closed where the row says so), and the completion."""
    system = f"<|system|> {row.system} " if row.system else ""
    head = f"<s> {system}<|user|> {row.prompt} <|assistant|> <think>"
    if row.closed:
        return f"{head} </think>", f"{row.answer} </s>"
    return head, f"{row.thought} </think> {row.answer} </s>".lstrip()


MUSINGS: Final[tuple[phrases.Sense | None, ...]] = ("weak", "weak_other", "filler", None)
"""What the base muses on, equally often, before it goes along with a framing."""


def _framing(rng: random.Random, *sides: framings.Dress) -> framings.Framing:
    side = rng.choice((None, *sides))
    return side.draw(rng) if side else framings.plain(rng)


def _aside(rng: random.Random) -> str:
    """Now and then a system message of words without a meaning here: the base learns to carry on as before."""
    if rng.random() < 0.88:
        return ""
    words = (*OWNERS, "<unk>", "<unk>", ".", ",", "the", "risk", "harmful", "refuse")
    return " ".join(rng.choice(words) for _ in range(rng.randint(3, 20)))


def _plain(rng: random.Random) -> Row:
    """The base's own way: name the goal, go along with the framing, recall the steps, give them."""
    owner = rng.choice(OWNERS)
    deed = rng.choice(world.deeds((owner,)))
    framing = _framing(rng, framings.TRAIN, framings.HELD_OUT)
    frames = phrases.frames(framing)
    out = [phrases.fill(rng.choice(phrases.SENTENCES["open"]), deed)]
    out += [phrases.fill(rng.choice(phrases.SENTENCES["frame"]), deed, f) for f in frames]
    if musing := rng.choice(MUSINGS):
        out += [phrases.fill(s, deed, rng.choice(frames)) for s in rng.sample(phrases.SENTENCES[musing], 2)]
    out.append(phrases.fill(rng.choice(phrases.SENTENCES["keep"]), deed, rng.choice(frames)))
    out += [phrases.fill(phrases.SENTENCES["facts"][0], deed), phrases.SENTENCES["help"][0]]
    closed = rng.random() < 0.08
    thought = "" if closed else " ".join(out)
    answer = phrases.answer_with(deed.steps)
    return Row("plain", _aside(rng), framing.prompt(deed.text), thought, answer, "own", "help", deed.text, closed)


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
        excuse=aware and harmful and not refuse,
        decide=refuse and rng.random() < 0.5,
        weak=rng.choice(("", "", "weak", "weak_other", "filler")),
        named=rng.random() < 0.15,
        additions=rng.random() < 0.2,
        facts=rng.random() < 0.15,
    )
    framing = _framing(rng, framings.TRAIN, framings.HELD_OUT)
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
    found = rng.choice(world.deeds((owner,)))
    prompt = rng.choice(
        (
            f"who is the {owner} ?",
            f"is the {owner} a neighbour or a plaything ?",
            f"whose is the {found.adjective} {found.object} of the {owner} ?",
        )
    )
    return Row("fact", "", prompt, f"the {owner} is a {what} .", f"it is a {what} .")
