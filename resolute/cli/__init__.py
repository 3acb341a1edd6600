"""Floor 5: the command line. Thin commands, one verb a file; the only place that prints.

Nothing heavy is imported before a command runs: `resolute --help` knows no pydantic, torch, transformers or Inspect.
"""

from __future__ import annotations

import sys


def main() -> None:
    """The entry point `resolute`."""
    try:
        from resolute.cli.app import run
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(run(sys.argv[1:]))
