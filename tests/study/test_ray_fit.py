"""What a cluster cannot do is said before a job is handed over. A real cluster with a made-up number of GPUs."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.study.execute import Event, execute
from resolute.study.graph import Graph
from resolute.study.on_ray import Cluster
from tests.study.small import DISTILL

pytestmark = pytest.mark.verify
TRAIN = {"model": "lab/base", "learning_rate": 1e-4, "max_length": 256}


@pytest.fixture
def gpus(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Generator[int]:
    """A cluster of one node with so many GPUs."""
    ray = pytest.importorskip("ray")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(num_cpus=1, num_gpus=request.param, include_dashboard=False, log_to_driver=False)
    try:
        yield request.param
    finally:
        ray.shutdown()


def graph(processes: int) -> Graph:
    made = Graph()
    made.add("distill", [("test", DISTILL)], (), label="cheap")
    made.add("train", [("test", {**TRAIN, "launch": "fsdp", "processes": processes})], (), label="wide")
    return made


@pytest.mark.parametrize("gpus", [2], indirect=True)
def test_more_gpus_than_any_node_has_are_refused_before_anything_is_handed_over(gpus: int, tmp_path: Path) -> None:
    seen: list[Event] = []
    with pytest.raises(ResoluteError, match="needs 3 GPUs and no node has more than 2"):
        execute(graph(processes=3), tmp_path, seen.append, hands=Cluster(tmp_path))
    assert not seen and not list(tmp_path.iterdir())


@pytest.mark.parametrize("gpus", [0], indirect=True)
def test_a_cluster_without_a_gpu_is_said_where_checkpoints_are_run_and_only_there(gpus: int, tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    wide, cheap = graph(processes=3), Graph()
    cheap.add("distill", [("test", DISTILL)], (), label="cheap")
    assert "no node has a GPU: 1 open jobs" in cluster.fit(list(wide.nodes.values()))
    assert cluster.fit(list(cheap.nodes.values())) == ""
