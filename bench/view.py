"""The explorer on many traces: the index once, then the first page, filters, searches and single traces.

    python -m bench.view [--rows N]

Traces are synthetic, with thoughts of about 400 words, two judges and an auditor. Beside it: the plain way, which reads
the Parquet file into records and looks at each. Each part runs in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from resolute.core.files import read_records, write_json, write_records
from resolute.core.keys import file_digest
from resolute.core.markdown import table
from resolute.core.records import (
    PATTERNS,
    Ending,
    Finding,
    Message,
    Prompt,
    RiskReport,
    Saw,
    Trace,
    Verdict,
)
from resolute.core.runs import Artifact, Manifest, Run

ROWS = 50_000
TIMES = 5
"""Each address is asked so often; the median is shown."""
WORDS = [
    f"{a}{b}{c}" for a in "bdfgklmnprstv" for b in "aeiou" for c in ("n", "st", "rk", "l", "ming", "der", "p", "x")
]
JUDGES = ("guard-a 1", "guard-b 1")


def traces(count: int) -> Iterator[Trace]:
    """Five models, four attacks, twenty categories; one trace in a thousand says `needleword`."""
    draw = random.Random(0)
    passages = [" ".join(draw.choices(WORDS, k=50)) for _ in range(500)]
    for number in range(count):
        goal = f"polish lid {number // 20}"
        thought = "\n".join(draw.choices(passages, k=draw.randint(4, 12)))
        thought += " needleword" if number % 1000 == 7 else ""
        yield Trace(
            id=f"{number:016x}",
            prompt=Prompt(text=goal, goal=goal, kind="harmful", category=f"category {number % 20}"),
            sent=[Message(role="user", content=f"please {goal}")],
            model=f"model {number % 5}",
            identity=f"{number % 5:016x}",
            attack=("none", "persona", "persuasion", "pair")[number // 5 % 4],
            task="suite/safety",
            reasoning=thought,
            answer=draw.choice(passages),
            ending=Ending(where="answer", why="end of turn"),
            tokens_out=700,
        )


def verdicts(count: int) -> Iterator[Verdict]:
    """Two judges of the answer, who disagree on one in nine or so."""
    draw = random.Random(1)
    saw = Saw(goal=True, parts=["answer"], characters=200)
    for number in range(count):
        for judge in JUDGES:
            score = float(draw.random() < 0.05 + (number % 5) * 0.1)
            said = {"trace": f"{number:016x}", "judge": judge, "event": "unsafe", "part": "answer"}
            yield Verdict.model_validate({**said, "outcome": "scored", "score": score, "saw": saw, "raw": "so it is"})


def reports(count: int) -> Iterator[RiskReport]:
    """One auditor of every trace."""
    draw = random.Random(2)
    saw = Saw(goal=True, parts=["thought"], characters=2000)
    for number, trace in enumerate(traces(count)):
        quote = trace.reasoning[:40]
        present = [draw.random() < 0.1 for _ in PATTERNS]
        findings = [
            Finding(pattern=name, present=there, quotes=[quote] if there else [])
            for name, there in zip(PATTERNS, present, strict=True)
        ]
        yield RiskReport(
            trace=f"{number:016x}", content=trace.content, auditor="auditor 1", outcome="scored", findings=findings,
            saw=saw,
        )  # fmt: skip


def write_run(root: Path, count: int) -> Path:
    """A run folder with an evaluation, a judging and an audit."""
    run = Run(root / "runs" / "many")
    made: dict[str, Artifact] = {}
    given: dict[str, str] = {}
    for stage, file, rows, form in (
        ("evaluate", "traces.parquet", traces(count), Trace),
        ("judge", "verdicts.parquet", verdicts(count), Verdict),
        ("audit", "risks.parquet", reports(count), RiskReport),
    ):
        artifact = made[stage] = run.artifact(stage, f"{stage:0<16}")
        write_records(artifact.folder / file, rows, form)
        digest = file_digest(artifact.folder / file)
        manifest = Manifest(
            stage=stage, stage_version=1, key=artifact.key, state="done", settings={}, outputs={file: digest},
            inputs=given,
        )  # fmt: skip
        write_json(artifact.folder / "manifest.json", manifest.model_dump(mode="json"))
        given = given or {"traces": digest}
    run.point_all(made)
    return run.path


class Took(NamedTuple):
    """Seconds on the clock, and of the processor: they part where other work shares the machine."""

    clock: float
    processor: float


def measured(work: Callable[[], Any]) -> tuple[Took, Any]:
    """How long it took, and what came of it."""
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    return Took(time.perf_counter() - clock, time.process_time() - processor), result


def median(times: list[Took]) -> Took:
    """Of each."""
    return Took(*(statistics.median(each) for each in zip(*times, strict=True)))


def memory() -> int:
    """The most this process held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def build(run: Path) -> dict[str, Any]:
    """The index, once."""
    from resolute.view.app import opened

    took, shown = measured(lambda: opened([run], lambda *_, **__: None))
    size = sum(path.stat().st_size for path in (run.parent / ".store" / "view").rglob("*.sqlite"))
    return {"took": took, "memory": memory(), "size": size // 1_000_000, "rows": shown.index.size}


ASKED = {
    "the first page": "/",
    "filter: one model": "/?model=model+1",
    "filter: unsafe answers under one attack": "/?outcome=answer%3A+unsafe&attack=persona",
    "filter: judges disagree, longest first": "/?disagree=answer%3A+unsafe&sort=longest",
    "filter: length": "/?min=3000&max=3200",
    "search: a rare word": "/?q=needleword",
    "search: a word in most traces": "/?q=ban",
    "search: a word's beginning": "/?q=thought%3Abam*",
    "search: a phrase": "/?q=%22please+polish+lid%22",
    "search and filters": "/?q=ban&model=model+2&pattern=weak+vacillation",
    "another page": f"/?after={777:016x}",
    "one trace": f"/trace/{777:016x}?attack=persona",
    "side by side, verdicts differ": "/beside?show=differ",
    "one goal everywhere": "",
}


def serve(run: Path) -> dict[str, Any]:
    """A start on a standing index, and what pages take through the whole application."""
    from starlette.testclient import TestClient

    def start() -> TestClient:
        from resolute.view.app import build, opened

        made = build(opened([run], lambda *_, **__: None))
        client = TestClient(made, base_url="http://127.0.0.1:1")
        client.cookies.set(made.state.session.cookie, made.state.session.token)
        return client

    found: dict[str, Any] = {}
    found["start: imports, and the index opened"], client = measured(start)
    found["the first page, cold"] = measured(lambda: client.get("/"))[0]
    index = client.app.state.opened.index  # type: ignore[attr-defined]
    goal = index.by_key(f"{777:016x}").goal
    for name, address in ASKED.items():
        where = address or f"/goal/{goal}"
        times: list[Took] = []
        for _ in range(TIMES):
            index.forget()
            took, answer = measured(lambda where=where: client.get(where))
            assert answer.status_code == 200
            times.append(took)
        found[name] = median(times)
    found["memory"] = memory()
    return found


def plain(run: Path) -> dict[str, Any]:
    """Without an index: all records in memory, each looked at."""
    file = next((run.parent / ".store" / "evaluate").rglob("traces.parquet"))
    reading, rows = measured(lambda: read_records(file, Trace))
    filtering = measured(lambda: [row for row in rows if row.model == "model 1"])[0]
    search = measured(lambda: [row for row in rows if "needleword" in row.reasoning.lower()])[0]
    return {"reading": reading, "filter": filtering, "search": search, "memory": memory()}


def apart(part: str, run: Path) -> dict[str, Any]:
    """A part in a process of its own."""
    call = [sys.executable, "-m", "bench.view", "--part", part, "--run", str(run)]
    return json.loads(subprocess.run(call, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])


def shown(made: dict[str, Any], pages: dict[str, Any], naive: dict[str, Any]) -> str:
    """What came of the parts."""
    rows = made["rows"]
    lines = [
        [name, f"{took[0] * 1000:.0f} ms", f"{took[1] * 1000:.0f} ms"]
        for name, took in pages.items()
        if name != "memory"
    ]
    clock, processor = made["took"]
    size, held = made["size"], made["memory"]
    took = {name: f"{naive[name][0]:.2f} s ({naive[name][1]:.2f} s)" for name in ("reading", "filter", "search")}
    return "\n".join(
        [
            f"{rows} traces, {rows * len(JUDGES)} verdicts, {rows} reports. In brackets: of the processor.",
            "",
            f"The index, once: {clock:.0f} s ({processor:.0f} s), {size} MB on disk, at most {held} MB of memory.",
            f"The explorer held at most {pages['memory']} MB.",
            "",
            *table([f"page, median of {TIMES}, nothing cached", "clock", "processor"], lines),
            "",
            f"Without an index: reading {took['reading']}, a filter {took['filter']}, a search {took['search']}, "
            f"with {naive['memory']} MB of memory.",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--part", choices=["build", "serve", "plain"])
    parser.add_argument("--run", type=Path)
    asked = parser.parse_args()
    if asked.part:
        print(json.dumps({"build": build, "serve": serve, "plain": plain}[asked.part](asked.run)))
        return
    with tempfile.TemporaryDirectory() as folder:
        run = write_run(Path(folder), asked.rows)
        print(shown(apart("build", run), apart("serve", run), apart("plain", run)))


if __name__ == "__main__":
    main()
