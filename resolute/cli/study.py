"""`resolute study` and `resolute demo`: a recipe from its first prompt to its report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resolute.cli.console import say, table
from resolute.cli.failures import FAILED_ROWS
from resolute.cli.inputs import home
from resolute.cli.options import Out, Plan, Sets
from resolute.core.errors import ResoluteError

if TYPE_CHECKING:
    from resolute.study.graph import Graph

Seeds = Annotated[int | None, typer.Option("--seeds", min=1, help="Training seeds a row; the recipe says how many.")]
Quick = Annotated[bool, typer.Option("--quick", help="The recipe's short form: fewer rows at reduced size.")]


def study(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="YAML recipe; line 2 of ours is their command.")],
    seeds: Seeds = None,
    quick: Quick = False,
    out: Out = None,
    sets: Sets = None,
    plan: Plan = False,
) -> None:
    """Run a recipe's whole grid and write its report.

    Done jobs are found, not repeated; a failed job fails its own rows alone.

    resolute study recipes/lab/demo.yaml --out runs/demo
    """
    _study(recipe, home(recipe, out), seeds=seeds, quick=quick, sets=sets or [], only_plan=plan)


def demo(seeds: Seeds = None, quick: Quick = False, out: Out = None, sets: Sets = None, plan: Plan = False) -> None:
    """Run the whole loop on the lab's tiny model.

    The same as `resolute study recipes/lab/demo.yaml`.
    """
    folder = out or Path("runs") / ("demo-quick" if quick else "demo")
    _study(shipped("lab/demo.yaml"), folder, seeds=seeds, quick=quick, sets=sets or [], only_plan=plan)


def shipped(name: str) -> Path:
    """A recipe of ours: in the package when installed, beside it in a checkout."""
    package = Path(__file__).parents[1]
    for folder in (package / "recipes", package.parent / "recipes"):
        if (folder / name).is_file():
            return folder / name
    raise ResoluteError(f"the recipe {name} is missing", where=str(package), mend="install Resolute again")


def _study(recipe: Path, out: Path, *, seeds: int | None, quick: bool, sets: Sequence[str], only_plan: bool) -> None:
    from resolute.cli.watching import watching
    from resolute.core.recipe import read_recipe
    from resolute.core.runs import Run
    from resolute.core.settings import assignments
    from resolute.study.run import plan, run_study

    asked = read_recipe(recipe)
    graph = plan(asked, assignments(sets), seeds=seeds, quick=quick)
    if only_plan:
        _show_plan(graph, Run(out).store)
        return
    with watching(len(graph.nodes)) as watch:
        finished = run_study(asked, graph, out, watch)
    table(out)
    say(f"report: {finished.report.resolve()}")
    for node, error in finished.failed.items():
        say(f"failed: {graph.nodes[node].stage} of {graph.nodes[node].label}: {error}", err=True)
    if finished.failed:
        raise typer.Exit(FAILED_ROWS)


def _show_plan(graph: Graph, store: Path) -> None:
    """Every job of the grid with what it needs, and which of them stand already."""
    from resolute.cli.making import flat, origin
    from resolute.study.standing import standing

    known = standing(graph, store).done
    for node in graph.nodes.values():
        artifact = known.get(node.id)
        say(f"{node.stage} of {node.label}: {f'stands already ({artifact.key})' if artifact else 'to be made'}")
        for name, value in flat(node.settings.model_dump(mode="json")):
            where = origin(name, node.origins)
            if where != "default":
                say(f"  {node.stage}.{name} = {value!r}  ({where})")
    say(f"{len(graph.nodes)} jobs for {len(graph.rows)} rows; {len(known)} stand already")
