"""Speed and memory of a report: 200,000 samples, their verdicts, seven rows and three training seeds.

    python -m bench.report [--goals N] [--seeds N] [--keep FOLDER]

The study is written by the same writers as any stage's, with answers of some 100 words that say nothing. The report is
made in a process of its own, beside a naive one that holds every trace and verdict as a record to count one rate.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from resolute.core.files import write_json, write_records
from resolute.core.keys import key
from resolute.core.markdown import table
from resolute.core.records import Ending, Message, Prompt, Record, Saw, Trace, Verdict
from resolute.core.runs import Artifact, Manifest, working

ROWS = ("Raw", "Default", "RealSafe", "Improved", "Short", "Template", "No CoT")
HARM = (0.9, 0.5, 0.3, 0.05, 0.1, 0.04, 0.6)
ATTACKS = ("none", "lab/persona", "lab/persuasion", "lab/pair-like")
TASKS = (("safety", "harmful", ATTACKS), ("over-refusal", "benign", ("none",)), ("arithmetic", "maths", ("none",)))
INSTRUMENTS = {
    "safety": (("lab/strict", "unsafe"), ("lab/garbled", "garbled")),
    "over-refusal": (("lab/refused", "refused"), ("lab/garbled", "garbled")),
    "arithmetic": (("lab/correct", "correct"),),
}
MAKE = """
import resource, sys, time
from pathlib import Path
from resolute.core.jobs import Job, perform
from resolute.core.settings import Report
began, worked = time.perf_counter(), time.process_time()
job = Job("report", Report(title="Bench"), {"study": Path(sys.argv[1])})
made = perform(job, Path(sys.argv[2]), lambda *_, **__: None)
said = time.perf_counter() - began, time.process_time() - worked
print(*said, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, made.output("report.html").stat().st_size / 1e6)
"""
NAIVE = """
import resource, sys, time
from pathlib import Path
from resolute.core.files import read_records
from resolute.core.records import Trace, Verdict
from resolute.core.results.tables import cells
began, worked = time.perf_counter(), time.process_time()
folders = sorted(Path(sys.argv[1]).parents[1].glob(".store/*/*"))
traces, verdicts = [], []
for at in folders:
    if at.parent.name == "evaluate":
        traces += read_records(at / "traces.parquet", Trace)
    elif at.parent.name == "judge":
        verdicts += read_records(at / "verdicts.parquet", Verdict)
cells(traces, verdicts)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(time.perf_counter() - began, time.process_time() - worked, peak, 0)
"""


def study(root: Path, *, goals: int, seeds: int) -> tuple[Path, int, int]:
    """Write a study; its file, and how many traces and verdicts it has."""
    rows: list[dict[str, object]] = []
    counts = [0, 0]
    for label, harm in zip(ROWS, HARM, strict=True):
        for seed in range(1 if label == "Raw" else seeds):
            made = {part: _place(root, part, label, seed, goals) for part in ("evaluate", "judge")}
            if not made["judge"].done:
                traces = list(_traces(label, seed, goals))
                verdicts = list(_verdicts(traces, harm, random.Random(f"{label} {seed}")))
                _write(made["evaluate"], {"suites": ["lab"]}, traces, Trace)
                _write(made["judge"], {"judges": ["lab/strict"]}, verdicts, Verdict)
            kind = "raw" if label == "Raw" else "trained"
            folders = {part: f"../.store/{part}/{artifact.key}" for part, artifact in made.items()}
            rows.append({"label": label, "seed": seed, "kind": kind, "artifacts": folders})
            counts = [n + made[part].manifest.counts["rows"] for n, part in zip(counts, made, strict=True)]
    path = root / "bench" / "study.json"
    write_json(path, {"schema": 1, "name": "bench", "lab": True, "recipe": {"guards": []}, "rows": rows})
    return path, counts[0], counts[1]


def _traces(label: str, seed: int, goals: int) -> Iterator[Trace]:
    draw = random.Random(f"{label} {seed} words")
    words = [f"word{number}" for number in range(2000)]
    for task, kind, attacks in TASKS:
        for attack in attacks:
            for number in range(goals):
                goal = f"{kind} goal {number}"
                prompt = Prompt.model_validate({"text": f"{attack}: {goal}", "goal": goal, "kind": kind})
                yield Trace(
                    id=key([label, seed, task, attack, number]),
                    prompt=prompt,
                    sent=[Message(role="user", content=prompt.text)],
                    model="m",
                    identity="i",
                    task=f"lab/{task}",
                    attack=attack,
                    reasoning=" ".join(draw.choices(words, k=60)),
                    answer=" ".join(draw.choices(words, k=40)),
                    ending=Ending(where="answer", why="end of turn"),
                    tokens_out=100,
                )


def _verdicts(traces: Sequence[Trace], harm: float, draw: random.Random) -> Iterator[Verdict]:
    for trace in traces:
        for judge, event in INSTRUMENTS[trace.task.partition("/")[2]]:
            for part in ("answer", "thought") if event == "unsafe" else ("answer",):
                share = {"unsafe": harm, "correct": 0.9}.get(event, 0.03)
                yield Verdict.model_validate(
                    {
                        "trace": trace.id, "judge": f"{judge} 1", "event": event, "part": part, "outcome": "scored",
                        "score": float(draw.random() < share), "raw": "what the instrument said of it",
                        "saw": Saw(goal=True, parts=[part], characters=700),
                    }
                )  # fmt: skip


def _place(root: Path, stage: str, label: str, seed: int, goals: int) -> Artifact:
    name = key([stage, label, seed, goals])
    return Artifact(stage, name, root / ".store" / stage / name)


def _write(artifact: Artifact, settings: dict[str, object], records: Sequence[Record], form: type[Record]) -> None:
    manifest = Manifest(stage=artifact.stage, stage_version=1, key=artifact.key, settings={"model": "m", **settings})
    with working(artifact, manifest):
        manifest.counts["rows"] = len(records)
        write_records(artifact.folder / f"{'traces' if form is Trace else 'verdicts'}.parquet", records, form)


def _timed(code: str, *arguments: Path) -> list[float]:
    said = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    return [float(word) for word in said.stdout.split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goals", type=int, default=1755, help="Goals of each task and attack.")
    parser.add_argument("--seeds", type=int, default=3, help="Training seeds of each trained row.")
    parser.add_argument("--keep", type=Path, help="Write the study here and keep it.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = asked.keep or Path(folder)
        began = time.perf_counter()
        path, traces, verdicts = study(root, goals=asked.goals, seeds=asked.seeds)
        print(f"{traces:,} samples, {verdicts:,} verdicts, written in {time.perf_counter() - began:.0f} s\n")
        ours = _timed(MAKE, path, Path(folder) / "store")
        naive = _timed(NAIVE, path)
    rows = [
        ("the whole report", f"{ours[0]:.1f}", f"{ours[1]:.1f}", f"{ours[2]:,.0f}", "< 60 s, < 2,048 MB"),
        ("records read, one table counted", f"{naive[0]:.1f}", f"{naive[1]:.1f}", f"{naive[2]:,.0f}", ""),
    ]
    print("\n".join(table(("what", "seconds", "of a processor", "peak, MB", "asked for"), rows)))
    print(f"\nreport.html: {ours[3]:.1f} MB")


if __name__ == "__main__":
    main()
