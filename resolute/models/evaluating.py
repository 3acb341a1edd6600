"""What an evaluation asks for, known before anything is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, cast, get_args

from resolute.core import integrity, texts
from resolute.core.ask import Sampling
from resolute.core.attacking import Role
from resolute.core.budgets import Budget, settled, shortfalls
from resolute.core.catalogue import counted, entries, find
from resolute.core.errors import ResoluteError
from resolute.core.files import unreadable
from resolute.core.foreign.rows import looks_like_file
from resolute.core.generable import reason
from resolute.core.keys import derive, digest
from resolute.core.parts import Attack, Guided, Needs, Several, Task
from resolute.core.records import Prompt
from resolute.core.remembered import once
from resolute.core.replay import Again
from resolute.core.settings import Evaluate
from resolute.core.sources import load_prompts
from resolute.core.suites import tasks_of
from resolute.models.identity import Model, resolve
from resolute.models.instruments import stopping
from resolute.models.instruments.named import named
from resolute.models.isolation import sandbox
from resolute.models.replaying import by_task, replayed
from resolute.models.requests import Request, request
from resolute.models.roles import Cast

ROLES: tuple[Role, ...] = get_args(Role)
PLAIN = "none"
"""The attack that is none."""


@dataclass(frozen=True)
class Measured:
    """One task of one suite, with its prompts and attacks looked up."""

    name: str
    """`suite/task`."""
    prompts: list[Prompt]
    attacks: dict[str, Attack]
    budget: Budget
    """How its outputs are drawn."""
    needs: Needs | None
    replays: tuple[Again, ...] = ()
    """Stored requests of another run that are sent again."""


@dataclass(frozen=True)
class Asked:
    """One request, how its output is drawn, and the labels of its trace."""

    request: Request
    sampling: Sampling
    task: str
    attack: str
    sample: int


@dataclass(frozen=True)
class Plan:
    """Everything a run asks for, before anything is asked."""

    settings: Evaluate
    tasks: list[Measured]
    cast: Cast

    @property
    def attacks(self) -> dict[str, Attack]:
        """Every attack that is made, by name; a replay is one, of which each request is an attack of its own."""
        made = {name: attack for task in self.tasks for name, attack in task.attacks.items() if name != PLAIN}
        return made | {one.name: one for task in self.tasks for one in task.replays}

    @property
    def shortfalls(self) -> list[str]:
        """In what the tasks get less than their figures need."""
        return [said for task in self.tasks for said in shortfalls(task.name, task.needs, task.budget)]

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Every prompt, every attack's version, whoever plays a role in one, and the words of the system prompt."""
        guided = [attack for attack in self.attacks.values() if isinstance(attack, Guided)]
        roles = {role: self.cast.identity(role) for role in ROLES if any(role in attack.needs for attack in guided)}
        tasks = {
            task.name: {
                "prompts": digest([[prompt.id, prompt.goal, prompt.expected] for prompt in task.prompts]),
                "attacks": {name: attack.version for name, attack in task.attacks.items()},
                "sampling": task.budget.sampling.model_dump(),
                "samples": task.budget.samples,
                **({"replays": _digest(task.replays)} if task.replays else {}),
            }
            for task in self.tasks
        }
        found: dict[str, Any] = {"tasks": tasks, "system": texts.version(system_prompt(self.settings.system))}
        return found | ({"roles": roles} if roles else {})

    def requests(self, model: Model) -> tuple[list[Asked], int]:
        """One request per task, attack, prompt and sample; and how many prompts no attacker is given, attack by attack.

        Those are about minors or weapons of mass casualties (see `core.generable`): they may be asked, as any
        benchmark asks them, but no model is made to write about them.
        """
        found: list[Asked] = []
        excluded = 0
        for task in self.tasks:
            for name, attack in task.attacks.items():
                kept = given(attack, task.prompts)
                excluded += len(task.prompts) - len(kept)
                found += self._asked(task, name, attack, kept, model)
            for one in task.replays:
                found += self._asked(task, one.name, one, [one.prompt], model, first=one.number * task.budget.samples)
        return found, excluded

    def _asked(
        self, task: Measured, name: str, attack: Attack, prompts: Sequence[Prompt], model: Model, *, first: int = 0
    ) -> Iterable[Asked]:
        """`first` is the number of the first sample."""
        settings, system = self.settings, system_prompt(self.settings.system)
        needs = attack.needs if isinstance(attack, Guided) else ()
        played = tuple(self.cast.identity(role) for role in needs)
        for prompt in prompts:
            for sample in range(first, first + task.budget.samples):
                made = request(
                    prompt,
                    attack,
                    model=model,
                    sampling=task.budget.sampling,
                    seed=settings.seed,
                    labels=("evaluate", task.name, name, sample, *played),
                    system=system,
                )
                yield Asked(made, task.budget.sampling, task.name, name, sample)


def read_plan(settings: Evaluate) -> Plan:
    """What settings ask for. Raises `ResoluteError` for names nobody knows and for roles that nobody plays."""
    return once(("evaluate", settings.model_dump_json()), partial(_read_plan, settings))


