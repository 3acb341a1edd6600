"""On a cluster of two nodes, one of which is killed in the middle, a graph ends with what it has on one machine."""

import time
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from resolute.study.execute import execute
from resolute.study.graph import Graph
from tests.study.small import DISTILL, graph, silent

pytestmark = pytest.mark.verify


def wide() -> Graph:
    """The small graph, and six more sets of traces with their audits."""
    from resolute.study.graph import Feed

    made = graph()
    for count in range(40, 100, 10):
        asked = {**DISTILL, "prompts": [f"lab/harmful-train:{count}"]}
        node = made.add("distill", [("test", asked)], (), label=f"{count}")
        feed = Feed("traces", node.id, "traces.parquet")
        made.add("audit", [("test", {"auditors": ["lab/oracle"]})], [feed], label=f"{count}")
    return made


def test_a_cluster_that_loses_a_node_ends_with_what_one_machine_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster as Nodes

    from resolute.study.cells import make_cell
    from resolute.study.on_ray import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    made, store = wide(), tmp_path / "cluster" / ".store"
    nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 0})
    workers = [nodes.add_node(num_cpus=1) for _ in range(2)]
    monkeypatch.setenv("RAY_ADDRESS", str(nodes.address))
    lost: list[float] = []

    def watch(event: Any) -> None:
        if event.what == "done" and not lost:
            lost.append(time.monotonic())
            Thread(target=nodes.remove_node, args=(workers[0],), kwargs={"allow_graceful": False}).start()

    try:
        outcome = execute(made, store, watch, hands=Cluster(store))
    finally:
        ray.shutdown()
        nodes.shutdown()
    assert lost
    assert len(outcome.failed) == 2  # those that fail anywhere
    for name, artifact in outcome.artifacts.items():
        here = make_cell(made, name, tmp_path / "here" / ".store", silent, with_feeds=True)
        assert (here.key, here.manifest.outputs) == (artifact.key, artifact.manifest.outputs)
