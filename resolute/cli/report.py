"""`resolute report`: write the report of a study again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from resolute.cli.console import say
from resolute.cli.making import Line, make
from resolute.cli.options import Plan, RecipeFile, Sets
from resolute.core.errors import ResoluteError


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The run folder of a study.")],
    title: Annotated[str | None, typer.Option("--title", help="Of the page.")] = None,
    recipe: RecipeFile = None,
    sets: Sets = None,
    plan: Plan = False,
) -> None:
    """Write the report of a study again.

    One self-contained page, and the table in Markdown and CSV.
    """
    from resolute.core.files import atomic, read_json
    from resolute.study.run import EXPORTS

    study = run / "study.json"
    if not study.is_file():
        raise ResoluteError("no study here", where=str(run), mend="run `resolute study RECIPE --out RUN` first")
    asked: dict[str, Any] = read_json(study)
    base = (asked.get("recipe") or {}).get("report") or {"title": asked.get("name") or run.name}
    artifact = make("report", Line(run, recipe, sets or [], plan), {"study": study}, {"title": title}, base=base)
    if artifact is None:
        return
    for name in EXPORTS:
        with atomic(run / name) as stream:
            stream.write(artifact.output(name).read_bytes())
    say(f"report: {run / 'report.html'}")
