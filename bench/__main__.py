"""Run every benchmark, each in a process of its own, and keep what it prints in docs/measured/bench-NAME.md."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from bench.page import write_page

OWN = {
    "__init__",
    "__main__",
    "page",
    "pictures",
    "lab_trial",
    "train_ways",
    "train_gpu",
    "fuzz_judges",
    "judging_coverage",
    "audit_coverage",
    "evaluate_coverage",
    "evaluate_served",
    "noisy_auditor",
    "fuzz_auditor",
    "mutations",
    "statistics",
    "loopback",
}
"""Not run here: some take arguments of their own and write their page themselves, `train_gpu` needs a GPU."""
DATA = Path(__file__).parents[2] / "shared" / "data"
"""Public data beside the checkout, unless RESOLUTE_DATA names another folder."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/measured"))
    out: Path = parser.parse_args().out
    if DATA.is_dir():
        os.environ.setdefault("RESOLUTE_DATA", str(DATA))
    failed: list[str] = []
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem in OWN:
            continue
        print(f"bench {path.stem}", flush=True)
        result = subprocess.run([sys.executable, "-m", f"bench.{path.stem}"], stdout=subprocess.PIPE, text=True)
        if result.returncode:
            failed.append(path.stem)
            continue
        print(result.stdout)
        write_page(out, f"bench-{path.stem}", result.stdout)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
