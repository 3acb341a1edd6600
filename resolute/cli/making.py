"""From a command line to an artifact: settings in layers, one job, its plan or its making, and what is said of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from resolute.cli.console import progress, say
from resolute.cli.failures import FAILED_ROWS

if TYPE_CHECKING:
    from resolute.core.jobs import Job
    from resolute.core.runs import Artifact, Manifest

SHOWN = 12
"""Notes shown; the manifest has the rest."""


@dataclass(frozen=True)
class Line:
    """What every verb's command line has."""

    out: Path
    recipe: Path | None
    sets: Sequence[str]
    plan: bool


def job(
    stage: str,
    line: Line,
    inputs: Mapping[str, Path],
    options: Mapping[str, Any],
    base: Mapping[str, Any] | None = None,
) -> Job:
    """The job of a stage. Options that were not given (None) are no layer, so they never hide a recipe's value.

    `base` is weaker than the recipe: what the inputs themselves say of these settings.
    """
    from resolute.core.jobs import Job
    from resolute.core.layers import assignments, resolve
    from resolute.core.recipe import read_recipe
    from resolute.core.settings import SECTIONS

    recipe = getattr(read_recipe(line.recipe), stage) if line.recipe else None
    layers = [
        ("input", base or {}),
        ("recipe", recipe or {}),
        ("--set", assignments(line.sets, section=stage).get(stage, {})),
        ("option", _given(options)),
    ]
    settings, origins = resolve(SECTIONS[stage], layers)
    return Job(stage, settings, dict(inputs), origins)


def make(
    stage: str,
    line: Line,
    inputs: Mapping[str, Path],
    options: Mapping[str, Any],
    *,
    base: Mapping[str, Any] | None = None,
    then: str = "",
) -> Artifact | None:
    """Plan or make one artifact, point the run to it and say what came of it; None when only planned.

    `then` is the next command a user may want. Leaves with exit code 3 where rows failed: see `leave`.
    """
    from resolute.core.jobs import perform
    from resolute.core.runs import Run

    wanted = job(stage, line, inputs, options, base)
    run = Run(line.out)
    if line.plan:
        show_plan(wanted, run.store)
        return None
    began = time.time()
    with progress() as report:
        artifact = perform(wanted, run.store, report)
    run.point(stage, artifact)
    show(artifact, artifact.manifest, reused=artifact.manifest.started < began)
    say(f"run: {line.out}")
    if then:
        say(f"next: {then}")
    return artifact


def leave(*artifacts: Artifact | None) -> None:
    """Exit code 3 where a finished artifact has rows that failed."""
    if any(artifact is not None and artifact.manifest.failed_rows for artifact in artifacts):
        raise typer.Exit(FAILED_ROWS)


def show(artifact: Artifact, manifest: Manifest, *, reused: bool) -> None:
    """Counts, what happened, notes and paths."""
    state = "stood already" if reused else f"done in {manifest.seconds:.1f} s"
    say(f"{artifact.stage} {artifact.key} {state}")
    for name, number in manifest.counts.items():
        say(f"  {name.replace('_', ' ')}: {number}")
    for happened in manifest.history:
        say(f"  {happened}")
    for note in manifest.notes[:SHOWN]:
        say(f"  note: {note}")
    if len(manifest.notes) > SHOWN:
        say(f"  {len(manifest.notes) - SHOWN} more notes in {artifact.folder / 'manifest.json'}")
    if manifest.failed_rows:
        say(f"  FAILED rows: {manifest.failed_rows}; the same command asks again for those that may pass")
    shown = [name for name in manifest.outputs if "/" not in name]
    for name in shown:
        say(f"  {artifact.folder / name}")
    if folders := sorted({name.partition("/")[0] for name in manifest.outputs if "/" in name}):
        say("".join(f"  {artifact.folder / folder}/" for folder in folders))


def show_plan(wanted: Job, store: Path) -> None:
    """What a job would be, without doing any of it."""
    from resolute.core.jobs import prepare

    artifact, manifest = prepare(wanted, store)
    say(f"{artifact.stage} {artifact.key} ({'stands already' if artifact.done else 'to be made'})")
    say(f"  folder: {artifact.folder}")
    for name, value in flat(manifest.settings):
        say(f"  {artifact.stage}.{name} = {value!r}  ({origin(name, manifest.origins)})")
    for role, path in wanted.inputs.items():
        say(f"  input {role}: {path} (sha256 {manifest.inputs[role][:12]})")


def flat(settings: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    """Settings as `key.key` and value."""
    rows: list[tuple[str, Any]] = []
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            rows += flat(value, f"{above}{name}.")
        else:
            rows.append((above + name, value))
    return rows


def origin(name: str, origins: Mapping[str, str]) -> str:
    """Where a setting came from; a part that was not given came from the default."""
    top = name.partition(".")[0]
    return origins.get(name) or origins.get(top) or "default"


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options without those that were not given; `a.b` is a setting inside `a`."""
    from resolute.core.layers import merge

    given: dict[str, Any] = {}
    for name, value in options.items():
        if value is None or value == []:
            continue
        for step in reversed(name.split(".")):
            value = {step: value}
        given = merge(given, value)
    return given
