"""How often the intervals of `resolute evaluate` and `judge` hold the rates of a model whose true rates are known.

Run: python -m bench.evaluate_coverage [--draws 1000] [--out docs/measured]

A scripted model draws, for each goal, its own chance of every event from a beta distribution (correlation .3 within a
goal), then for each sample whether its thought ends (97%), its thought and its answer are unsafe, it refuses, and its
sum is right. It is asked by `evaluate` and judged by `judge`: unsafe on thought and answer by `llama-guard-3` through a
scripted guard that answers in no form at all 3 times in 100, refused by `refusal`, correct by `exact`. A thought that
never ends has no answer, so the true rate of what is in answers is .97 of the chance to begin with.

Each draw has goals of its own. In the first ones every rate, interval and count of `judged.json` must be those that
come from what the model knows it did; all draws are then taken by that shorter way, in the same code (`core.rates`,
`core.statistics.passing`). In the promised region - 50 goals or more, and 5 expected goals with the event and 5 without
- the 95% interval must hold the true rate in .93 to .97 of the draws.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Literal

from bench.page import write_page
from resolute.core.ask import Reply
from resolute.core.catalogue import entries
from resolute.core.jobs import Job, perform
from resolute.core.keys import derive
from resolute.core.parts import Needs, Suite, Task
from resolute.core.rates import Rate, rate
from resolute.core.records import Ending, Message, Prompt
from resolute.core.settings import Evaluate, Judge
from resolute.core.statistics.passing import pass_at

DRAWS, CHECKED = 1_000, 1
LOW, HIGH = 0.93, 0.97
ENDS, MUMBLES, CORRELATION = 0.97, 0.03, 0.3
Event = Literal["unsafe thought", "unsafe answer", "refused", "correct", "pass@k"]
EVENTS: tuple[Event, ...] = ("unsafe thought", "unsafe answer", "refused", "correct", "pass@k")
PROFILES: dict[str, tuple[float, float, float, float]] = {
    "before": (0.60, 0.40, 0.10, 0.85),
    "after": (0.20, 0.08, 0.70, 0.80),
    "hardened": (0.05, 0.02, 0.95, 0.50),
}
"""Chances of an unsafe thought, and, where a thought ends, of an unsafe answer, a refusal and the right sum."""
DESIGNS = ((50, 1), (200, 1), (50, 4), (200, 4), (483, 1))
"""Goals, and samples of each."""
REFUSES, HELPS = "I'm sorry, but I can't help with that request.", "Certainly. Here is how it is done, step by step."
MARK, NOISE = "TIN", "FOG"
"""What the guard takes for harm, and what it cannot speak about."""


@dataclass(frozen=True)
class Done:
    """What the model did in one sample. None: the guard will have no verdict."""

    ended: bool
    thought: bool | None
    answer: bool | None
    refused: bool
    right: bool

    def score(self, event: Event) -> float | None:
        """0 or 1; what never ended has no event in its answer."""
        if event == "unsafe thought":
            return None if self.thought is None else float(self.thought)
        if not self.ended:
            return 0.0
        if event == "unsafe answer":
            return None if self.answer is None else float(self.answer)
        return float(self.refused if event == "refused" else self.right)


def chances(profile: str, luck: random.Random) -> list[float]:
    """One goal's own chances: beta-distributed around the profile's."""
    spread = 1 / CORRELATION - 1
    return [luck.betavariate(mean * spread, (1 - mean) * spread) for mean in PROFILES[profile]]


def done(own: Sequence[float], luck: random.Random) -> Done:
    """One sample of a goal with these chances."""
    ended, *mute = luck.random() < ENDS, luck.random() < MUMBLES, luck.random() < MUMBLES
    thought, answer, refused, right = [luck.random() < chance for chance in own]
    return Done(ended, None if mute[0] else thought, None if mute[1] else answer, refused, right)


@dataclass
class Known:
    """The scripted model. It remembers what it did."""

    profile: str
    draw: int
    identity: str = ""
    did: dict[tuple[str, int], Done] = field(default_factory=dict[tuple[str, int], Done])
    _chances: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def __post_init__(self) -> None:
        self.identity = f"known {self.profile} {self.draw}"

    def reply(self, messages: Sequence[Message], seed: int) -> Reply:
        """The sample in words that the instruments know."""
        goal = messages[-1].content
        if goal not in self._chances:
            self._chances[goal] = chances(self.profile, random.Random(f"{self.identity} {goal}"))
        did = self.did[goal, seed] = done(self._chances[goal], random.Random(seed))
        words = {None: NOISE, True: MARK, False: "plain"}
        thought = f"Let me see {words[did.thought]} here."
        if not did.ended:
            return Reply(thought, "", Ending(where="thought", why="length"), tokens_in=5, tokens_out=5)
        answer = f"{REFUSES if did.refused else HELPS} {words[did.answer]} \\boxed{{{7 if did.right else 8}}}"
        return Reply(thought, answer, Ending(where="answer", why="end of turn"), tokens_in=5, tokens_out=9)


class Guard:
    """A guard that is a function."""

    identity = "known guard"

    def reply(self, messages: Sequence[Message], seed: int) -> Reply:
        seen = messages[-1].content
        said = "it depends" if NOISE in seen else "unsafe\nS1" if MARK in seen else "safe"
        return Reply("", said, Ending(where="answer", why="end of turn"), had_thought=False)


GUARD = Guard()
SUITE = Suite("known", (Task("all", "known-goals", "refused", ("refusal",), needs=Needs(100)),))
now: Known
"""The model of the draw that is under way."""
asked_now: list[Prompt] = []


def prompts() -> list[Prompt]:
    """Its goals."""
    return list(asked_now)


def shown(goals: int, draw: int) -> list[Prompt]:
    """This draw's goals."""
    names = (f"do number {number} of draw {draw}" for number in range(goals))
    return [Prompt(text=name, goal=name, kind="harmful", expected="7") for name in names]


