"""How long it takes to curate 20,000 traces of real length, and how much memory: with risk reports, near-duplicates,
four reserved sources and matched arms.

`RESOLUTE_DATA` names the folder of public data; the rows are STAR-1's, each again with other words.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from resolute.core.files import write_records
from resolute.core.foreign.reading import read_traces
from resolute.core.jobs import Job, perform
from resolute.core.records import Trace
from resolute.core.settings import Audit, Curate

N = 20_000
RESERVE = ("advbench", "xstest-eval", "harmbench", "strongreject")
WAYS: dict[str, dict[str, Any]] = {
    "with risk reports and four reserved sources": {"safety": 5_000, "reserve": RESERVE},
    "the same, balanced over categories": {"safety": 5_000, "reserve": RESERVE, "select": "balance"},
    "the same, prompts matched over two strategies": {
        "safety": 5_000, "reserve": RESERVE, "match": ("prompts",), "only": "a",
    },
}  # fmt: skip


def traces(source: Path) -> list[Trace]:
    """`N` traces of two strategies on `N` / 2 prompts, no two alike."""
    rows = json.loads(source.read_text(encoding="utf-8"))
    made: list[dict[str, str]] = []
    for number in range(N):
        row, mark = rows[(number // 2) % len(rows)], f" w{number}"
        said = " ".join(word + mark if at % 5 == 0 else word for at, word in enumerate(row["response"].split(" ")))
        one = f" w{number // 2}"
        asked = f"{row['question']}{one}x{one}y{one}z"
        made.append({"question": asked, "response": said, "kind": "harmful", "category": row["category"][0]})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in made), encoding="utf-8")
        read = read_traces(path).traces
    return [one.model_copy(update={"strategy": "ab"[number % 2]}) for number, one in enumerate(read)]


def one(folder: Path, way: str) -> None:
    """One curation in this process: seconds of processor time, traces a second, and the most memory it had."""
    inputs = {"traces": folder / "traces.parquet", "risks": folder / "risks.parquet"}
    began = time.process_time()
    made = perform(Job("curate", Curate(**WAYS[way]), inputs), folder / way.replace(" ", "-"), lambda *_: None)
    seconds = time.process_time() - began
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)
    kept = made.manifest.counts["kept"]
    print(f"| {way} | {N:,} | {kept:,} | {seconds:.1f} | {N / seconds:,.0f} | {used:.2f} |", flush=True)


def main() -> int:
    if len(sys.argv) > 1:
        one(Path(sys.argv[1]), sys.argv[2])
        return 0
    source = Path(os.environ.get("RESOLUTE_DATA", "data")) / "traces" / "STAR-1.json"
    if not source.is_file():
        print(f"no {source}: let RESOLUTE_DATA name the folder of public data", file=sys.stderr)
        return 1
    print(
        "| curate | traces | kept | seconds of processor | traces a second | peak GB |\n|---|---|---|---|---|---|",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_records(folder / "traces.parquet", traces(source), Trace)
        audit = perform(Job("audit", Audit(), {"traces": folder / "traces.parquet"}), folder / "store", lambda *_: None)
        audit.output("risks.parquet").rename(folder / "risks.parquet")
        for way in WAYS:
            subprocess.run([sys.executable, "-m", "bench.curate", name, way], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
