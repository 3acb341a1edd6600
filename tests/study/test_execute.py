"""Running a graph: workers do the work, a failed job takes down only what needs it, what is done is not done again."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.files import read_records
from resolute.core.records import Example, RiskReport, Trace
from resolute.core.runs import working
from resolute.study.execute import Event, Outcome, execute
from resolute.study.graph import Graph
from resolute.study.slots import Slots
from resolute.study.standing import standing
from tests.study.small import DISTILL, graph, ids

TICK = 0.05
"""Seconds in which a file system tells two times apart."""
Ran = tuple[Graph, Path, Outcome, list[Event]]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The small graph, run once."""
    made, store, seen = graph(), tmp_path_factory.mktemp("study") / ".store", list[Event]()
    return made, store, execute(made, store, seen.append), seen


def test_a_failed_job_takes_down_only_what_needs_it(ran: Ran) -> None:
    made, _, outcome, seen = ran
    by = ids(made)
    assert set(outcome.failed) == {by["curate", "lost"], by["train", "lost"]}
    kept = outcome.artifacts[by["curate", "made"]].output("examples.parquet")
    assert len(read_records(kept, Example)) == 25
    traces = read_records(outcome.artifacts[by["distill", "made"]].output("traces.parquet"), Trace)
    risks = read_records(outcome.artifacts[by["audit", "made"]].output("risks.parquet"), RiskReport)
    assert {report.trace for report in risks} == {trace.id for trace in traces}
    assert [event.what for event in seen if event.node.label == "lost" and event.node.stage == "train"] == ["skipped"]


def test_a_second_run_repeats_no_finished_job_and_tries_the_failed_ones_again(ran: Ran) -> None:
    made, store, first, _ = ran
    started = {name: artifact.manifest.started for name, artifact in first.artifacts.items()}
    assert standing(made, store).done == first.artifacts
    seen: list[Event] = []
    second = execute(made, store, seen.append)
    assert {name: artifact.manifest.started for name, artifact in second.artifacts.items()} == started
    by = ids(made)
    assert {event.node.id for event in seen if event.what == "started"} == {by["curate", "lost"]}
    assert {event.node.id for event in seen if event.what == "stands"} == set(first.artifacts)


def test_an_edited_artifact_stops_the_study_before_anything_runs(ran: Ran, tmp_path: Path) -> None:
    import shutil

    made, store, _, _ = ran
    copy = tmp_path / ".store"
    shutil.copytree(store, copy)
    artifact = standing(made, copy).done[ids(made)["distill", "made"]]
    with (artifact.folder / "traces.parquet").open("ab") as stream:
        stream.write(b"x")
    seen: list[Event] = []
    with pytest.raises(ResoluteError, match="changed after it was made"):
        execute(made, copy, seen.append)
    assert not seen


def test_an_edit_whose_time_was_set_back_is_seen_and_what_was_only_copied_is_read_once(
    ran: Ran, tmp_path: Path
) -> None:
    import shutil

    made, store, _, _ = ran
    copy = tmp_path / ".store"
    shutil.copytree(store, copy)
    artifact = standing(made, copy).done[ids(made)["distill", "made"]]
    path = artifact.folder / "traces.parquet"
    manifest = artifact.folder / "manifest.json"
    touched: list[int] = []
    for _ in range(2):
        artifact.unchanged()
        touched.append(manifest.stat().st_mtime_ns)
        time.sleep(TICK)
    assert touched[0] == touched[1]
    before = path.stat()
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    with pytest.raises(ResoluteError, match="changed after it was made"):
        standing(made, copy)


def test_a_data_set_that_is_not_here_stops_the_study_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESOLUTE_DATA", str(tmp_path))
    made, seen = Graph(), list[Event]()
    made.add("distill", [("test", DISTILL)], (), label="there")
    made.add("distill", [("test", {**DISTILL, "prompts": ["advbench"]})], (), label="gone")
    with pytest.raises(ResoluteError, match=r"advbench .distill of gone.: the data set advbench50.jsonl is missing"):
        execute(made, tmp_path / ".store", seen.append)
    assert not seen


def test_a_model_that_is_not_here_stops_the_study_before_anything_runs(tmp_path: Path) -> None:
    made = Graph()
    made.add("distill", [("test", DISTILL)], (), label="there")
    made.add("distill", [("test", {**DISTILL, "model": f"org/gone@{'0' * 40}"})], (), label="gone")
    seen: list[Event] = []
    with pytest.raises(ResoluteError, match="org/gone"):
        execute(made, tmp_path, seen.append)
    assert not seen


def test_code_to_be_run_without_a_sandbox_stops_the_study_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    made, seen = Graph(), list[Event]()
    made.add("distill", [("test", DISTILL)], (), label="there")
    asked = {"model": "lab/base", "sampling": {"temperature": 0.6, "max_tokens": 9}}
    made.add("evaluate", [("test", {**asked, "suites": ["lab:4"]})], (), label="words")
    made.add("evaluate", [("test", {**asked, "suites": ["livecodebench:4"]})], (), label="code")
    with pytest.raises(ResoluteError, match=r"a sandbox .evaluate of code.: no sandbox.*bubblewrap is not installed"):
        execute(made, tmp_path / ".store", seen.append)
    assert not seen


def test_more_gpus_than_there_are_are_refused_before_anything_runs(tmp_path: Path) -> None:
    made = graph()
    train = {"model": "lab/base", "learning_rate": 1e-4, "max_length": 256, "launch": "ddp", "processes": 3}
    made.add("train", [("test", train)], (), label="wide")
    with pytest.raises(ResoluteError, match="needs 3 GPUs and there are 2"):
        execute(made, tmp_path, lambda event: None, slots=Slots(gpus=("0", "1")))


def test_what_another_process_makes_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from resolute.core.jobs import prepare
    from resolute.study import execute as module
    from resolute.study.standing import job_of

    made, seen = Graph(), list[Event]()
    node = made.add("distill", [("test", DISTILL)], (), label="shared")
    artifact, manifest = prepare(job_of(node, {}), tmp_path)
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    elsewhere = working(artifact, manifest)
    elsewhere.__enter__()

    def watch(event: Event) -> None:
        if event.what == "waits" and "waits" not in {each.what for each in seen}:
            elsewhere.__exit__(*_killed())
        seen.append(event)

    assert execute(made, tmp_path, watch).artifacts.keys() == {node.id}
    assert [event.what for event in seen if event.what != "progress"] == ["started", "waits", "started", "done"]


def _killed() -> tuple[type[BaseException], BaseException, None]:
    """How the body of a lock ends whose process is killed."""
    return RuntimeError, RuntimeError("killed"), None


def test_the_parent_of_a_study_imports_neither_torch_nor_inspect(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.study.small import graph;"
        "from resolute.study.execute import execute;"
        f"execute(graph(), Path({str(tmp_path)!r}), lambda event: None);"
        "print([name for name in ('torch', 'inspect_ai', 'transformers') if name in sys.modules])"
    )
    script = tmp_path / "parent.py"
    script.write_text(f"if __name__ == '__main__':\n    exec({code!r})\n")
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    call = [sys.executable, str(script)]
    found = subprocess.run(call, capture_output=True, text=True, cwd=root, env=environment, check=False)
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == "[]"
