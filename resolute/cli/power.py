"""`resolute power`: what so many goals can show, and how many it takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resolute.cli.answers import answers
from resolute.cli.console import say
from resolute.core.errors import ResoluteError

if TYPE_CHECKING:
    from resolute.core.statistics.power.design import Design


def power(
    first: Annotated[float | None, typer.Option("--from", help="Rate of the first model, 0 to 1.")] = None,
    second: Annotated[float | None, typer.Option("--to", help="Rate of the second.")] = None,
    by: Annotated[float | None, typer.Option("--by", help="The difference, in place of --to; -0.05 is lower.")] = None,
    goals: Annotated[int | None, typer.Option("--n", min=1, help="Goals.")] = None,
    wanted: Annotated[float, typer.Option("--power", help="Chance of finding what is there.")] = 0.8,
    samples: Annotated[int, typer.Option("--samples", min=1, help="Answers to each goal.")] = 1,
    icc: Annotated[float, typer.Option("--icc", help="Correlation of answers to one goal, 0 to 1.")] = 0.0,
    changed: Annotated[
        float | None, typer.Option("--changed", help="Share of goals on which the two differ; default: as by chance.")
    ] = None,
    unpaired: Annotated[bool, typer.Option("--unpaired", help="Each model on goals of its own.")] = False,
    margin: Annotated[float | None, typer.Option("--margin", help="Largest loss that counts as kept.")] = None,
    tests: Annotated[int, typer.Option("--tests", min=1, help="Tests in the family (Holm).")] = 1,
    alpha: Annotated[float, typer.Option("--alpha", help="Level of the family.")] = 0.05,
    seeds: Annotated[int | None, typer.Option("--seeds", min=2, help="Training seeds; with --spread.")] = None,
    spread: Annotated[
        float | None, typer.Option("--spread", help="Standard deviation of the difference over training seeds.")
    ] = None,
    runs: Annotated[
        tuple[Path, Path] | None,
        typer.Option("--from-runs", metavar="A B", help="Take rates and changed goals from two judged runs."),
    ] = None,
) -> None:
    """Plan a comparison: its power, the goals it needs, or the smallest difference it finds.

    What is left out of --n and --to is computed.

    resolute power --n 50 --from 0.12 --to 0.04
    """
    from resolute.core.statistics.power.design import Design
    from resolute.core.statistics.power.told import told, told_seeds

    _shares({"--power": wanted, "--alpha": alpha, "--margin": margin})
    if second is not None and by is not None:
        raise typer.BadParameter("--to or --by, not both", param_hint="--by")
    step = second - first if first is not None and second is not None else by
    if seeds is not None or spread is not None:
        if seeds is None or spread is None or not 0 < spread < 1:
            raise typer.BadParameter("--seeds goes with --spread, a share between 0 and 1", param_hint="--spread")
        if goals is not None or margin is not None or runs is not None:
            raise typer.BadParameter("a t over seeds looks at no goals, margin or runs", param_hint="--seeds")
        lines = told_seeds(seeds, spread, step, alpha=alpha / tests, power=wanted)
    elif runs is not None:
        lines = _from_runs(runs, step, goals, Design(0.0, margin=margin, tests=tests, alpha=alpha), wanted)
    else:
        if first is None:
            raise typer.BadParameter("say the rate of the first model, or name --from-runs A B", param_hint="--from")
        if goals is None and step is None and margin is None:
            raise typer.BadParameter("give --n, or --to, or both", param_hint="--n")
        design = Design(first, samples, icc, changed, paired=not unpaired, margin=margin, tests=tests, alpha=alpha)
        to = second if step is None else round(first + step, 12)
        design.check(to)
        lines = told(design, goals=goals, second=to, power=wanted)
    for line in lines:
        say(line)


def _shares(given: dict[str, float | None]) -> None:
    for name, share in given.items():
        if share is not None and not 0 < share < 1:
            raise typer.BadParameter("a share between 0 and 1", param_hint=name)


def _from_runs(runs: tuple[Path, Path], by: float | None, goals: int | None, like: Design, power: float) -> list[str]:
    from resolute.core.statistics.power.measured import measured
    from resolute.core.statistics.power.told import told_measured

    found = measured(answers(runs[0]), answers(runs[1]), like)
    if not found:
        mend = "evaluate both with one suite, and judge both with the same instruments"
        raise ResoluteError("the two runs have no measure in common", where=f"{runs[0]}, {runs[1]}", mend=mend)
    return told_measured(found, by, goals=goals, power=power)
