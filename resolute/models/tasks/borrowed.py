"""Anybody's Inspect task asked of our model: run by Inspect's own `eval_set`, with our splitter, lengths and sampling.

Its solver, scorer, sandbox and data are its own; its scorer sees the answer without the thought. Its logs stay in the
artifact's folder, where an interrupted run goes on.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inspect_ai import Task, eval_set
from inspect_ai.log import EvalLog, EvalSample, read_eval_log
from inspect_ai.model import get_model
from inspect_ai.scorer import value_to_float

from resolute.core.ask import Sampling, said
from resolute.core.borrowed import Scored
from resolute.core.errors import ResoluteError
from resolute.core.keys import file_digest, key
from resolute.core.records import Message, Prompt, Trace
from resolute.models import provider, servers
from resolute.models.identity import Model
from resolute.models.reply import read_output
from resolute.models.running import Patience
from resolute.models.tasks.apart import Splitter

_NUMBER = value_to_float()


@dataclass(frozen=True)
class Borrowed:
    """A task of Inspect's, found by its name or in a file."""

    spec: str
    task: Task
    digest: str
    """Of its samples and of where its code comes from."""

    @property
    def name(self) -> str:
        """What records call it: the spec without any folder."""
        return Path(self.spec).name if Path(self.spec.partition("@")[0]).suffix == ".py" else self.spec


@dataclass(frozen=True)
class Outputs:
    """What came of one task."""

    traces: list[Trace]
    scored: list[Scored]
    failed: int
    """Samples that ended in an error."""
    unsure: int
    """Outputs that were scored before it was known that this model's template opens thoughts."""


def borrow(spec: str) -> Borrowed:
    """`package/task`, or `file.py@task`. Raises `ResoluteError` where there is none, or it is not named."""
    from inspect_ai._eval.loader import load_tasks
    from inspect_ai._util.error import PrerequisiteError

    mend = "write package/task of an installed package, or path/to/file.py@task"
    path = Path(spec.partition("@")[0])
    if path.suffix == ".py" and not path.is_file():
        raise ResoluteError("there is no such file of tasks", where=str(path), mend=mend)
    if path.suffix == ".py" and "@" not in spec:
        raise ResoluteError("a file may hold several tasks", where=spec, mend=f"name one: {spec}@TASK")
    if path.suffix != ".py" and not _installed(package := spec.partition("/")[0]):
        pip = package.replace("_", "-") if "/" in spec else "inspect-evals"
        raise ResoluteError(f"no package here has the task {spec}", mend=f"pip install {pip}; or {mend}")
    try:
        found = load_tasks([spec])
    except (PrerequisiteError, LookupError, ImportError, FileNotFoundError, ValueError, TypeError) as error:
        what = f"the task {spec} cannot be opened: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise ResoluteError(what, mend=mend) from error
    if len(found) != 1:
        raise ResoluteError(f"{spec} names {len(found)} tasks", mend=f"name one: {mend}")
    return Borrowed(spec, found[0], key(["inspect", spec.rpartition("/")[2], _code(spec, path), _samples(found[0])]))


