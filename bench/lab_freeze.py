"""What the lab study is made of, by hash: written before its first seed runs, checked before every one.

    python -m bench.lab_freeze            # exit status 1 and the files that differ, where one does
    python -m bench.lab_freeze --write    # begin a fresh study: its bases and runs must be fresh, too

The world, the teacher's and the base's words, the attacks, the oracles, the pretraining and the recipe are in it. The
pipeline is not: it may be mended, and every artifact's key says which stage version made it.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "recipes" / "lab" / "study.lock"
LAB = (
    "attacks",
    "build",
    "checks",
    "corpus",
    "framings",
    "instruments",
    "lexicon",
    "muon",
    "oracles",
    "phrases",
    "probes",
    "sources",
    "suite",
    "teacher",
    "tokenizer",
    "world",
)
FROZEN = (*(f"resolute/lab/{name}.py" for name in LAB), "recipes/lab/study.yaml")


def hashes(root: Path = ROOT) -> dict[str, str]:
    """File -> SHA-256 of its bytes."""
    return {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in FROZEN}


def locked(lock: Path = LOCK) -> dict[str, str]:
    """File -> SHA-256 as frozen."""
    pairs = (line.split() for line in lock.read_text(encoding="utf-8").splitlines())
    return {name: found for found, name in pairs}


def changed(root: Path = ROOT, lock: Path = LOCK) -> list[str]:
    """Files that are not what was frozen, or stand on one side alone."""
    now, then = hashes(root), locked(lock)
    return sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--write", action="store_true", help="freeze what stands now")
    if parser.parse_args().write:
        LOCK.write_text("".join(f"{found}  {name}\n" for name, found in hashes().items()), encoding="utf-8")
        return 0
    for name in (names := changed()):
        print(f"not what the study was frozen with: {name}", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
