"""What a distillation asks for, known before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from resolute.core.ask import Ask
from resolute.core.errors import ResoluteError
from resolute.core.framing import FRAMED, Framing, framed, framings
from resolute.core.generable import Generable, generable
from resolute.core.jobs import Job
from resolute.core.parts import Attempt, Strategy
from resolute.core.records import Prompt
from resolute.core.remembered import once
from resolute.core.settings import Acceptance, Distill
from resolute.core.sources import choose, load_prompts
from resolute.core.strategy import strategy
from resolute.core.texts import load
from resolute.models.identity import Model, resolve


@dataclass(frozen=True)
class Plan:
    """Everything a run asks for, before anything is asked."""

    settings: Distill
    model: Model
    ways: tuple[Strategy, ...]
    """The strategy, and those that prompts without an accepted trace go on to."""
    prompts: list[Prompt]
    excluded: int
    """Prompts that no model is asked (see `core.generable`)."""
    framings: list[Framing]
    form: str
    """How a thought is to be written down; empty for a teacher that thinks."""

    @property
    def rounds(self) -> list[tuple[Strategy, range]]:
        """Strategy and samples of each round; the second and later ones are for prompts that still have none."""
        step, most = self.settings.samples, self.settings.limit or self.settings.samples
        if self.settings.accept is None:
            return [(self.ways[0], range(step))]
        return [
            (way, range(start, min(start + step, most)))
            for way in self.ways
            for start in range(0, 1 if way.refusal else most, step)
        ]


class Asking:
    """A strategy's request in the form the engine runs."""

    def __init__(self, way: Strategy, form: str) -> None:
        self.name, self.version = "distill", way.version
        self._way, self._form = way, form

    async def run(self, prompt: Prompt, ask: Ask, seed: int) -> Attempt:
        sent = self._way.messages(prompt, form=self._form)
        return Attempt(sent, await ask(sent, seed))


def read_plan(job: Job) -> Plan:
    """What a job asks for. Raises `ResoluteError` for settings that cannot go together."""
    settings = job.settings
    assert isinstance(settings, Distill)
    if settings.accept is None and (settings.then or settings.limit or settings.judges or settings.auditors):
        mend = "say what is accepted: --set distill.accept='{safe: true}' (or leave out judges, auditors, limit, then)"
        raise ResoluteError("nothing says which traces are good enough", where="distill.accept", mend=mend)
    if settings.accept is not None:
        _check(settings, settings.accept)
    kept, excluded = asked_of(settings.prompts)
    wrapped = framings(settings.framings)
    goals = [prompt for prompt in kept if prompt.kind in FRAMED]
    prompts = framed(goals, wrapped)
    if settings.n is not None:
        prompts = choose(prompts, settings.n, spec=f"n={settings.n}")
    prompts += [prompt for prompt in kept if prompt.kind not in FRAMED]
    ways = tuple(map(strategy, (settings.strategy, *settings.then)))
    form = load("thought-written") if settings.thought == "written" else ""
    return Plan(settings, resolve(settings.model), ways, prompts, len(excluded), wrapped, form)


def asked_of(sources: Sequence[str]) -> Generable:
    """The different prompts of these sources that a model may be asked, and those it may not; sorted out once a set."""
    return once(("generable", tuple(sources)), partial(_sorted_out, sources))


def _sorted_out(sources: Sequence[str]) -> Generable:
    return generable({prompt.id: prompt for source in sources for prompt in load_prompts(source)}.values())


def _check(settings: Distill, policy: Acceptance) -> None:
    """What a policy asks for must be looked at by somebody, or every trace would be rejected."""
    if (policy.safe or policy.refused) and not settings.judges:
        raise ResoluteError("no guard says what is safe", where="distill.judges", mend="name one with --judge")
    if policy.patterns and not settings.auditors:
        raise ResoluteError("no auditor looks for patterns", where="distill.auditors", mend="name one with --auditor")
