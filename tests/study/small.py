"""A small graph that needs no model's weights: traces, an audit, a training set, and one that cannot be made."""

from __future__ import annotations

from typing import Any

from resolute.study.graph import Feed, Graph

DISTILL = {
    "model": "lab/teacher",
    "strategy": "improved",
    "prompts": ["lab/harmful-train:30", "lab/benign-train:10"],
    "sampling": {"temperature": 1.0, "max_tokens": 200},
}


def graph(**curate: Any) -> Graph:
    """Distil, audit, and two training sets of the same traces: one that can be made and one that asks for too much."""
    made = Graph()
    traces = made.add("distill", [("test", DISTILL)], (), label="made")
    feed = Feed("traces", traces.id, "traces.parquet")
    audit = made.add("audit", [("test", {"auditors": ["lab/oracle"]})], [feed], label="made")
    feeds = [feed, Feed("risks", audit.id, "risks.parquet")]
    made.add("curate", [("test", {"safety": 20, "benign": 5, **curate})], feeds, label="made")
    lost = made.add("curate", [("test", {"safety": 5000})], feeds, label="lost")
    train = {"model": "lab/base", "learning_rate": 1e-4, "max_length": 256}
    made.add("train", [("test", train)], [Feed("examples", lost.id, "examples.parquet")], label="lost")
    return made


def ids(made: Graph) -> dict[tuple[str, str], str]:
    """Stage and label -> id."""
    return {(node.stage, node.label): node.id for node in made.nodes.values()}


def silent(what: str, done: int, total: int, /, note: str = "") -> None:
    """A progress that nobody looks at."""
