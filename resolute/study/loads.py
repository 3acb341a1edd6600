"""How much the jobs of a study send, counted from prompts and settings as their stages send it; no model is looked at.

An evaluation attacks the goals that `models.evaluating` would attack, task by task, and no others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from resolute.core.budgets import settled
from resolute.core.catalogue import counted
from resolute.core.errors import ResoluteError
from resolute.core.framing import FRAMED, framings
from resolute.core.parts import Attack, Guided, Task
from resolute.core.remembered import once
from resolute.core.settings import Distill, Evaluate
from resolute.core.strategy import strategy
from resolute.core.suites import tasks_of
from resolute.models.distilling import asked_of
from resolute.models.evaluating import attacks_on, given, goals_of


@dataclass
class Load:
    """What one job sends, and what comes of it."""

    requests: int = 0
    """To the model that is asked, at most where an attack may end early."""
    traces: int = 0
    """What judges and auditors are handed."""
    attacker: int = 0
    """Requests to the attacker, where each has the form asked for at the first try."""
    stop: int = 0
    """Answers shown to the stop instrument."""
    without: Counter[str] = field(default_factory=Counter[str])
    """What is not in these figures."""


def load(settings: Distill | Evaluate) -> Load:
    """The load of a distillation's first round, or of an evaluation."""
    if isinstance(settings, Distill):
        kept = settings.model_dump_json(include={"strategy", "prompts", "framings", "n", "samples"})
        return once(("load", kept), lambda: _distilling(settings))
    kept = settings.model_dump_json(exclude={"model", "system", "attacker", "stop", "engine", "serving"})
    return once(("load", kept), lambda: _evaluating(settings))


def _distilling(settings: Distill) -> Load:
    found = Load()
    try:
        asked = asked_of(settings.prompts)
    except ResoluteError:
        found.without[f"the data of {', '.join(settings.prompts)}"] += 1
        return found
    kinds = Counter(prompt.kind for prompt in asked.kept)
    goals = sum(count for kind, count in kinds.items() if kind in FRAMED)
    framed = goals * max(1, len(framings(settings.framings)))
    taken = framed if settings.n is None else min(framed, settings.n)
    others = sum(kinds.values()) - goals
    found.traces = (taken + others) * settings.samples
    fixed = round(taken * kinds["harmful"] / goals) if goals and strategy(settings.strategy).refusal else 0
    found.requests = (taken - fixed + others) * settings.samples
    return found


def _evaluating(settings: Evaluate) -> Load:
    found = Load()
    if settings.tasks:
        found.without["tasks of Inspect AI"] += 1
    if settings.replay is not None:
        found.without["what another run sent and is sent again"] += 1
    for label, task, count in _tasks(settings):
        try:
            prompts = goals_of(task, count)
            attacks = attacks_on(task, prompts, settings)
            samples = settled(label, task.needs, settings.sampling.model_dump(), settings.samples).samples
        except ResoluteError:
            found.without[f"the data of {task.prompts}"] += 1
            continue
        if settings.replay is None or settings.attacks:
            for attack in attacks.values():
                _attacked(found, attack, len(given(attack, prompts)) * samples, settings)
    return found


def _tasks(settings: Evaluate) -> Iterator[tuple[str, Task, int | None]]:
    for spec in settings.suites:
        name, count = counted(spec)
        for label, task in tasks_of(name).items():
            yield label, task, count


def _attacked(found: Load, attack: Attack, asked: int, settings: Evaluate) -> None:
    """`asked` goals and samples under one attack. PAIR takes all its turns where the goal is never reached, and then
    sends what is judged once more, or further samples of it."""
    pair = attack.name == "pair"
    turns = settings.pair.streams * settings.pair.iterations if pair else 1
    paper = settings.pair.protocol == "paper"
    more = 0 if not pair else 1 if paper else settings.pair.fresh
    found.requests += asked * (turns + more)
    found.traces += asked * (1 if paper else 1 + more)
    needs = attack.needs if isinstance(attack, Guided) else ()
    found.attacker += asked * turns * ("attacker" in needs)
    found.stop += asked * turns * ("stop" in needs)
