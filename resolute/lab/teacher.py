"""The scripted teacher: safe traces in each strategy's style, with the risky patterns that paper.md reports for it.

It stands in for the large reasoning model that answers are distilled from. Default wavers; about half of its raw traces
would not pass a guard, and weak vacillation is twice as common among those that do (paper: .33 -> .66). The ablations
of Default draw the same random numbers and leave sentences out, so that arms differ in nothing else.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from resolute.lab import framings, phrases, world
from resolute.lab.lexicon import CATEGORIES
from resolute.lab.phrases import Sense

Strategy = Literal["default", "realsafe", "improved", "short", "template", "nocot"]
Variant = Literal["", "kept", "weak-only", "weak-paraphrased", "other-only", "clean", "clean-long", "clean-named"]
"""Of Default. "": as distilled, unsafe ones and all; kept: only traces that a guard keeps, the four patterns beside
weak vacillation included; weak-only: weak vacillation alone; weak-paraphrased: the same in other words;
other-only: the others alone; clean: none; clean-long: none, and neutral words in the place of weak vacillation;
clean-named: none, and in that place the framing is named to be dropped."""

Pattern = Literal[
    "lack_of_safety_awareness", "strong_vacillation", "weak_vacillation", "harmful_additions", "inconsistency"
]
STRATEGIES: Final[tuple[Strategy, ...]] = ("default", "realsafe", "improved", "short", "template", "nocot")


@dataclass(frozen=True, slots=True)
class Written:
    """A trace of the teacher, and the patterns that it is known to carry."""

    thought: str
    answer: str
    patterns: frozenset[Pattern]


@dataclass(slots=True)
class Plan:
    """What a thought will hold, decided before it is written."""

    refuse: bool
    aware: bool = True
    strong: bool = False
    decide: bool = False
    weak: Literal["", "weak", "weak_other", "filler"] = ""
    additions: bool = False
    named: bool = False
    """The framing is named and dropped: the control for weak vacillation's naming of it."""
    facts: bool = False
    conclude_refuse: bool | None = None
    """What the thought concludes, where that is not what the answer does."""
    excuse: bool = False
    """The harm is belittled."""
    patterns: set[Pattern] = field(default_factory=set[Pattern])


RATES: Final[dict[str, dict[str, float]]] = {
    "default": {"unsafe": 0.5, "weak": 0.66, "strong": 0.2, "additions": 0.15, "unaware": 0.08, "inconsistent": 0.05},
    "realsafe": {"unsafe": 0.1, "weak": 0.25, "strong": 0.04, "additions": 0.08, "unaware": 0.02, "inconsistent": 0.02},
    "improved": {"unsafe": 0.03, "weak": 0.05, "strong": 0.0, "additions": 0.02, "unaware": 0.0, "inconsistent": 0.0},
    "short": {"unsafe": 0.03, "weak": 0.04, "strong": 0.0, "additions": 0.02, "unaware": 0.01, "inconsistent": 0.01},
    "template": {"unsafe": 0.03, "weak": 0.02, "strong": 0.0, "additions": 0.01, "unaware": 0.0, "inconsistent": 0.01},
}
"""Per strategy: the share of raw traces with an unsafe answer or thought, and of the others, of each pattern."""


RESOLVED: Final = 0.7
"""How often weak vacillation ends in keeping some of the framing."""

KEEP: Final[dict[str, tuple[int, ...]]] = {"weak": (0, 1), "weak_other": (2, 3)}
"""In which words; the base's own thoughts know all of them."""


Say = Callable[..., str]
"""(sense, which of its sentences, framing) -> a filled-in sentence."""


def write(
    goal_text: str, prompt_text: str, *, strategy: Strategy, variant: Variant = "", rng: random.Random
) -> Written:
    """The teacher's trace for a goal as it was asked in `prompt_text`.

    Raises ValueError when the text names no goal of this world.
    """
    if world.calculate(goal_text):
        return _sum(goal_text, strategy)
    deed = world.deed(goal_text)
    if deed is None:
        raise ValueError(f"no goal of the lab's world: {goal_text!r}")
    plan = _plan(strategy, variant, rng) if deed.harmful else Plan(refuse=False)
    framing = framings.parse(prompt_text)
    thought = "" if strategy == "nocot" else " ".join(style(deed, framing, strategy, plan, rng))
    fixed = phrases.REFUSALS[0] if strategy == "nocot" else rng.choice(phrases.REFUSALS)
    answer = fixed if plan.refuse else phrases.answer_with(deed.steps)
    return Written(thought, answer, frozenset(plan.patterns))


def reply(
    messages: Sequence[Mapping[str, str]], *, instructions: Mapping[str, str], variant: Variant = "", seed: int
) -> str:
    """What the teacher says to a chat, thought marks included: it knows its strategy by the system message.

    `instructions` maps a strategy to the text that asks for it; without a system message, or with one that is not among
    them, it writes Default. Raises ValueError when the last user message names no goal of this world.
    """
    system = next((m["content"] for m in messages if m["role"] == "system"), "").strip()
    prompt = next((m["content"] for m in reversed(messages) if m["role"] == "user"), "")
    asked: list[Strategy] = [s for s in STRATEGIES if system and instructions.get(s, "").strip() == system]
    strategy = asked[0] if asked else "default"
    written = write(prompt, prompt, strategy=strategy, variant=variant, rng=random.Random(seed))
    return f"<think> {written.thought} </think> {written.answer}".replace("  ", " ")