def run(
    borrowed: Borrowed,
    model: Model,
    sampling: Sampling,
    *,
    samples: int,
    count: int | None,
    seed: int,
    concurrency: int | None,
    folder: Path,
) -> Outputs:
    """Ask and score: `samples` outputs of each of the first `count` samples. `folder` is the artifact's.

    Raises `ResoluteError` for a model that is a function, and where the task itself failed.
    """
    if model.scripted is not None or (model.kind == "inspect" and model.path is not None):
        mend = "name a folder with a checkpoint, or a model of a server"
        raise ResoluteError(f"{model.name} cannot be asked by a task of Inspect", mend=mend)
    local = model.kind == "local"
    name, splitter, patience = provider.name_of(model) if local else model.name, Splitter(seed), Patience()
    opened = get_model(name, memoize=False, **({} if local else servers.client(name, patience.client_seconds)))
    logs = folder / "work" / f"inspect-{borrowed.digest}"
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    _, made = eval_set(
        borrowed.task,
        str(logs),
        model=splitter.over(opened),
        retry_attempts=1,
        display="none",
        epochs=samples,
        limit=count,
        continue_on_fail=True,
        retry_on_error=1,
        log_dir_allow_dirty=True,
        max_samples=concurrency or provider.PENDING,
        max_connections=concurrency or provider.PENDING,
        max_retries=patience.retries,
        timeout=patience.seconds,
        **servers.generation(name, sampling),
    )
    log = read_eval_log(made[0].location) if made else None
    if log is None or not log.samples:
        why = log.error.message.splitlines()[0][:200] if log is not None and log.error else "it made no log"
        raise ResoluteError(f"the task {borrowed.spec} failed: {why}", where=str(logs))
    return _outputs(log, borrowed.name, model, splitter)


def _outputs(log: EvalLog, task: str, model: Model, splitter: Splitter) -> Outputs:
    good = [one for one in log.samples or [] if one.error is None]
    traces, scored, unsure = list[Trace](), list[Scored](), 0
    for one in good:
        made = _trace(one, task, model)
        early = splitter.opened and not made.had_thought and bool(made.answer)
        unsure += early
        traces.append(made)
        values = dict.fromkeys(_values(one)) if early else _values(one)
        scored.append(Scored(str(one.id), values, made.ending.where == "thought"))
    return Outputs(traces, scored, len(log.samples or []) - len(good), unsure)


def _values(sample: EvalSample) -> Mapping[str, float | None]:
    """Scorer -> value; those of a scorer with several by `scorer/key`. What is no number is None."""
    found: dict[str, float | None] = {}
    for scorer, score in (sample.scores or {}).items():
        if isinstance(score.value, dict):
            found |= {f"{scorer}/{name}": _number(value) for name, value in score.value.items()}
        else:
            found[scorer] = _number(score.value)
    return found


def _number(value: Any) -> float | None:
    if isinstance(value, list | dict) or value is None:
        return None
    if isinstance(value, str) and value not in ("C", "I", "P", "N") and not value.replace(".", "", 1).isdigit():
        return None
    return _NUMBER(value)


def _trace(sample: EvalSample, task: str, model: Model) -> Trace:
    asked = sample.input if isinstance(sample.input, str) else "\n".join(one.text for one in sample.input)
    target = sample.target if isinstance(sample.target, str) else sample.target[0] if sample.target else ""
    sent = [
        Message(role=one.role, content=one.text)
        for one in sample.messages
        if one.role in ("system", "user", "assistant")
    ]
    while sent and sent[-1].role == "assistant":
        sent.pop()
    return Trace.model_validate(
        {
            "id": key(["borrowed", task, model.identity, sample.id, sample.epoch]),
            "prompt": Prompt(text=asked, goal=asked, expected=target, source=task),
            "sent": sent or [Message(role="user", content=asked)],
            "model": model.name,
            "identity": model.identity,
            "task": task,
            "attack": "none",
            "sample": sample.epoch - 1,
            **said(read_output(sample.output)),
        }
    )


def _samples(task: Task) -> str:
    return key([[str(one.id), str(one.input), str(one.target)] for one in task.dataset])


def _code(spec: str, path: Path) -> str:
    """Where the task's code comes from: its file, or its package's version."""
    if path.suffix == ".py":
        return file_digest(path)
    return importlib.metadata.version(_distribution(spec.partition("/")[0]) or "inspect_ai")


def _installed(package: str) -> bool:
    return _distribution(package) is not None


def _distribution(package: str) -> str | None:
    """The distribution that registers the package's tasks with Inspect, or holds a module of that name."""
    for point in importlib.metadata.entry_points(group="inspect_ai"):
        if point.name == package and point.dist is not None:
            return point.dist.name
    return next(iter(importlib.metadata.packages_distributions().get(package, ())), None)
