"""`evaluate --plan`: who plays each role, where, on how much of which GPU, and in what order they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from resolute.cli.console import say

if TYPE_CHECKING:
    from resolute.core.jobs import Job


def show_roles(wanted: Job, judges: Sequence[str], *, gpu: str | None) -> None:
    """Print it; no weight is read. Raises `ResoluteError` with what would fit where no order is possible."""
    from resolute.core.settings import Evaluate
    from resolute.models.casting import players
    from resolute.models.evaluating import read_plan
    from resolute.models.fitting import fit
    from resolute.models.gpus import KNOWN, Gpus, here, named
    from resolute.models.identity import resolve

    settings = wanted.settings
    assert isinstance(settings, Evaluate)
    if settings.tasks:
        return
    target = resolve(str(wanted.inputs.get("model", settings.model)))
    cast = players(settings, read_plan(settings), target, judges)
    if all(one.runs == "elsewhere" for one in cast):
        gpus: Gpus | None = Gpus(KNOWN["T4"], 1)  # none is needed
    else:
        gpus = named(gpu) if gpu else here()
    say("roles:")
    if gpus is None:
        for one in cast:
            say(f"  {one.who}: {one.name}, {one.endpoint}")
        known = ", ".join(KNOWN)
        say(f"  memory: no GPU here, so this process runs models on its CPU; name some with --gpu ({known})")
        return
    for line in fit(cast, gpus).lines:
        say(f"  {line}")