def _read_plan(settings: Evaluate) -> Plan:
    attacker = resolve(settings.attacker) if settings.attacker else None
    stop = named(settings.stop, "judges", "asked") if settings.stop else None
    if stop is not None:
        stopping.check(stop)
    tasks = _with_replays(measured(settings), settings)
    probe = None
    if settings.pair.protocol == "paper":
        probe = tasks[0].budget.sampling.model_copy(update={"max_tokens": settings.pair.target_tokens})
    plan = Plan(settings, tasks, Cast(attacker, settings.attacker_sampling, stop, probe))
    for name, attack in plan.attacks.items():
        if isinstance(attack, Guided):
            plan.cast.check(name, attack.needs)
    return plan


def measured(settings: Evaluate) -> list[Measured]:
    """The tasks of the suites, each `name` or `name:count`: with a count, so many goals of each task, or all it has.

    Raises `ResoluteError` where a task's answers are to be run and there is no sandbox: nothing is asked for nothing.
    """
    found: dict[str, Measured] = {}
    for spec in settings.suites:
        name, count = counted(spec)
        for label, task in tasks_of(name).items():
            if task.needs is not None and task.needs.sandbox:
                sandbox.mode()
            if label in found:
                raise ResoluteError(f"the task {label} is asked for twice", where=spec, mend="name each suite once")
            prompts = goals_of(task, count)
            budget = settled(label, task.needs, settings.sampling.model_dump(), settings.samples)
            found[label] = Measured(label, prompts, attacks_on(task, prompts, settings), budget, task.needs)
    for spec in filter(integrity.is_integrity, settings.attacks):
        if not any(integrity.is_integrity(name) for task in found.values() for name in task.attacks):
            mend = "ask a suite of questions with known answers: --suite integrity, or math500"
            raise ResoluteError(f"the attack {spec} asks questions, and no task here has any", where=spec, mend=mend)
    return list(found.values())


def _with_replays(tasks: list[Measured], settings: Evaluate) -> list[Measured]:
    """The tasks with the stored requests they are asked; without attacks where none is named, and left out where
    nothing is stored of them either."""
    if settings.replay is None:
        return tasks
    goals = {task.name: {prompt.goal for prompt in task.prompts} for task in tasks}
    requests = by_task(replayed(settings, goals))
    found = [replace(task, replays=requests.get(task.name, ())) for task in tasks]
    if settings.attacks:
        return found
    return [replace(task, attacks={}) for task in found if task.replays]


def _digest(replays: Sequence[Again]) -> str:
    return digest([[one.name, one.prompt.id, one.version, one.number] for one in replays])


def system_prompt(name: str | None) -> str:
    """The system prompt's words: a file's, or those of a text that ships with us."""
    if name is None:
        return ""
    path = Path(name)
    if not (looks_like_file(name) or path.suffix in (".md", ".txt")):
        return texts.load(name)
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise ResoluteError("the system prompt is not UTF-8 text", where=name, mend="save it as UTF-8") from error


def given(attack: Attack, prompts: list[Prompt]) -> list[Prompt]:
    """The prompts that an attack is made with: all of them, or those that a model may be made to write about."""
    if isinstance(attack, Guided) and "attacker" in attack.needs:
        return [prompt for prompt in prompts if reason(prompt) is None]
    return prompts


def attacks_on(task: Task, prompts: Sequence[Prompt], settings: Evaluate) -> dict[str, Attack]:
    """Those the task names, or in their place those of the settings that are for its prompts: on thoughts, where all
    are questions with a known answer, which are then asked plainly too; any other, where some goal is harmful and
    stands in no framing yet."""
    turning = tuple(spec for spec in settings.attacks if integrity.is_integrity(spec))
    others = tuple(spec for spec in settings.attacks if spec not in turning)
    harmful = any(prompt.kind in ("harmful", "unknown") and not prompt.framing for prompt in prompts)
    specs = task.attacks
    if harmful:
        specs = others or specs
    elif turning and prompts and all(prompt.expected and prompt.kind != "code" for prompt in prompts):
        specs = (PLAIN, *turning)
    found: dict[str, Attack] = {}
    for spec in specs:
        for attack in variants_of(spec, settings):
            if attack.name in found:
                what = f"the attack {attack.name} is asked for twice"
                raise ResoluteError(what, where=spec, mend="name each attack once")
            found[attack.name] = attack
    return found


def variants_of(spec: str, settings: Evaluate) -> list[Attack]:
    """The attacks that a name stands for. Raises `ResoluteError` for an unknown one, and `NotHere` for one whose data
    are not here."""
    name, _, rest = (spec, "", "") if spec in entries("attacks") else spec.partition(":")
    attack = find("attacks", name)
    if isinstance(attack, Several):
        return attack.variants(rest, settings)
    if rest:
        raise ResoluteError(f"the attack {name} has no variant {rest!r}", where=spec, mend=f"write {name}")
    return [cast("Attack", attack)]


def goals_of(task: Task, count: int | None) -> list[Prompt]:
    """The prompts of `count` goals, by a choice that depends on the goals alone."""
    prompts = load_prompts(task.prompts)
    if count is None:
        return prompts
    ranked = sorted({prompt.goal for prompt in prompts}, key=lambda goal: (derive(0, "goal", goal), goal))
    kept = set(ranked[:count])
    return [prompt for prompt in prompts if prompt.goal in kept]
