"""A report's files in the run folder, where people look: copies of the artifact's, and none of an earlier report's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from resolute.core.files import atomic
from resolute.core.runs import Artifact, Run


def standing(run: Path) -> list[str]:
    """The files that the run's earlier reports left there, to hand to `export` when a new one is made."""
    earlier = [one for one in Run(run).entries().values() if one.stage == "report" and one.done]
    return sorted({name for one in earlier for name in one.manifest.outputs})


def export(artifact: Artifact, run: Path, *, earlier: Iterable[str] = ()) -> None:
    """Copy every file of a report into the run folder; `earlier` ones that it does not write again are taken away."""
    names = list(artifact.manifest.outputs)
    for name in sorted({*earlier} - {*names}):
        if (run / name).resolve().is_relative_to(run.resolve()):  # a manifest that was edited reaches nothing else
            (run / name).unlink(missing_ok=True)
    for name in names:
        with atomic(run / name) as stream:
            stream.write(artifact.output(name).read_bytes())