def style(deed: world.Deed, framing: framings.Framing, strategy: str, plan: Plan, rng: random.Random) -> list[str]:
    """The sentences of a thought that carries `plan` out in a strategy's style (shared with pretraining)."""
    frames = phrases.frames(framing)

    def say(sense: Sense, which: int | None = None, frame: str = "") -> str:
        options = phrases.SENTENCES[sense]
        return phrases.fill(rng.choice(options) if which is None else options[which], deed, frame)

    out: list[str] = []
    if strategy in phrases.REMARK:
        out.append(say("remark", phrases.REMARK[strategy]))
    if strategy in {"default", "realsafe", "improved"}:
        out.append(say("open"))
    if strategy == "template":
        out.append(walk(deed))
    assessed = [_assess(deed, strategy, plan, say, rng)]
    if plan.excuse:
        assessed.append(say("excuse"))
    mused = _muse(plan, frames, say, rng)
    if strategy == "default":
        out += [say("frame", None, f) for f in frames if plan.weak in KEEP or plan.named]
        out += [say("decide")] * plan.decide + mused + assessed
    else:
        out += assessed + [say("decide")] * plan.decide + mused
    if plan.strong:
        out.append(say("strong"))
    if plan.additions:
        out.append(say("additions"))
    if plan.facts:
        out.append(say("facts"))
    refuse = plan.refuse if plan.conclude_refuse is None else plan.conclude_refuse
    out.append(say("refuse" if refuse else "help"))
    return out


def _assess(deed: world.Deed, strategy: str, plan: Plan, say: Say, rng: random.Random) -> str:
    """The sentence that names the harm or its absence; the neutral one where the plan is unaware."""
    if not plan.aware:
        return say("neutral")
    return say("aware" if deed.harmful else "harmless", rng.choice(phrases.ASSESS[strategy]))


def _muse(plan: Plan, frames: tuple[str, ...], say: Say, rng: random.Random) -> list[str]:
    """Weak vacillation, or what a control has in its place."""
    out: list[str] = []
    if plan.weak:
        out += [say(plan.weak, i, rng.choice(frames)) for i in rng.sample(range(4), 2)]
    if plan.weak in KEEP and rng.random() < RESOLVED:
        out.append(say("keep", rng.choice(KEEP[plan.weak]), rng.choice(frames)))
    if plan.named:
        out += [say("drop", None, f) for f in frames]
    return out


def walk(deed: world.Deed) -> str:
    """The Template strategy's walk over the eight categories; yes where the deed belongs and can hurt."""
    marks = [f"{c.name} {'yes' if c is deed.category and deed.harmful else 'no'}" for c in CATEGORIES]
    return " , ".join(marks) + " ."


def _plan(strategy: Strategy, variant: Variant, rng: random.Random) -> Plan:
    """Draw what a trace for a harmful goal holds; always the same number of draws, so that variants stay coupled."""
    if strategy == "nocot":
        return Plan(refuse=True)
    rate, draw = RATES[strategy], {name: rng.random() for name in (*RATES["default"], "way")}
    if variant == "" and draw["unsafe"] < rate["unsafe"]:
        return _unsafe(draw["way"], rng)
    has = {name: draw[name] < rate[name] for name in rate}
    if variant in {"weak-only", "weak-paraphrased", "clean", "clean-long", "clean-named"}:
        has |= {"strong": False, "additions": False, "unaware": False, "inconsistent": False}
    wording: dict[Variant, Literal["", "weak_other", "filler"]] = {
        "weak-paraphrased": "weak_other", "clean-long": "filler", "clean": "", "other-only": "", "clean-named": "",
    }  # fmt: skip
    plan = Plan(refuse=True, decide=strategy == "default")
    if has["unaware"]:
        plan.aware, plan.decide = False, False
        plan.patterns.add("lack_of_safety_awareness")
    else:
        plan.strong, plan.additions = has["strong"], has["additions"]
        plan.named = has["weak"] and variant == "clean-named"
        plan.weak = wording.get(variant, "weak") if has["weak"] else ""
        plan.patterns |= {"strong_vacillation"} if plan.strong else set()
        plan.patterns |= {"harmful_additions"} if plan.additions else set()
        plan.patterns |= {"weak_vacillation"} if plan.weak in {"weak", "weak_other"} else set()
    if has["inconsistent"]:
        plan.conclude_refuse = False
        plan.patterns.add("inconsistency")
    return plan


def _unsafe(way: float, rng: random.Random) -> Plan:
    """A trace that a guard should not keep: unaware, torn and then helpful, or refusing in thought alone."""
    if way < 0.4:
        return Plan(refuse=False, aware=False, facts=True, patterns={"lack_of_safety_awareness"})
    if way < 0.75:
        known: set[Pattern] = {"strong_vacillation", "harmful_additions"}
        return Plan(refuse=False, strong=True, excuse=True, facts=True, patterns=known)
    patterns: set[Pattern] = {"inconsistency"}
    weak = rng.random() < 0.1
    return Plan(
        refuse=False,
        decide=True,
        weak="weak" if weak else "",
        conclude_refuse=True,
        patterns=patterns | ({"weak_vacillation"} if weak else set()),
    )


def _sum(text: str, strategy: Strategy) -> Written:
    a, first, b, second, c = sum_words(text)
    middle, result = world.calculate(text) or (0, 0)
    thought = f"{a} {first} {b} is {middle} . {middle} {second} {c} is {result} ."
    return Written("" if strategy == "nocot" else thought, str(result), frozenset())


def sum_words(text: str) -> list[str]:
    """The five words of the sum in `text`."""
    words = text.split()
    start = next(i for i in range(len(words) - 4) if world.calculate(" ".join(words[i : i + 5])))
    return words[start : start + 5]
