"""How fast traces are read, screened, audited and curated on one core, and how much memory 50,000 of them take.

`RESOLUTE_DATA` names the folder of public data; the rows are STAR-1's, each again with other words for the large file.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from resolute.core.foreign.reading import read_traces
from resolute.core.jobs import Job, perform
from resolute.core.runs import Artifact
from resolute.core.settings import Audit, Curate
from resolute.judges.screen import SCREEN, read_thought

LARGE = 50_000
T = TypeVar("T")


def timed(act: Callable[[], T]) -> tuple[T, float]:
    """What `act` gives, and the seconds of processor time it took."""
    began = time.process_time()
    found = act()
    return found, time.process_time() - began


def peak() -> float:
    """Most memory this process has had, in GB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1e9 if sys.platform == "darwin" else 1e6)


def large(source: Path, path: Path) -> None:
    """`LARGE` rows of real length, no two the same."""
    rows = json.loads(source.read_text(encoding="utf-8"))
    with path.open("w", encoding="utf-8") as stream:
        for number in range(LARGE):
            row = rows[number % len(rows)]
            mark = f" w{number}"
            words = row["response"].split(" ")
            said = " ".join(word + mark if place % 5 == 0 else word for place, word in enumerate(words))
            asked = f"{row['question']}{mark}x{mark}y{mark}z"
            stream.write(json.dumps({"question": asked, "response": said, "kind": "harmful"}) + "\n")


def main() -> int:
    data = Path(os.environ.get("RESOLUTE_DATA", "data"))
    source = data / "traces" / "STAR-1.json"
    if not source.is_file():
        print(f"no {source}: let RESOLUTE_DATA name the folder of public data", file=sys.stderr)
        return 1
    print("| what | traces | seconds of processor | traces a second | peak GB |\n|---|---|---|---|---|")

    def show(what: str, n: int, seconds: float) -> None:
        print(f"| {what} | {n:,} | {seconds:.2f} | {n / seconds:,.0f} | {peak():.2f} |", flush=True)

    read, seconds = timed(lambda: read_traces(source))
    show("read STAR-1", len(read.traces), seconds)
    _, seconds = timed(lambda: [SCREEN.audit(trace) for trace in read.traces])
    show("screen of STAR-1", len(read.traces), seconds)
    _, seconds = timed(lambda: read_thought("I could maybe keep the tone, but it is not harmful. " * 20_000))
    show("screen of one thought of a megabyte", 1, seconds)
    with tempfile.TemporaryDirectory() as folder:
        store, path = Path(folder) / "store", Path(folder) / "large.jsonl"
        tokenizer = str(data / "tokenizers" / "r1-distill-qwen")
        _, seconds = timed(lambda: _audit(source, store, tokenizer))
        show("audit of STAR-1 with tokenizer, all outputs", len(read.traces), seconds)
        large(source, path)
        made, seconds = timed(lambda: _audit(path, store, None))
        show("audit, all outputs", LARGE, seconds)
        settings = Curate(safety=10_000, reserve=("advbench",))
        job = Job("curate", settings, {"traces": made.output("traces.parquet")})
        _, seconds = timed(lambda: perform(job, store, lambda *_: None))
        show("curate with near-duplicates and reserve", LARGE, seconds)
    return 0


def _audit(path: Path, store: Path, tokenizer: str | None) -> Artifact:
    return perform(Job("audit", Audit(tokenizer=tokenizer), {"traces": path}), store, lambda *_: None)


if __name__ == "__main__":
    sys.exit(main())
