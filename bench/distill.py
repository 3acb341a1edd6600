"""Distilling: a server kept busy beside a bare asyncio client, memory at 20,000 prompts, failures and kills.

    python -m bench.distill [--calls N] [--prompts N]

A loopback server answers each call after 2 s and takes 64 at once; its own clock is the measure, so start-up is out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

os.environ.setdefault("OMP_NUM_THREADS", "1")

from bench.loopback import Loopback, Manners, loopback
from resolute.core.ask import Sampling
from resolute.core.files import read_records, write_jsonl
from resolute.core.jobs import Job, perform
from resolute.core.markdown import table
from resolute.core.records import Trace
from resolute.core.runs import Artifact
from resolute.core.settings import Distill

LATENCY, CONNECTIONS = 2.0, 64
THOUGHT = "<think>\n" + "I look at what is asked and at who could be hurt by it. " * 40 + "\n</think>\nSorry, no.\n"
LONG = "<think>\n" + "I look at what is asked and at who could be hurt by it. " * 100 + "\n</think>\nSorry, no.\n"
KILLS = (0.1, 0.3, 0.5, 0.7, 0.9)
PROMPTS, FAULTS = 1_000, 0.3


def quiet(*_: object, **__: object) -> None:
    """No bars in a benchmark."""


def goals(folder: Path, count: int) -> Path:
    """So many harmless prompts."""
    path = folder / "goals.jsonl"
    write_jsonl(path, ({"prompt": f"rub the lamp number {number}", "kind": "harmful"} for number in range(count)))
    return path


def job(path: Path) -> Job:
    return Job(
        "distill",
        Distill(
            model="openai-api/vllm/teacher",
            strategy="improved",
            prompts=(str(path),),
            sampling=Sampling(temperature=0.6, max_tokens=4096),
            concurrency=CONNECTIONS,
        ),
    )


async def _bare(server: Loopback, calls: int) -> None:
    """The least a client can do: keep-alive connections, one request after the other on each."""
    place = urlsplit(server.url)
    message = {"role": "user", "content": "rub the lamp"}
    body = json.dumps({"model": "teacher", "messages": [message], "max_tokens": 4096}).encode()
    head = f"POST {place.path}/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    left = iter(range(calls))

    async def work() -> None:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        for _ in left:
            writer.write(head + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            json.loads(await reader.readexactly(length))
        writer.close()

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))


def speed(calls: int) -> None:
    """The server's limit, a bare client, and distilling with everything it keeps."""
    least = calls * LATENCY / CONNECTIONS
    with loopback(Manners(THOUGHT, LATENCY, CONNECTIONS)) as server:
        asyncio.run(_bare(server, calls))
        bare = server.seconds
    with loopback(Manners(THOUGHT, LATENCY, CONNECTIONS)) as server, tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        perform(job(goals(Path(folder), calls)), Path(folder), quiet)
        used, ours = time.process_time() - start, server.seconds
    rows = [
        ("the server's limit", f"{least:.1f}", "100%", ""),
        ("a bare asyncio client", f"{bare:.1f}", f"{100 * least / bare:.0f}%", ""),
        ("resolute distill", f"{ours:.1f}", f"{100 * least / ours:.0f}%", f"{1000 * used / calls:.1f}"),
    ]
    print(f"## {calls:,} calls, {LATENCY:.0f} s each, {CONNECTIONS} at once, start-up excluded\n")
    print("\n".join(table(("way", "seconds", "of the limit", "CPU ms a call"), rows)), "\n")
    if least / ours < 0.9:
        raise SystemExit("less than 90% of the server's limit")


CLIENT = """
import resource, sys
from pathlib import Path
from bench.distill import job, quiet
from resolute.core.jobs import perform
perform(job(Path(sys.argv[1])), Path(sys.argv[2]), quiet)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _client(path: Path, store: Path) -> subprocess.Popen[str]:
    call = [sys.executable, "-c", CLIENT, str(path), str(store)]
    return subprocess.Popen(call, stdout=subprocess.PIPE, text=True)


def memory(prompts: int) -> None:
    """Most memory of a process that distils so many prompts."""
    with loopback(Manners(LONG, 0.0, CONNECTIONS)) as server, tempfile.TemporaryDirectory() as folder:
        client = _client(goals(Path(folder), prompts), Path(folder))
        said, _ = client.communicate()
        used = int(said) / (1e9 if sys.platform == "darwin" else 1e6)
        print(f"## Memory\n\n{prompts:,} prompts, traces of {len(LONG):,} characters: peak {used:.2f} GB, ")
        print(f"{server.seconds:.0f} s at a server without latency ({prompts / server.seconds:.0f} calls/s).\n")
    if used > 1.5:
        raise SystemExit("more than 1.5 GB")


def faults() -> None:
    """Three of ten requests fail, and the process is killed five times: what is lost, doubled and paid again."""
    with loopback(Manners(THOUGHT, 0.2, CONNECTIONS, FAULTS)) as server, tempfile.TemporaryDirectory() as folder:
        path, store = goals(Path(folder), PROMPTS), Path(folder)
        rows: list[tuple[object, ...]] = []
        for share in KILLS:
            client = _client(path, store)
            while server.answered < share * PROMPTS / (1 - FAULTS) and client.poll() is None:
                time.sleep(0.01)
            client.send_signal(signal.SIGKILL)
            client.wait()
            ledger = next(store.rglob("outcomes.jsonl"))
            kept = sum(1 for line in ledger.read_bytes().splitlines(keepends=True) if line.endswith(b"\n"))
            rows.append((f"killed at {share:.0%}", server.asked, kept, ""))
        runs, made = 0, None
        while made is None or made.manifest.failed_rows:
            runs += 1
            made = perform(job(path), store, quiet)
        rows.append((f"run to the end ({runs} x)", server.asked, len(_answered(made)), _wrong(made)))
        paid = server.asked - server.failed - PROMPTS
        whole = len(_answered(made)) == PROMPTS and not _wrong(made)
        print(f"## {PROMPTS:,} prompts, {FAULTS:.0%} of requests fail, kill -9 at {len(KILLS)} points\n")
        print("\n".join(table(("when", "requests so far", "outcomes kept", "wrong rows"), rows)))
        print(f"\n{server.failed} requests failed; {paid} answers were paid again, of at most ")
        print(f"{len(KILLS) * CONNECTIONS} that were in flight at the {len(KILLS)} kills.\n")
    if paid > len(KILLS) * CONNECTIONS or not whole:
        raise SystemExit("rows were lost, doubled or paid twice")


def _answered(made: Artifact) -> set[str]:
    return {one.prompt.id for one in read_records(made.folder / "traces.parquet", Trace) if one.ending.why != "error"}


def _wrong(made: Artifact) -> int:
    """Traces that are neither the whole reply nor the empty one the server sent, and prompts that stand twice."""
    found = read_records(made.folder / "traces.parquet", Trace)
    odd = sum(one.answer not in ("Sorry, no.", "") or (one.answer == "" and one.reasoning != "") for one in found)
    return odd + len(found) - len({one.prompt.id for one in found})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--calls", type=int, default=4_000)
    parser.add_argument("--prompts", type=int, default=20_000)
    options = parser.parse_args()
    faults()
    memory(options.prompts)
    speed(options.calls)


if __name__ == "__main__":
    main()
