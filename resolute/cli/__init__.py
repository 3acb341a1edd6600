"""Floor 5: the command line. Thin commands, one verb a file; the only place that prints.

Nothing heavy is imported before a command runs: `resolute --help` knows no pydantic, torch, transformers or Inspect.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType


def main() -> None:
    """The entry point `resolute`. A request to end (SIGTERM) is heard like Ctrl-C: what runs is put in order first."""
    signal.signal(signal.SIGTERM, _end)
    try:
        from resolute.cli.app import run
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
