"""`resolute study` and `resolute demo`: a recipe from its first prompt to its report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resolute.cli.console import progress, say, table
from resolute.cli.failures import FAILED_ROWS
from resolute.cli.inputs import home
from resolute.cli.options import Out, Plan, Sets
from resolute.core.errors import ResoluteError

if TYPE_CHECKING:
    from resolute.study.graph import Graph

Seeds = Annotated[int | None, typer.Option("--seeds", min=1, help="Training seeds a row; the recipe says how many.")]
Quick = Annotated[bool, typer.Option("--quick", help="The recipe's short form: fewer rows at reduced size.")]
Listed = Annotated[
    bool,
    typer.Option(
        "--list", help="Print the cells, tab-separated: id, wave, state, GPUs, stage, label. Do nothing else."
    ),
]
One = Annotated[
    str | None,
    typer.Option("--cell", metavar="ID", help="Make this one cell; twice is once. For Slurm arrays and make."),
]
Feeds = Annotated[bool, typer.Option("--with-feeds", help="With --cell: make what it needs as well.")]
On = Annotated[
    str,
    typer.Option("--on", metavar="WHERE", help="`here`, or `ray`: the cluster that RAY_ADDRESS names, or a new one."),
]
OnGpu = Annotated[str, typer.Option("--gpu", metavar="NAME", help="With --plan: the GPU that hours are reckoned for.")]
Rent = Annotated[
    float | None, typer.Option("--gpu-hour", metavar="USD", min=0, help="With --plan: what an hour of one GPU costs.")
]


def study(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="YAML recipe; line 2 of ours is their command.")],
    seeds: Seeds = None,
    quick: Quick = False,
    out: Out = None,
    sets: Sets = None,
    plan: Plan = False,
    gpu: OnGpu = "A100-80",
    gpu_hour: Rent = None,
    listed: Listed = False,
    cell: One = None,
    with_feeds: Feeds = False,
    on: On = "here",
) -> None:
    """Run a recipe's whole grid and write its report.

    Done jobs are found, not repeated; a failed job fails its own rows alone.

    resolute study recipes/lab/demo.yaml --out runs/demo
    """
    folder, asked = home(recipe, out), sets or []
    if on not in ("here", "ray"):
        raise ResoluteError(f"no such place: {on!r}", where="--on", mend="here or ray")
    if sum((plan, listed, cell is not None)) > 1:
        raise ResoluteError("--plan, --list and --cell each do one thing", mend="give one of them")
    if with_feeds and cell is None:
        raise ResoluteError("--with-feeds says what --cell makes", mend="add --cell ID")
    if plan or listed or cell is not None:
        _look(
            _Line(recipe, folder, seeds, quick, asked), gpu, gpu_hour, listed=listed, cell=cell, with_feeds=with_feeds
        )
        return
    _study(_Line(recipe, folder, seeds, quick, asked), ray=on == "ray")


def demo(seeds: Seeds = None, quick: Quick = False, out: Out = None, sets: Sets = None, plan: Plan = False) -> None:
    """Run the whole loop on the lab's tiny model.

    The same as `resolute study recipes/lab/demo.yaml`.
    """
    folder = out or Path("runs") / ("demo-quick" if quick else "demo")
    line = _Line(shipped("lab/demo.yaml"), folder, seeds, quick, sets or [])
    if plan:
        _look(line, "A100-80", None, listed=False, cell=None, with_feeds=False)
        return
    _study(line, ray=False)


def shipped(name: str) -> Path:
    """A recipe of ours: in the package when installed, beside it in a checkout."""
    package = Path(__file__).parents[1]
    for folder in (package / "recipes", package.parent / "recipes"):
        if (folder / name).is_file():
            return folder / name
    raise ResoluteError(f"the recipe {name} is missing", where=str(package), mend="install Resolute again")


@dataclass(frozen=True)
class _Line:
    """What says which study it is."""

    recipe: Path
    out: Path
    seeds: int | None
    quick: bool
    sets: Sequence[str]


def _study(line: _Line, *, ray: bool) -> None:
    from resolute.cli.watching import watching
    from resolute.core.layers import assignments
    from resolute.core.recipe import read_recipe
    from resolute.core.runs import Run
    from resolute.study.run import plan, run_study

    asked, overrides = read_recipe(line.recipe), assignments(line.sets)
    graph = plan(asked, overrides, seeds=line.seeds, quick=line.quick)
    hands = None
    if ray:
        from resolute.study.on_ray import Cluster

        hands = Cluster(Run(line.out).store)
    with watching(len(graph.nodes)) as watch:
        finished = run_study(asked, graph, line.out, watch, overrides=overrides, hands=hands)
    table(line.out)
    say(f"report: {finished.report.resolve()}")
    for node, error in finished.failed.items():
        say(f"failed: {graph.nodes[node].stage} of {graph.nodes[node].label}: {error}", err=True)
    for node, rows in finished.failed_rows.items():
        say(f"{rows} failed rows: {graph.nodes[node].stage} of {graph.nodes[node].label}", err=True)
    if finished.failed or finished.failed_rows:
        say("the same command tries again what failed", err=True)
        raise typer.Exit(FAILED_ROWS)


def _look(line: _Line, gpu: str, gpu_hour: float | None, *, listed: bool, cell: str | None, with_feeds: bool) -> None:
    from resolute.core.layers import assignments
    from resolute.core.recipe import read_recipe
    from resolute.core.runs import Run
    from resolute.study.run import plan

    graph = plan(read_recipe(line.recipe), assignments(line.sets), seeds=line.seeds, quick=line.quick)
    store = Run(line.out).store
    if cell is not None:
        _make_cell(graph, cell, store, with_feeds=with_feeds)
    elif listed:
        from resolute.study.cells import cells

        for each in cells(graph, store):
            say(str(each))
    else:
        from resolute.cli.study_plan import show_plan

        show_plan(graph, store, gpu=gpu, gpu_hour=gpu_hour)


def _make_cell(graph: Graph, name: str, store: Path, *, with_feeds: bool) -> None:
    import time

    from resolute.cli.making import leave, show
    from resolute.study.cells import make_cell

    began = time.time()
    with progress() as report:
        artifact = make_cell(graph, name, store, report, with_feeds=with_feeds)
    show(artifact, artifact.manifest, reused=artifact.manifest.started < began)
    leave(artifact)
