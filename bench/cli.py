"""How long `resolute --help` takes, from process start to exit, and how much of it is Python itself."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 15


def seconds(arguments: list[str]) -> list[float]:
    """Wall time of each of `RUNS` processes, after one that warms the file cache."""
    taken: list[float] = []
    for _ in range(RUNS + 1):
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        taken.append(time.perf_counter() - began)
    return taken[1:]


def main() -> None:
    rows = {
        "python -c pass": ["-c", "pass"],
        "resolute --help": ["-m", "resolute", "--help"],
        "resolute audit --help": ["-m", "resolute", "audit", "--help"],
    }
    print("| process | median s | slowest s |\n|---|---|---|")
    for name, arguments in rows.items():
        taken = seconds(arguments)
        print(f"| {name} | {statistics.median(taken):.3f} | {max(taken):.3f} |")
    print(f"\n{RUNS} runs each; the aim is a start under 0.3 s.")


if __name__ == "__main__":
    main()
