"""Where a trained model comes from: its untouched base, and the rows it was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from resolute.core.errors import ResoluteError

if TYPE_CHECKING:
    from resolute.core.records import Example
    from resolute.core.runs import Artifact


def untouched(trained: Artifact) -> str:
    """The name of the model that training began from. Raises `ResoluteError` where it stands for another one now."""
    from resolute.models.identity import resolve

    manifest = trained.manifest
    name, identity = str(manifest.settings["model"]), manifest.identity.get("model")
    if resolve(name).identity != identity:
        mend = "put back the weights that were trained from, or evaluate them with --model and use resolute compare"
        raise ResoluteError("the base is not what training began from any more", where=name, mend=mend)
    return name


def training_rows(trained: Artifact, run: Path) -> list[Example] | None:
    """The rows of the training set, from where they lay or from the run; None where neither has them unchanged."""
    from resolute.core.files import read_records
    from resolute.core.jobs import input_digest
    from resolute.core.records import Example
    from resolute.core.runs import Run

    manifest = trained.manifest
    places = [Path(manifest.sources.get("examples", ""))]
    places += [one.folder / "examples.parquet" for one in Run(run).entries().values() if one.stage == "curate"]
    for path in places:
        if path.is_file() and input_digest(path) == manifest.inputs.get("examples"):
            return read_records(path, Example)
    return None
