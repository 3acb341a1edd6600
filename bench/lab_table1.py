"""The lab's mirror of table 1 with three training seeds, from nothing to its report, and the same command again.

    python -m bench.lab_table1

Exits 1 where it took longer than may be asked of two cores, or the second run longer than a finished study may.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from resolute.core.files import read_json
from resolute.core.markdown import table

RECIPE = Path(__file__).parents[1] / "recipes" / "lab" / "table1.yaml"
MINUTES, SECONDS = 25, 5
"""Most of the study, and of the finished study again."""


def run(out: Path) -> float:
    """Seconds of the command."""
    began = time.monotonic()
    call = [sys.executable, "-m", "resolute", "study", str(RECIPE), "--seeds", "3", "--out", str(out)]
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - began


def main() -> int:
    """Print both; exit 1 where one was too slow."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "runs" / "lab-table1"
        first, again = run(out), run(out)
        trainings = sum(row["kind"] == "trained" for row in read_json(out / "study.json")["rows"])
    rows = [
        [f"table 1 on the lab, {trainings} trainings", f"{first / 60:.1f} minutes", f"< {MINUTES} minutes"],
        ["the same command, finished", f"{again:.1f} s", f"< {SECONDS} s"],
    ]
    print("\n".join(table(["what", "took", "asked for"], rows)))
    return int(first > 60 * MINUTES or again > SECONDS)


if __name__ == "__main__":
    sys.exit(main())
