"""Kill a mini lab study at five fixed points, run it again, and compare with a study nobody killed.

Run: python -m bench.kills. Exits 1 where a row, a verdict or a byte of the report differs, or where the finished study
run again took more than `FINISHED` seconds of a processor. The points are events of the study.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from resolute.core.files import read_json
from resolute.core.keys import file_digest

RECIPE = f"""# A mini lab study.
extends: {Path(__file__).parents[1] / "recipes" / "lab" / "demo.yaml"}
name: mini
distill: {{prompts: ["lab/harmful-train:100", "lab/benign-train:30"]}}
curate: {{safety: 40, benign: 20}}
train: {{max_steps: 9, checkpoint_every: 3}}
evaluate: {{suites: ["lab:4"], sampling: {{max_tokens: 40}}}}
grid: {{only: [Raw, Improved]}}
"""
POINTS = {
    "it distils": "distill · Improved started",
    "4 jobs are done": "[4/",
    "it trains": "train · Improved: training",
    "it answers": "evaluate · Improved started",
    "it judges": "judge · Improved started",
}
"""What is going on -> what the study says there; it is killed half a second after."""
PAUSE = 0.5
FINISHED = 5.0
"""Processor seconds that a finished study may take when it is run again."""
FILES = ("examples.parquet", "traces.parquet", "verdicts.parquet", "risks.parquet", "checkpoint/model.safetensors")


def processor() -> float:
    """Processor seconds of all processes that were started here and have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system


def run(out: Path, *, until: str = "") -> float:
    """Run the study, killed with all its processes just after it says `until`; seconds it ran."""
    began = time.monotonic()
    out.parent.mkdir(parents=True, exist_ok=True)
    recipe = out.parent / "mini.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    call = [sys.executable, "-m", "resolute", "study", str(recipe), "--out", str(out)]
    process = subprocess.Popen(
        call, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if until and until in line:
            time.sleep(PAUSE)
            os.killpg(process.pid, signal.SIGKILL)
            break
    code = process.wait()
    if code != (-signal.SIGKILL if until else 0):
        raise SystemExit(f"the study ended with {code}, until {until!r}")
    return time.monotonic() - began


def digests(out: Path) -> dict[str, str]:
    """Every output of every entry of a run, and its report."""
    entries = read_json(out / "run.json")["entries"]
    found = {"report.html": file_digest(out / "report.html")}
    for name, (stage, key) in entries.items():
        folder = out.parent / ".store" / stage / key
        found |= {f"{name}/{file}": file_digest(folder / file) for file in FILES if (folder / file).is_file()}
    return found


def main() -> int:
    """Print the table; exit 1 where anything differs or a finished study takes too long."""
    worst = 0
    with tempfile.TemporaryDirectory() as place:
        whole = Path(place) / "whole" / "mini"
        seconds = run(whole)
        expected = digests(whole)
        before = processor()
        again = run(whole)
        spent = processor() - before
        told = f"{again:.1f} s, {spent:.1f} of a processor, {FINISHED:.0f} allowed"
        print(f"not killed: {len(expected)} files, {seconds:.0f} s; run again when finished: {told}\n")
        print("| killed while | seconds before | seconds after | files that differ |")
        print("|---|---|---|---|")
        for name, until in POINTS.items():
            out = Path(place) / name / "mini"
            killed, after = run(out, until=until), run(out)
            found = digests(out)
            odd = sorted(file for file in expected.keys() | found.keys() if expected.get(file) != found.get(file))
            worst = max(worst, len(odd))
            print(f"| {name} | {killed:.0f} | {after:.0f} | {len(odd)} {' '.join(odd[:3])} |", flush=True)
    return int(worst > 0 or spent > FINISHED)


if __name__ == "__main__":
    sys.exit(main())
