"""`resolute audit`: look for the five risky patterns in traces, yours or other people's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resolute.cli.console import page, say
from resolute.cli.inputs import home, traces
from resolute.cli.making import Line, job, leave, make
from resolute.cli.options import Budget, Out, Plan, RecipeFile, Sets

if TYPE_CHECKING:
    from resolute.core.runs import Artifact


def audit(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT", help="A run, an artifact, a file of other people, or hub:OWNER/NAME@COMMIT/PATH."
        ),
    ],
    auditor: Annotated[
        list[str] | None,
        typer.Option(
            "--auditor", "--judge", help="What looks for the patterns, NAME or NAME@MODEL; may be given often."
        ),
    ] = None,
    tokenizer: Annotated[
        str | None, typer.Option("--tokenizer", help="Folder or hub name lengths are counted with; default: words.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="What every goal of a foreign file is: harmful, benign, maths, code.")
    ] = None,
    opening: Annotated[
        str | None, typer.Option("--opening", help="Where a foreign file's outputs start; default: detected and said.")
    ] = None,
    budget: Budget = None,
    out: Out = None,
    recipe: RecipeFile = None,
    sets: Sets = None,
    plan: Plan = False,
) -> None:
    """Look for risky patterns, endings and lengths in traces.

    Reads runs, artifacts, and other people's JSONL, JSON, CSV or Parquet files and logs of Inspect.

    resolute audit traces.jsonl --tokenizer path/to/tokenizer
    """
    line = Line(home(data, out), recipe, sets or [], plan)
    options = {"auditors": auditor, "tokenizer": tokenizer, "kind": kind, "opening": opening, "budget": budget}
    found = traces([data])
    artifact = make("audit", line, found, options, then=f"resolute curate {line.out} --safety N --benign N")
    if artifact is not None:
        page(_page(line.out, artifact))
    else:
        from resolute.stages.audit import planned

        for told in planned(job("audit", line, found, options)):
            say(f"  {told}")
    leave(artifact)


def _page(run: Path, artifact: Artifact) -> Path:
    """The artifact's own page, or the run's where people have labelled this very audit since."""
    from resolute.core.files import read_json

    labelled = run / "calibration-patterns.json"
    known = labelled.is_file() and (run / "audit.md").is_file() and artifact.key in read_json(labelled)["audits"]
    return run / "audit.md" if known else artifact.output("summary.md")