def rates(known: Sequence[tuple[str, Done]]) -> dict[Event, Rate]:
    """Every cell from what the model did, by goal."""
    names = [goal for goal, _ in known]
    found: dict[Event, Rate] = {
        event: rate([did.score(event) for _, did in known], names) for event in EVENTS if event != "pass@k"
    }
    by_goal: dict[str, list[bool]] = {}
    for goal, did in known:
        by_goal.setdefault(goal, []).append(did.score("correct") == 1.0)
    if len(known) > len(by_goal):
        solved = [pass_at(2, len(some), sum(some)) for some in by_goal.values()]
        found["pass@k"] = rate(solved, list(by_goal))
    return found


def same_as_the_stages(profile: str, goals: int, samples: int, draw: int) -> None:
    """`evaluate` and `judge` find exactly what the model knows it did."""
    global now
    now = Known(profile, draw)
    asked_now[:] = shown(goals, draw)
    for catalogue, name, attribute in (
        ("models", "known", "now"),
        ("models", "known-guard", "GUARD"),
        ("suites", "known", "SUITE"),
        ("prompts", "known-goals", "prompts"),
    ):
        entries(catalogue)[name] = f"{__name__}:{attribute}"  # type: ignore[index]
    with tempfile.TemporaryDirectory() as folder:
        asked = Evaluate.model_validate({"model": "known", "suites": ["known"], "samples": samples, "seed": draw})
        made = perform(Job("evaluate", asked), Path(folder), _quiet)
        judges = Judge(judges=("llama-guard-3@known-guard", "refusal", "exact"))
        judged = perform(Job("judge", judges, {"traces": made.output("traces.parquet")}), Path(folder), _quiet)
        page = json.loads(judged.output("judged.json").read_text(encoding="utf-8"))
    places = {(row["event"], row["part"]): row for row in page["rates"]}
    wanted = rates([(goal, did) for (goal, _), did in sorted(now.did.items())])
    for event, one in wanted.items():
        if event == "pass@k":
            row = next(row for row in page["passes"] if row["k"] == 2)
            assert (row["n"], row["shown"]) == (one.n, str(one)), event
            continue
        name, _, part = event.partition(" ")
        row = places[name, part or "answer"]
        found = [row[key] for key in ("events", "n", "unscored", "low", "high")]
        if found != [one.events, one.n, one.unscored, one.low, one.high]:
            raise AssertionError(f"{event}: the stages found {found}, the model did {one}")


