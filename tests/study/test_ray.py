"""On a cluster of two nodes, one of which is killed in the middle, a study ends with what it has on one machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bench import kills
from resolute.cli.app import run
from resolute.study.execute import execute
from resolute.study.graph import Graph
from resolute.study.on_ray import Cluster
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


@pytest.fixture
def lose_a_node(monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[[], None]]:
    """A cluster of two nodes that RAY_ADDRESS names, and what kills one of them, without a farewell."""
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster as Nodes

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 0})
    workers = [nodes.add_node(num_cpus=1) for _ in range(2)]
    monkeypatch.setenv("RAY_ADDRESS", str(nodes.address))

    def lose() -> None:
        Thread(target=nodes.remove_node, args=(workers.pop(),), kwargs={"allow_graceful": False}).start()

    try:
        yield lose
    finally:
        ray.shutdown()
        nodes.shutdown()


def test_a_cluster_that_loses_a_node_ends_with_what_one_machine_has(
    tmp_path: Path, lose_a_node: Callable[[], None]
) -> None:
    from resolute.study.cells import make_cell

    made, store = wide(), tmp_path / "cluster" / ".store"
    lost: list[float] = []

    def watch(event: Any) -> None:
        if event.what == "done" and not lost:
            lost.append(time.monotonic())
            lose_a_node()

    outcome = execute(made, store, watch, hands=Cluster(store))
    assert lost
    assert len(outcome.failed) == 2  # those that fail anywhere
    for name, artifact in outcome.artifacts.items():
        here = make_cell(made, name, tmp_path / "here" / ".store", silent, with_feeds=True)
        assert (here.key, here.manifest.outputs) == (artifact.key, artifact.manifest.outputs)


def test_a_study_on_a_cluster_that_loses_a_node_has_the_report_of_one_machine(
    tmp_path: Path, lose_a_node: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mini.yaml").write_text(kills.RECIPE, encoding="utf-8")
    recipe, here, there = str(tmp_path / "mini.yaml"), tmp_path / "here" / "mini", tmp_path / "there" / "mini"
    started: list[str] = []
    start = Cluster.start

    def counted(self: Cluster, node: Any, job: Any) -> Any:
        started.append(node.stage)
        if started[-1] == "train":
            lose_a_node()
        return start(self, node, job)

    monkeypatch.setattr(Cluster, "start", counted)
    assert run(["study", recipe, "--out", str(there), "--on", "ray"]) == 0
    assert started.count("train") == 1
    assert run(["study", recipe, "--out", str(here)]) == 0
    assert kills.digests(there) == kills.digests(here)
