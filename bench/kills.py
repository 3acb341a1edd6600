"""Kill a small lab study at five fixed points, run it again, and compare with a study nobody killed.

Run: python -m bench.kills. Exits 1 where a row, a verdict or a byte of the report differs. The points are events of
the study: while distilling, auditing, training, answering and judging.
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

STUDY = [sys.executable, "-m", "resolute", "demo", "--quick"]
SMALL = ["--set", "evaluate.suites=['lab:20']", "--set", "train.max_steps=12"]
POINTS = {
    "distilling": "distill · Default started",
    "auditing": "audit · Default started",
    "training": "train · Default started",
    "answering": "evaluate · Default started",
    "judging": "judge · Improved started",
}
"""Name of a point -> what the study says there; it is killed one second after."""
FILES = ("examples.parquet", "traces.parquet", "verdicts.parquet", "risks.parquet", "checkpoint/model.safetensors")


def run(out: Path, *, until: str = "") -> float:
    """Run the study, killed with all its processes a second after it says `until`; seconds it ran."""
    began = time.monotonic()
    call = [*STUDY, *SMALL, "--out", str(out)]
    process = subprocess.Popen(
        call, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if until and until in line:
            time.sleep(1)
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
    """Print the table; exit 1 where anything differs."""
    worst = 0
    with tempfile.TemporaryDirectory() as place:
        whole = Path(place) / "whole" / "demo-quick"
        seconds = run(whole)
        expected = digests(whole)
        print(f"not killed: {len(expected)} files, {seconds:.0f} s\n")
        print("| killed while | seconds before | seconds after | files that differ |")
        print("|---|---|---|---|")
        for name, until in POINTS.items():
            out = Path(place) / name / "demo-quick"
            before, after = run(out, until=until), run(out)
            found = digests(out)
            odd = sorted(file for file in expected.keys() | found.keys() if expected.get(file) != found.get(file))
            worst = max(worst, len(odd))
            print(f"| {name} | {before:.0f} | {after:.0f} | {len(odd)} {' '.join(odd[:3])} |", flush=True)
    return int(worst > 0)


if __name__ == "__main__":
    sys.exit(main())
