"""The tasks of suites by name. A task is called `suite/task` after the suite that has it, by whichever it is asked."""

from __future__ import annotations

from typing import cast

from resolute.core.catalogue import entries, find
from resolute.core.errors import ResoluteError
from resolute.core.parts import Suite, Task


def tasks_of(name: str) -> dict[str, Task]:
    """`suite/task` -> task, of a suite, of the suites it is made of, or of the one task that `suite/task` names.

    In the order they are listed, each once. Raises `ResoluteError` for an unknown name and a suite made of itself.
    """
    return _tasks(name, ())


def task_of(label: str) -> Task | None:
    """The task that records call `suite/task`; None where its suite, or a plug-in's, is not known here."""
    suite, _, name = label.rpartition("/")
    found = cast("Suite", find("suites", suite)).tasks if suite in entries("suites") else ()
    return next((task for task in found if task.name == name), None)


def _tasks(name: str, above: tuple[str, ...]) -> dict[str, Task]:
    if name in above:
        raise ResoluteError(f"the suite {name!r} is made of itself", mend=f"look at: {' of '.join((*above, name))}")
    if name not in entries("suites") and (one := task_of(name)) is not None:
        return {name: one}
    suite = cast("Suite", find("suites", name))
    found = {f"{name}/{task.name}": task for task in suite.tasks}
    for part in suite.of:
        found |= {label: task for label, task in _tasks(part, (*above, name)).items() if label not in found}
    return found
