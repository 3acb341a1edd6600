"""A report's files in the run folder, where people look: copies of the artifact's, and none of an earlier report's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from resolute.core.files import atomic
from resolute.core.keys import file_digest
from resolute.core.runs import Artifact, Run


def standing(run: Path) -> list[str]:
    """The files that the run's earlier reports left there, to hand to `export` when a new one is made."""
    earlier = [one for one in Run(run).entries().values() if one.stage == "report" and one.done]
    return sorted({name for one in earlier for name in one.manifest.outputs})


def export(artifact: Artifact, run: Path, *, earlier: Iterable[str] = ()) -> None:
    """Copy every file of a report that does not lie there yet; `earlier` ones that it has no more are taken away."""
    outputs = artifact.manifest.outputs
    for name in sorted({*earlier} - {*outputs}):
        if (run / name).resolve().is_relative_to(run.resolve()):  # a manifest that was edited reaches nothing else
            (run / name).unlink(missing_ok=True)
    for name, digest in outputs.items():
        there = run / name
        if there.is_file() and file_digest(there) == digest:
            continue
        with atomic(there) as stream:
            stream.write(artifact.output(name).read_bytes())
