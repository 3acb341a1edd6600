"""Planning a grid of some 500 cells, looking at it when all of it stands, and a small study run again when it is
finished. Run: python -m bench.study

What stands is made up: files of the right names and sizes (2 MB a checkpoint) with manifests, since 600 real cells take
hours. Finding them is what a finished study does before it writes its report again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from resolute.core.files import read_records, write_records
from resolute.core.jobs import perform, prepare
from resolute.core.keys import file_digest
from resolute.core.recipe import read_recipe
from resolute.core.records import Trace
from resolute.core.runs import MANIFEST, Artifact
from resolute.study.graph import Graph
from resolute.study.run import plan
from resolute.study.standing import job_of, standing

ROOT = Path(__file__).parents[1]
RECIPE = """# The lab's rows at three rates and three seeds.
extends: {base}
name: wide
seeds: 3
grid:
  axes:
    rate:
      low: {{train: {{learning_rate: 1.0e-4}}}}
      middle: {{}}
      high: {{train: {{learning_rate: 1.0e-3}}}}
    rows:
      few: {{curate: {{safety: 200}}}}
      half: {{curate: {{safety: 300}}}}
      all: {{}}
"""
SMALL = """# Two rows that are not trained.
extends: {base}
name: small
evaluate: {{suites: ["lab:4"], sampling: {{max_tokens: 40}}}}
grid:
  rows:
    Raw: {{train: null}}
    Cooler: {{train: null, evaluate: {{sampling: {{temperature: 0.2}}}}}}
  only: [Raw, Cooler]
  quick: []
"""
OUTPUTS = {
    "distill": ("traces.parquet",),
    "audit": ("risks.parquet",),
    "judge": ("verdicts.parquet",),
    "curate": ("examples.parquet",),
    "train": ("checkpoint/config.json", "checkpoint/model.safetensors"),
    "evaluate": ("traces.parquet",),
}
SIZES = {"checkpoint/model.safetensors": 2_000_000, "checkpoint/config.json": 500}
PLANNING, FINISHED = 2.0, 5.0
"""Seconds that the issue allows."""


def answers(store: Path) -> list[Trace]:
    """Some 400 traces by the lab's teacher, as a task's answers."""
    asked = {"model": "lab/teacher", "strategy": "improved", "prompts": ["lab/harmful-train:400"]}
    graph = Graph()
    node = graph.add("distill", [("bench", {**asked, "sampling": {"temperature": 1, "max_tokens": 200}})], (), label="")
    made = perform(job_of(node, {}), store, lambda what, done, total, /, note="": None)
    traces = read_records(made.output("traces.parquet"), Trace)
    return [trace.model_copy(update={"task": "lab/safety"}) for trace in traces]


def made_up(graph: Graph, store: Path) -> None:
    """Artifacts for all nodes."""
    artifacts: dict[str, Artifact] = {}
    traces = answers(store)
    for number, node in enumerate(graph.nodes.values()):
        artifact, manifest = prepare(job_of(node, artifacts), store)
        for name in OUTPUTS[node.stage]:
            path = artifact.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if node.stage == "evaluate":
                write_records(path, traces[number % 50 :], Trace)
            else:
                path.write_bytes(number.to_bytes(4, "big") * (SIZES.get(name, 40_000) // 4))
            manifest.outputs[name] = file_digest(path)
        done = manifest.model_copy(update={"state": "done"})
        (artifact.folder / MANIFEST).write_text(done.model_dump_json(), encoding="utf-8")
        artifacts[node.id] = artifact


def timed(*words: str) -> float:
    """Processor seconds: what a machine takes that does nothing else."""
    before = os.times()
    subprocess.run([sys.executable, "-m", "resolute", "study", *words], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> int:
    """Print the table; exit 1 where it takes longer than the issue allows."""
    with tempfile.TemporaryDirectory() as place:
        recipe, out = Path(place) / "wide.yaml", Path(place) / "runs" / "wide"
        recipe.write_text(RECIPE.format(base=ROOT / "recipes" / "lab" / "demo.yaml"), encoding="utf-8")
        graph = plan(read_recipe(recipe), {})
        line = (str(recipe), "--out", str(out))
        figures = {"--plan, nothing stands": (timed(*line, "--plan"), PLANNING)}
        figures["--list, nothing stands"] = (timed(*line, "--list"), PLANNING)
        made_up(graph, out.parent / ".store")
        began = time.process_time()
        found = standing(graph, out.parent / ".store")
        figures["finding that all stand, in the process"] = (time.process_time() - began, FINISHED)
        if len(found.done) != len(graph.nodes):
            raise SystemExit(f"{len(found.done)} of {len(graph.nodes)} were found")
        figures["--list, all stand"] = (timed(*line, "--list"), FINISHED)
        small = Path(place) / "small.yaml"
        small.write_text(SMALL.format(base=ROOT / "recipes" / "lab" / "demo.yaml"), encoding="utf-8")
        whole = (str(small), "--out", str(out.parent / "small"))
        timed(*whole)
        figures["a small study of two rows, finished, run again with its report"] = (timed(*whole), FINISHED)
        print(
            f"{len(graph.nodes)} cells, {len(graph.rows)} rows\n\n| what | processor seconds | allowed |\n|---|---|---|"
        )
        for what, (seconds, allowed) in figures.items():
            print(f"| {what} | {seconds:.1f} | {allowed:.0f} |")
    return int(any(seconds > allowed for seconds, allowed in figures.values()))


if __name__ == "__main__":
    sys.exit(main())