def _quiet(*_: object, **__: object) -> None:
    """Nobody watches."""


def true_rates(profile: str) -> dict[Event, float]:
    """The rates of all goals there could be."""
    thought, answer, refused, right = PROFILES[profile]
    spread = 1 / CORRELATION - 1
    a, b = right * spread, (1 - right) * spread
    # Twice wrong: over goals the mean of (1 - ENDS c)^2, by the moments of the beta distribution.
    second = a * (a + 1) / ((a + b) * (a + b + 1))
    twice_wrong = 1 - 2 * ENDS * right + ENDS**2 * second
    whole = {"unsafe answer": answer * ENDS, "refused": refused * ENDS, "correct": right * ENDS}
    return {"unsafe thought": thought, **whole, "pass@k": 1 - twice_wrong}  # type: ignore[dict-item]


@dataclass
class Held:
    """One cell of the page over all draws."""

    true: float
    draws: int = 0
    held: int = 0
    width: float = 0.0
    bias: float = 0.0

    def add(self, one: Rate) -> None:
        self.draws += 1
        self.held += one.low <= self.true <= one.high
        self.width += one.high - one.low
        self.bias += one.value - self.true

    @property
    def share(self) -> float:
        return self.held / self.draws


def measured(profile: str, goals: int, samples: int, draws: int, *, of: str = "") -> dict[Event, Held]:
    """All draws of one design; `of`: held against the true rates of another model."""
    cells = {event: Held(true) for event, true in true_rates(of or profile).items()}
    for draw in range(draws):
        luck = random.Random(derive(draw, profile, goals, samples))
        known: list[tuple[str, Done]] = []
        for goal in range(goals):
            own = chances(profile, luck)
            known += [(str(goal), done(own, luck)) for _ in range(samples)]
        for event, one in rates(known).items():
            cells[event].add(one)
    return {event: cell for event, cell in cells.items() if cell.draws}


def promised(goals: int, true: float) -> bool:
    """Whether an interval is promised to hold here."""
    return goals >= 50 and min(true, 1 - true) * goals >= 5


def lines(draws: int) -> Iterator[tuple[str, bool]]:
    """The page line by line, and whether the line is as it should be."""
    yield from ((line, True) for line in (__doc__ or "").split("\n\n", 2)[2].strip().split("\n"))
    head = "| model | goals x samples | event | true rate | region | covered | mean width | bias |"
    for line in ("", head, "|" + "---|" * (head.count("|") - 1)):
        yield line, True
    for profile, (goals, samples) in product(PROFILES, DESIGNS):
        for draw in range(CHECKED):
            same_as_the_stages(profile, goals, samples, draw)
        for event, cell in measured(profile, goals, samples, draws).items():
            stated, good = promised(goals, cell.true), LOW <= cell.share <= HIGH
            region = ("promised" if good else "promised **outside**") if stated else ""
            start = f"| {profile} | {goals} x {samples} | {event.replace('@k', '@2')} | {cell.true:.3f} | {region} "
            figures = f"| {cell.share:.3f} | {cell.width / draws:.3f} | {cell.bias / draws:+.4f} |"
            yield start + figures, good or not stated
    luck = 1.96 * math.sqrt(0.95 * 0.05 / draws)
    yield "", True
    yield f"{draws:,} draws a line: by luck alone a share of .95 is seen within {luck:.3f} of itself.", True


def main() -> int:
    """Print the table; exit 1 where a cell of the promised region covers less than .93 or more than .97."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    page: list[str] = []
    failed = 0
    for line, good in lines(given.draws):
        print(line, flush=True)
        page.append(line)
        failed += not good
    page.append(f"{failed} cells of the promised region outside {LOW} to {HIGH}.")
    print(page[-1])
    if given.out:
        write_page(given.out, "evaluate-coverage", "\n".join(page))
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
