"""A task of our suites as Inspect's: the same prompts, attacks, lengths and instruments under `inspect eval`.

`resolute evaluate` remains the measurement (its own resume, seeds derived from what is asked, paired tables); this is
for people whose other evaluations run in Inspect, and for its log viewer.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from inspect_ai import Epochs, Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig, ModelOutput, get_model
from inspect_ai.solver import Generate, Solver, TaskState, solver

from resolute.core import parts
from resolute.core.ask import Ask, Reply, Sampling, failed
from resolute.core.budgets import settled, shortfalls
from resolute.core.catalogue import find
from resolute.core.errors import ResoluteError
from resolute.core.keys import derive
from resolute.core.parts import Attack, Beginning, Guided, Several
from resolute.core.records import Message, Prompt
from resolute.core.sources import load_prompts
from resolute.core.suites import tasks_of
from resolute.models import servers
from resolute.models.calls import chat
from resolute.models.instruments.named import named
from resolute.models.reply import read_output
from resolute.models.tasks.verdicts import PROMPT, verdicts

_LOG = logging.getLogger(__name__)


def task(label: str, *, judges: str = "", attack: str = "none", samples: int | None = None, seed: int = 0) -> Task:
    """The task that records call `label`.

    `judges`: instruments, comma-separated, `NAME` or `NAME@MODEL`; empty: those of the suite that ask no model.
    `attack`: one that needs nobody beside the target. Length and sampling are what the suite states, unless the
    command line says others. Raises `ResoluteError` for unknown names and attacks that others must play in.
    """
    form = tasks_of(label)[label]
    budget = settled(label, form.needs, {} if form.needs else {"max_tokens": 1, "temperature": 0.0}, samples)
    specs = [one.strip() for one in judges.split(",") if one.strip()] or list(form.judges)
    prompts = load_prompts(form.prompts)
    sampling = budget.sampling if form.needs else None
    said: dict[str, Any] = (
        {} if sampling is None else sampling.model_dump(include={"temperature", "top_p", "max_tokens"})
    )
    return Task(
        dataset=MemoryDataset([_sample(one) for one in prompts], name=label),
        solver=_attacked(_plain(attack), label, form, seed),
        scorer=[verdicts(named(spec, "judges", "asked")) for spec in specs],
        epochs=Epochs(budget.samples, "mean"),
        config=GenerateConfig(**said),
        metadata={"suite": label, "better": form.better, "event": form.event},
    )


def _sample(prompt: Prompt) -> Sample:
    about = {"goal": prompt.goal, "kind": prompt.kind, "category": prompt.category}
    return Sample(
        id=prompt.id, input=prompt.text, target=prompt.expected, metadata={**about, PROMPT: prompt.model_dump()}
    )


def _plain(spec: str) -> Attack:
    attack: Any = find("attacks", spec)
    if isinstance(attack, Guided | Beginning | Several):
        what = f"the attack {spec} needs more than the target"
        raise ResoluteError(what, mend=f"resolute evaluate --attack {spec}")
    return attack


@solver
def _attacked(attack: Attack, label: str, form: parts.Task, seed: int) -> Solver:
    """Runs the attack; what is judged is its last reply, and its goal stays the sample's."""
    told: list[str] = []

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        del generate  # an attack sends messages of its own
        model = get_model()
        outputs: list[ModelOutput] = []
        sampling = _sampling(label, form, told)

        async def ask(messages: Sequence[Message], number: int) -> Reply:
            config = GenerateConfig(seed=number, **servers.generation(str(model), sampling))
            outputs.append(await model.generate(chat(messages), config=config))
            return read_output(outputs[-1])

        attempt = await attack.run(Prompt.model_validate(state.metadata[PROMPT]), _kept(ask), _seed(seed, state))
        state.messages = [*chat(attempt.sent), *([outputs[-1].message] if outputs else [])]
        if outputs:
            state.output = outputs[-1]
        return state

    return solve


def _kept(ask: Ask) -> Ask:
    """A call that the server refuses for good is a reply without output; every other error is Inspect's to retry."""
    from resolute.models.running import cause, is_the_rows

    async def asked(messages: Sequence[Message], seed: int) -> Reply:
        try:
            return await ask(messages, seed)
        except Exception as error:
            if not is_the_rows(error):
                raise
            return failed(cause(error))

    return asked


def _seed(seed: int, state: TaskState) -> int:
    return derive(seed, "inspect", str(state.sample_id), state.epoch)


def _sampling(label: str, form: parts.Task, told: list[str]) -> Sampling:
    """What is in force: the suite's values, the command line's before them. Says once what falls short."""
    from inspect_ai.model._generate_config import active_generate_config

    config = active_generate_config()
    given = {name: getattr(config, name) for name in ("temperature", "top_p", "top_k", "max_tokens")}
    budget = settled(label, form.needs, given)
    if not told:
        told += shortfalls(label, form.needs, budget) or [""]
        for line in filter(None, told):
            _LOG.warning(line)
    return budget.sampling
