"""Cells: ids in an order in which they can be made, each made once whoever asks, a full disk said and mended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.runs import MANIFEST, Artifact, BeingMade, working
from resolute.study.cells import cells, make_cell
from resolute.study.folder import holding
from resolute.study.graph import Feed, Graph
from tests.study.small import graph, ids, silent


def test_cells_are_listed_by_wave_with_what_can_be_made_now(tmp_path: Path) -> None:
    found = cells(graph(), tmp_path)
    assert [(cell.wave, cell.node.stage, cell.state) for cell in found] == [
        (0, "distill", "ready"),
        (1, "audit", "waits"),
        (2, "curate", "waits"),
        (2, "curate", "waits"),
        (3, "train", "waits"),
    ]
    assert len({str(cell).split("\t")[0] for cell in found}) == 5


def test_a_cell_without_its_feeds_says_which_to_make_first(tmp_path: Path) -> None:
    made = graph()
    by = ids(made)
    with pytest.raises(ResoluteError) as caught:
        make_cell(made, by["curate", "made"], tmp_path, silent)
    said = str(caught.value)
    assert said.index(by["distill", "made"]) < said.index(by["audit", "made"])
    assert not list(tmp_path.iterdir())


def test_a_cell_with_its_feeds_is_made_once_and_then_found(tmp_path: Path) -> None:
    made = graph()
    by = ids(made)
    first = make_cell(made, by["curate", "made"][:12], tmp_path, silent, with_feeds=True)
    again = make_cell(made, by["curate", "made"], tmp_path, silent)
    assert again.manifest.started == first.manifest.started
    states = {cell.node.id: cell.state for cell in cells(made, tmp_path)}
    assert [states[by[each]] for each in (("distill", "made"), ("curate", "made"), ("curate", "lost"))] == [
        "done",
        "done",
        "ready",
    ]


def failed(artifact: Artifact) -> None:
    """Make a finished artifact one with a failed row, as a server that went away leaves it."""
    partly = artifact.manifest.model_copy(update={"failed_rows": 1})
    (artifact.folder / MANIFEST).write_text(partly.model_dump_json(), encoding="utf-8")


def test_a_cell_is_not_built_on_failed_rows_and_its_feeds_ask_for_them_first(tmp_path: Path) -> None:
    made = graph()
    by = ids(made)
    make_cell(made, by["curate", "made"], tmp_path, silent, with_feeds=True)
    traces = make_cell(made, by["distill", "made"], tmp_path, silent)
    failed(traces)
    states = {cell.node.id: cell.state for cell in cells(made, tmp_path)}
    assert states[by["distill", "made"]] == "partly"
    assert states[by["audit", "made"]] == states[by["curate", "made"]] == "waits"
    with pytest.raises(ResoluteError, match="failed rows"):
        make_cell(made, by["audit", "made"], tmp_path, silent)
    make_cell(made, by["audit", "made"], tmp_path, silent, with_feeds=True)
    assert traces.manifest.failed_rows == 0
    assert {cell.state for cell in cells(made, tmp_path) if cell.node.label == "made"} == {"done"}


def test_a_cell_whose_model_or_data_are_not_here_is_amiss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESOLUTE_DATA", str(tmp_path))
    asked = {"suites": ["lab:4"], "sampling": {"temperature": 0.7, "max_tokens": 9}, "model": "lab/base"}
    made = Graph()
    made.add("evaluate", [("test", asked)], (), label="there")
    gone = made.add("evaluate", [("test", {**asked, "model": "models/Gone"})], (), label="no model")
    made.add("evaluate", [("test", {**asked, "suites": ["advbench"], "samples": 2})], (), label="no data")
    answers = [Feed("traces", gone.id, "traces.parquet")]
    made.add("judge", [("test", {"judges": ["llama-guard-3@models/Gone"]})], answers, label="no guard")
    found = {cell.node.label: (cell.state, cell.gpus) for cell in cells(made, tmp_path / ".store")}
    amiss = dict.fromkeys(("no model", "no data", "no guard"), ("amiss", 1))
    assert found == {"there": ("ready", 1), **amiss}


def test_a_cell_that_another_process_makes_is_said_at_once(tmp_path: Path) -> None:
    made = graph()
    name = ids(made)["distill", "made"]
    artifact = make_cell(made, name, tmp_path, silent)
    unfinished = artifact.manifest.model_copy(update={"state": "running"})
    with pytest.raises(RuntimeError), working(artifact, unfinished):
        with pytest.raises(BeingMade):
            make_cell(made, name, tmp_path, silent)
        raise RuntimeError("killed")
    assert make_cell(made, name, tmp_path, silent).done


@pytest.mark.parametrize(("name", "said"), [("", "no cell"), ("zz", "no cell")])
def test_an_id_that_is_none_is_refused(name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ResoluteError, match=said):
        make_cell(graph(), name, tmp_path, silent)


def test_two_studies_in_one_folder_are_said_at_once(tmp_path: Path) -> None:
    with (
        holding(tmp_path, "one"),
        pytest.raises(ResoluteError, match="another study is running"),
        holding(tmp_path, "one"),
    ):
        pass
    (tmp_path / "study.json").write_text('{"name": "one"}')
    with pytest.raises(ResoluteError, match="holds the study 'one'"), holding(tmp_path, "two"):
        pass
    with holding(tmp_path, "one"):
        pass


def test_a_full_disk_fails_the_cell_and_the_next_run_makes_it_whole(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path; from resolute.core.jobs import stage_module;"
        "from resolute.study.cells import make_cell; from tests.study.small import graph, ids, silent;"
        "stage_module('distill'); resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000));"
        f"made = graph(); make_cell(made, ids(made)['distill', 'made'], Path({str(tmp_path)!r}), silent)"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    call = [sys.executable, "-c", code]
    found = subprocess.run(call, capture_output=True, text=True, cwd=root, env=environment, check=False)
    assert found.returncode == 1
    assert "File too large" in found.stderr
    made = graph()
    assert {cell.state for cell in cells(made, tmp_path)} == {"ready", "waits"}
    artifact = make_cell(made, ids(made)["distill", "made"], tmp_path, silent)
    assert artifact.output("traces.parquet").stat().st_size > 4_000
