"""Entry points of Inspect AI: once installed, `inspect eval TASK --model resolute/FOLDER` runs our local provider,
`inspect eval resolute/aime24_maths --model ...` a task of our suites, and
`inspect score LOG.eval --scorer resolute/risky_patterns` our auditors on anybody's log."""

from __future__ import annotations

from typing import cast, get_args

from inspect_ai import Task, task
from inspect_ai.model import ModelAPI, modelapi
from inspect_ai.scorer import Scorer, mean, scorer, stderr
from inspect_ai.util import SandboxEnvironment, sandboxenv

from resolute.core.records import PATTERNS, Kind


@modelapi(name="resolute")
def resolute() -> type[ModelAPI]:
    """The local provider (see `resolute.models.provider`)."""
    from resolute.models.provider import Local

    return Local


@sandboxenv(name="bubblewrap")  # pyright: ignore[reportUntypedFunctionDecorator]  (Inspect leaves it untyped)
def bubblewrap() -> type[SandboxEnvironment]:
    """Walls without an engine (see `resolute.models.isolation.boxes`): `sandbox="bubblewrap"` in a task."""
    from resolute.models.isolation.boxes import Box

    return Box


@scorer(metrics={pattern: [mean(), stderr()] for pattern in PATTERNS})
def risky_patterns(
    auditor: str = "screen",
    model: str | None = None,
    goal: str = "auto",
    kind: str = "unknown",
    opened: bool = False,
) -> Scorer:
    """The five risky patterns of a thought, 1 where one is there.

    `auditor`: a name of ours or of a plug-in; `screen` asks no model, `risks` asks `model`, or the model bound to the
    role `grader`, never the one that is scored. `goal`: `auto` (the sample's metadata `goal`, else its input), `input`,
    `target`, or a key of its metadata. `kind`: harmful, benign, maths, code or unknown (read as harmful), where the
    metadata has no `kind`. `opened`: outputs start inside the thought. Raises `ResoluteError` for unknown names.
    """
    from resolute.core.catalogue import entries, find
    from resolute.core.errors import ResoluteError
    from resolute.judges.screen import names_risk
    from resolute.models.instruments.scoring import Asking, Where, scoring

    if kind not in get_args(Kind):
        raise ResoluteError(f"unknown kind {kind!r}", mend=f"one of: {', '.join(get_args(Kind))}")
    where = Where(goal, cast("Kind", kind), opened)
    if auditor in entries("asked_auditors"):
        return scoring(Asking(find("asked_auditors", auditor), model, names_risk), where)
    if auditor not in entries("auditors"):
        names = ", ".join(sorted({*entries("auditors"), *entries("asked_auditors")}))
        raise ResoluteError(f"unknown auditor: {auditor!r}", mend=f"one of: {names}")
    return scoring(find("auditors", auditor), where)


def _register(name: str, label: str) -> None:
    def ours(judges: str = "", attack: str = "none", samples: int | None = None, seed: int = 0) -> Task:
        from resolute.models.tasks.ours import task as made

        return made(label, judges=judges, attack=attack, samples=samples, seed=seed)

    ours.__doc__ = f"The task {label} of our suites (see `resolute.models.tasks.ours.task`)."
    task(name=name)(ours)


def _all() -> None:
    """Every task of every suite, plug-ins' ones included, as `resolute/suite_task`."""
    from resolute.models.tasks.names import names

    for name, label in names().items():
        _register(name, label)


_all()
