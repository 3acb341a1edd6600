"""Running a graph: workers do the work, a failed job takes down only what needs it, what is done is not done again."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from resolute.core.files import read_records
from resolute.core.records import Example, RiskReport, Trace
from resolute.study.execute import Event, execute
from resolute.study.graph import Feed, Graph
from resolute.study.standing import standing

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


def test_a_failed_job_takes_down_only_what_needs_it(tmp_path: Path) -> None:
    made, seen = graph(), list[Event]()
    outcome = execute(made, tmp_path, seen.append)
    by_stage = {(node.stage, node.label): node.id for node in made.nodes.values()}
    assert set(outcome.failed) == {by_stage["curate", "lost"], by_stage["train", "lost"]}
    kept = outcome.artifacts[by_stage["curate", "made"]].output("examples.parquet")
    assert len(read_records(kept, Example)) == 25
    traces = read_records(outcome.artifacts[by_stage["distill", "made"]].output("traces.parquet"), Trace)
    risks = read_records(outcome.artifacts[by_stage["audit", "made"]].output("risks.parquet"), RiskReport)
    assert {report.trace for report in risks} == {trace.id for trace in traces}
    assert [event.what for event in seen if event.node.label == "lost" and event.node.stage == "train"] == ["skipped"]


def test_a_second_run_repeats_no_finished_job(tmp_path: Path) -> None:
    made = graph()
    first = execute(made, tmp_path, lambda event: None)
    started = {name: artifact.manifest.started for name, artifact in first.artifacts.items()}
    assert standing(made, tmp_path).done == first.artifacts
    second = execute(made, tmp_path, lambda event: None)
    assert {name: artifact.manifest.started for name, artifact in second.artifacts.items()} == started


def test_the_parent_of_a_study_imports_neither_torch_nor_inspect(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.study.test_execute import graph;"
        "from resolute.study.execute import execute;"
        f"execute(graph(), Path({str(tmp_path)!r}), lambda event: None);"
        "print([name for name in ('torch', 'inspect_ai', 'transformers') if name in sys.modules])"
    )
    guarded = f"if __name__ == '__main__':\n    exec({code!r})\n"
    script = tmp_path / "parent.py"
    script.write_text(guarded)
    root = Path(__file__).parents[2]
    found = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, cwd=root, env=_environment(root), check=False
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == "[]"


def _environment(root: Path) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(root)}
