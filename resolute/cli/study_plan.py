"""`study --plan`: every job of the grid, which of them stand, what is missing here, and what the rest would take."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from resolute.cli.console import say

if TYPE_CHECKING:
    from resolute.study.costs import Cost
    from resolute.study.graph import Graph


def show_plan(graph: Graph, store: Path, *, gpu: str, gpu_hour: float | None) -> None:
    """Print all of it; nothing is made and no weight is read."""
    from resolute.cli.making import flat, origin
    from resolute.core.remembered import remembering
    from resolute.models.gpus import named
    from resolute.study.costs import ASSUMED, Cost, costs, measured
    from resolute.study.here import absent, lacks_sandbox
    from resolute.study.needs import SANDBOX
    from resolute.study.standing import standing

    kind = named(gpu).gpu
    with remembering():
        known = standing(graph, store)
        settled = known.settled(graph)
        missing = absent(graph, settled)
        sums = costs(graph, settled, peak=kind.peak, speeds=measured(store, graph))
    for node in graph.nodes.values():
        lacks = f", not here: {', '.join(missing[node.id])}" if node.id in missing else ""
        state = "stands already" if node.id in settled else "stands with failed rows" if node.id in known.partly else ""
        say(f"{node.id} {node.stage} of {node.label}: {state or 'to be made'}{lacks}")
        for name, value in flat(node.settings.model_dump(mode="json")):
            where = origin(name, node.origins)
            if where != "default":
                say(f"  {node.stage}.{name} = {value!r}  ({where})")
    stages = Counter(node.stage for node in graph.nodes.values())
    open_ones = Counter(node.stage for node in graph.nodes.values() if node.id not in settled)
    say(f"{'stage':<10}{'cells':>7}{'open':>7}{'requests':>11}{'tokens':>16}{'GPU-hours':>12}{'API':>12}")
    for stage, number in stages.items():
        say(f"{stage:<10}{number:>7}{open_ones[stage]:>7}{_figures(sums.get(stage))}")
    whole = sum(sums.values(), Cost())
    say(f"{'all':<10}{len(graph.nodes):>7}{sum(open_ones.values()):>7}{_figures(whole)}")
    rent = f", ${whole.gpu_hours * gpu_hour:,.0f} at ${gpu_hour:g} an hour" if gpu_hour is not None else ""
    word = "at least" if whole.without else "about"
    say(f"{word} {whole.gpu_hours:,.1f} GPU-hours of {kind.name}{rent}, and {word} ${whole.dollars:,.2f} for APIs")
    for what, jobs in sorted(whole.without.items()):
        say(f"  not in it, for {jobs} job{'s' if jobs > 1 else ''}: {what}")
    say(f"a forecast: {ASSUMED}")
    lacking = sorted({name for names in missing.values() for name in names})
    if lacks_sandbox(graph, settled):
        lacking.append(f"{SANDBOX.name} for code (bubblewrap)")
    if lacking:
        say(f"not here, and needed before it runs: {', '.join(lacking)}")
    say(f"{len(graph.nodes)} jobs for {len(graph.rows)} rows; {len(known.made)} stand already")


def _figures(cost: Cost | None) -> str:
    if cost is None:
        return f"{'':>11}{'':>16}{'':>12}{'':>12}"
    return f"{cost.requests:>11,}{cost.tokens:>16,}{cost.gpu_hours:>12,.1f}{'$' + format(cost.dollars, ',.2f'):>12}"
