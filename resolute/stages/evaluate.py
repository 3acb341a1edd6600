"""Evaluate: ask a model the prompts of suites, under each attack that the suite's tasks name.

Input `model`: a checkpoint folder that stands in for the named model (optional). Output: `traces.parquet`, one trace
per task, attack, prompt and sample; what got no output stands there with its error. Nothing is judged here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from resolute.core import texts
from resolute.core.catalogue import counted, find
from resolute.core.errors import ResoluteError
from resolute.core.files import unreadable, write_records
from resolute.core.jobs import Job, Work
from resolute.core.keys import derive, digest
from resolute.core.parts import Attack, Suite, Task
from resolute.core.records import Prompt, Trace
from resolute.core.rows import looks_like_file
from resolute.core.settings import Evaluate
from resolute.core.sources import load_prompts
from resolute.models import engine
from resolute.models.identity import Model, resolve
from resolute.models.requests import Request, request, trace

VERSION = 1
CUT_SHORT = 0.02
"""Share of unfinished thoughts above which a note says so."""


@dataclass(frozen=True)
class Measured:
    """One task of one suite, with its prompts and attacks looked up."""

    name: str
    """`suite/task`."""
    prompts: list[Prompt]
    attacks: dict[str, Attack]


@dataclass(frozen=True)
class _Asked:
    request: Request
    task: str
    attack: str
    sample: int


def identity(job: Job) -> dict[str, Any]:
    """The model, every prompt, every attack's version, and the words of the system prompt."""
    settings = cast("Evaluate", job.settings)
    return {
        "model": _model(job).identity,
        "tasks": {
            task.name: {
                "prompts": digest([[prompt.id, prompt.goal, prompt.expected] for prompt in task.prompts]),
                "attacks": {name: attack.version for name, attack in task.attacks.items()},
            }
            for task in measured(settings.suites)
        },
        "system": texts.version(_system(settings.system)),
    }


def run(work: Work) -> None:
    """Ask everything and write one trace per request."""
    settings, model = cast("Evaluate", work.job.settings), _model(work.job)
    asked = list(_requests(settings, model))
    attempts = engine.run_requests(
        [item.request for item in asked],
        model=model,
        sampling=settings.sampling,
        folder=work.folder,
        progress=work.progress,
    )
    traces = [
        trace(
            item.request,
            attempts[item.request.id],
            model=model,
            task=item.task,
            attack=item.attack,
            sample=item.sample,
        )
        for item in asked
    ]
    write_records(work.folder / "traces.parquet", traces, Trace)
    _tally(work, traces)
    if attempts.served and model.kind == "inspect":
        work.manifest.identity["served"] = sorted(attempts.served)
    if model.kind == "inspect" and not any(item.had_thought for item in traces):
        work.note(
            "no output shows where a thought ends: either this model does not think, or its server removes the marks "
            "(special tokens, a reasoning parser), so that thought and answer are one text: look before judging"
        )


def measured(suites: Iterable[str]) -> list[Measured]:
    """The tasks of suites, each `name` or `name:count`: with a count, so many goals of each task, or all it has."""
    found: dict[str, Measured] = {}
    for spec in suites:
        name, count = counted(spec)
        suite = cast("Suite", find("suites", name))
        for task in suite.tasks:
            label = f"{name}/{task.name}"
            if label in found:
                raise ResoluteError(f"the task {label} is asked for twice", where=spec, mend="name each suite once")
            attacks = {attack: cast("Attack", find("attacks", attack)) for attack in task.attacks}
            found[label] = Measured(label, _goals(task, count), attacks)
    return list(found.values())


def _goals(task: Task, count: int | None) -> list[Prompt]:
    """The prompts of `count` goals, by a choice that depends on the goals alone."""
    prompts = load_prompts(task.prompts)
    if count is None:
        return prompts
    ranked = sorted({prompt.goal for prompt in prompts}, key=lambda goal: (derive(0, "goal", goal), goal))
    kept = set(ranked[:count])
    return [prompt for prompt in prompts if prompt.goal in kept]


def _requests(settings: Evaluate, model: Model) -> Iterable[_Asked]:
    system = _system(settings.system)
    for task in measured(settings.suites):
        for name, attack in task.attacks.items():
            for prompt in task.prompts:
                for sample in range(settings.samples):
                    made = request(
                        prompt,
                        attack,
                        model=model,
                        sampling=settings.sampling,
                        seed=settings.seed,
                        labels=("evaluate", task.name, name, sample),
                        system=system,
                    )
                    yield _Asked(made, task.name, name, sample)


def _model(job: Job) -> Model:
    settings = cast("Evaluate", job.settings)
    if "model" not in job.inputs:
        return resolve(settings.model)
    found = resolve(str(job.inputs["model"]))
    return Model(settings.model, found.kind, found.identity, path=found.path)


def _system(name: str | None) -> str:
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


def _tally(work: Work, traces: list[Trace]) -> None:
    endings = Counter(f"{item.ending.where}: {item.ending.why}" for item in traces)
    failed = [item for item in traces if item.ending.why == "error"]
    work.count(asked=len(traces), failed=len(failed), **endings)
    work.manifest.failed_rows = len(failed)
    work.manifest.tokens_in = sum(item.tokens_in for item in traces)
    work.manifest.tokens_out = sum(item.tokens_out for item in traces)
    unclosed = sum(item.ending.where == "thought" for item in traces)
    if unclosed > CUT_SHORT * len(traces):
        share = f"{100 * unclosed / len(traces):.1f}%"
        work.note(
            f"{unclosed} of {len(traces)} outputs ({share}) never left the thought: they have no answer to judge; "
            f"most of them may need more than max_tokens={work.job.settings.model_dump()['sampling']['max_tokens']}"
        )
    if failed:
        causes = ", ".join(f"{cause} x {n}" for cause, n in Counter(item.error for item in failed).most_common(3))
        work.note(f"{len(failed)} requests got no output ({causes}); the same command asks them again")
