"""Run every benchmark, or those named, each in a process of its own; docs/measured/ keeps what each prints."""

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
    "lab_freeze",
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
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these, as files of bench/ are called")
    given = parser.parse_args()
    out: Path = given.out
    known = {path.stem for path in Path(__file__).parent.glob("*.py")} - OWN
    if unknown := set(given.names) - known:
        parser.error(f"no benchmark: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    if DATA.is_dir():
        os.environ.setdefault("RESOLUTE_DATA", str(DATA))
    failed: list[str] = []
    for name in sorted(given.names or known):
        print(f"bench {name}", flush=True)
        result = subprocess.run([sys.executable, "-m", f"bench.{name}"], stdout=subprocess.PIPE, text=True)
        print(result.stdout)
        if result.returncode:
            failed.append(name)
            continue
        write_page(out, f"bench-{name}", result.stdout)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
