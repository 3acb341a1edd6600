"""`resolute compare`: is B different from A, on the same goals?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from resolute.cli.answers import answers
from resolute.cli.console import page, say
from resolute.cli.inputs import from_run, is_run
from resolute.cli.levelled import judged_level
from resolute.core.errors import ResoluteError


def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="A run that was evaluated and judged: the base.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="The run that is compared with it.")],
    trained: Annotated[
        Path | None,
        typer.Option("--trained", help="A curated run or its examples.parquet, for goals seen; default: B's own."),
    ] = None,
    margin: Annotated[float, typer.Option("--margin", help="Largest loss of accuracy that counts as kept.")] = 0.05,
    level: Annotated[
        bool,
        typer.Option("--level", help="Judge again, by the same instruments: without style, cut to equal length."),
    ] = False,
    out: Annotated[Path, typer.Option("--out", help="Folder for comparison.json and comparison.md.")] = Path(),
) -> None:
    """Compare two models on the same goals: paired tests, effect sizes, reasoning kept or lost.

    Answers must have been judged by the same versions of the same instruments; what only one has is listed.

    resolute compare runs/base runs/tuned --margin 0.03
    """
    from resolute.core.files import atomic, write_json
    from resolute.core.results.comparing import as_json, compared
    from resolute.core.results.comparing import page as written
    from resolute.core.results.levelling import level_json, level_page

    if not 0 < margin < 1:
        raise typer.BadParameter("a share between 0 and 1", param_hint="--margin")
    if first.resolve() == second.resolve():
        raise ResoluteError("a run is compared with itself", where=str(first), mend="name two runs")
    both = answers(first), answers(second)
    found = compared(*both, margin=margin, trained=_goals(trained, second))
    if not found.rows:
        mend = "evaluate both with one suite, and judge both with the same instruments"
        raise ResoluteError("the two runs have no measure in common", where=f"{first}, {second}", mend=mend)
    numbers, words = as_json(found), written(found)
    if level:
        again = judged_level((first, second), both, out, margin)
        numbers["level"] = level_json(found, *again)
        words += "\n" + "\n".join(level_page(found, *again))
    write_json(out / "comparison.json", numbers)
    with atomic(out / "comparison.md", "w") as stream:
        stream.write(words)
    page(out / "comparison.md")
    say(f"{out / 'comparison.json'}")


def _goals(trained: Path | None, second: Path) -> set[str]:
    """Goals of the training set that is named, or that the second run was trained on."""
    from resolute.core.files import read_records
    from resolute.core.records import Example
    from resolute.core.runs import Run

    if trained is None:
        if not any(artifact.stage == "curate" for artifact in Run(second).entries().values()):
            return set()
        trained = second
    path = from_run(trained, ["curate"]).output("examples.parquet") if is_run(trained) else trained
    return {example.goal for example in read_records(path, Example)}
