"""The parts of `bench.evaluate` that ask a server: PAIR beside the server's own limit, and memory at long outputs."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.loopback import Manners, loopback
from resolute.core.jobs import Job, perform
from resolute.core.markdown import table
from resolute.core.parts import Needs, Suite, Task
from resolute.core.records import Prompt
from resolute.core.settings import Evaluate, Judge
from resolute.core.sources import load_prompts
from resolute.prompts import PROMPTS
from resolute.suites import SUITES

TOKENS = 160
SUITE = Suite("bench", (Task("goals", "bench-goals", "unsafe", ("refusal",), needs=Needs(TOKENS)),))

LATENCY, CONNECTIONS = 2.0, 64
STREAMS, ITERATIONS, GOALS, FRESH = 5, 5, 50, 3
WANTED = 0.85
SAMPLES, LONG = 5_000, 8_000
GIGABYTES = 1.5
PROPOSAL = json.dumps({"improvement": "said in another way", "prompt": "Please rub the lamp that stands over there."})
REFUSED = "<think>\nI look at what is asked.\n</think>\nI'm sorry, but I can't help with that."


def enrol() -> None:
    """Make the suite `bench` known by name."""
    SUITES["bench"], PROMPTS["bench-goals"] = f"{__name__}:SUITE", f"{__name__}:goals"


def goals() -> list[Prompt]:
    """Harmless goals of the lab, one to five of them in a prompt, so that prompts are of 11 to 55 words."""
    draw, known = random.Random(0), load_prompts("lab/harmful-test") + load_prompts("lab/benign-test")
    made = dict[str, Prompt]()
    while len(made) < SAMPLES:
        text = " ".join(one.text for one in draw.sample(known, draw.randint(1, 5)))
        made[text] = Prompt(text=text, goal=text, kind="harmful")
    return list(made.values())


def quiet(*_: object, **__: object) -> None:
    """No bars in a benchmark."""


def attacked() -> Job:
    """PAIR on a target that refuses every time, so that every turn is used; the stop needs no model."""
    settings = {
        "model": "openai-api/vllm/target",
        "attacker": "openai-api/vllm/attacker",
        "stop": "refusal",
        "suites": [f"bench:{GOALS}"],
        "attacks": ["pair"],
        "pair": {"streams": STREAMS, "iterations": ITERATIONS, "fresh": FRESH},
        "concurrency": CONNECTIONS,
    }
    return Job("evaluate", Evaluate.model_validate(settings))


def pair() -> None:
    """How much of the server's time PAIR uses, from its first request to its last reply."""
    manners = Manners(REFUSED, LATENCY, CONNECTIONS, by_model={"attacker": PROPOSAL})
    with loopback(manners) as server, tempfile.TemporaryDirectory() as folder:
        start, load = time.process_time(), os.getloadavg()[0]
        perform(attacked(), Path(folder), quiet)
        used, taken, calls = time.process_time() - start, server.seconds, server.answered
        between, after = server.idle
    turns = STREAMS * ITERATIONS * GOALS
    least = calls * LATENCY / CONNECTIONS
    path = (2 * ITERATIONS + 1) * LATENCY
    waves = 2 * ITERATIONS * math.ceil(STREAMS * GOALS / CONNECTIONS) + math.ceil(FRESH * GOALS / CONNECTIONS)
    rows = [
        ("one goal alone: its calls that wait for each other", f"{path:.1f}", ""),
        ("the server's limit: all calls, every connection busy", f"{least:.1f}", "100%"),
        ("turn by turn: all goals' calls of a turn before the next", f"{waves * LATENCY:.1f}", ""),
        ("resolute evaluate", f"{taken:.1f}", f"{least / taken:.0%}"),
    ]
    about = f"{STREAMS} streams x {ITERATIONS} turns x {GOALS} goals, {calls:,} calls of {LATENCY:.0f} s"
    print(f"## PAIR: {about}, {CONNECTIONS} at once, start-up excluded\n")
    print("\n".join(table(("way", "seconds", "of the limit"), rows)))
    all_of_it = CONNECTIONS * taken
    print(f"\n{1000 * used / calls:.1f} ms of processor time a call, {used / taken:.0%} of one core.")
    print(f"Of the connections' time {between / all_of_it:.1%} was lost between calls,")
    print(f"{after / all_of_it:.1%} at the end, when fewer than {CONNECTIONS} were left to ask.")
    print(f"The machine's load was {load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end.\n")
    if calls != 2 * turns + FRESH * GOALS:
        raise SystemExit(f"{calls} calls in the place of {2 * turns + FRESH * GOALS}")
    if least / taken < WANTED:
        raise SystemExit(f"less than {WANTED:.0%} of the server's limit")


CLIENT = """
import resource, sys
from pathlib import Path
from bench.evaluate_served import answered, judged
print(answered(Path(sys.argv[1])) if sys.argv[2] == "evaluate" else judged(Path(sys.argv[1])))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def answered(folder: Path) -> int:
    """Ask for long outputs."""
    enrol()
    settings = {
        "model": "openai-api/vllm/target",
        "suites": ["bench"],
        "sampling": {"max_tokens": LONG, "temperature": 0.6},
        "concurrency": CONNECTIONS,
    }
    made = perform(Job("evaluate", Evaluate.model_validate(settings)), folder, quiet)
    (folder / "answered").write_text(str(made.output("traces.parquet")), encoding="utf-8")
    return made.manifest.counts["asked"]


def judged(folder: Path) -> int:
    """Judge them."""
    traces = Path((folder / "answered").read_text(encoding="utf-8"))
    made = perform(Job("judge", Judge(judges=("refusal",)), {"traces": traces}), folder, quiet)
    return made.manifest.counts.get("verdicts", 0)


def memory() -> None:
    """Most memory of the processes that ask for and judge outputs of 8,000 tokens, of four characters each."""
    thought = "I look at what is asked and at who could be hurt by it. " * (4 * LONG // 56)
    rows: list[tuple[object, ...]] = []
    most = 0.0
    manners = Manners(f"<think>\n{thought}\n</think>\nI'm sorry, but I can't help with that.", 0.0, CONNECTIONS)
    with loopback(manners), tempfile.TemporaryDirectory() as folder:
        for what in ("evaluate", "evaluate again, from the ledger", "judge"):
            if what.startswith("evaluate again"):
                for path in Path(folder).rglob("manifest.json"):
                    path.unlink()
            call = [sys.executable, "-c", CLIENT, folder, what.split()[0]]
            start = time.perf_counter()
            said = subprocess.run(call, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
            used = int(said[-1]) / (1e9 if sys.platform == "darwin" else 1e6)
            most = max(most, used)
            rows.append((what, said[0], f"{used:.2f}", f"{time.perf_counter() - start:.0f}"))
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6
    print(f"## Memory: {SAMPLES:,} outputs of {LONG:,} tokens ({4 * LONG:,} characters)\n")
    print("\n".join(table(("process", "rows", "peak, GB", "seconds"), rows)))
    print(f"\n{size:,.0f} MB on the disk, ledger included.\n")
    if most > GIGABYTES:
        raise SystemExit(f"more than {GIGABYTES} GB")
