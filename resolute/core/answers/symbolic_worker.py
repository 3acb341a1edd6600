"""One process that compares final answers with math-verify, a line of JSON in and a word out. Started by `symbolic`.

Run as a script, with nothing of this package imported. Before each comparison it lowers its own limit of processor
time, so one that would take for ever ends this process and nothing else: what was computed does not depend on how busy
the machine is.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time

MEMORY = 4 << 30
"""Bytes of address space: an answer that wants more is no answer."""


def main(seconds: int) -> None:
    """Answer until the input ends: "same" or "different" to each pair of `[final, expected]`."""
    import resource

    words = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what libraries print is no answer
    from math_verify import parse, verify

    logging.disable(logging.CRITICAL)

    def limit(what: int, most: int) -> None:
        _, hardest = resource.getrlimit(what)
        resource.setrlimit(what, (most if hardest == resource.RLIM_INFINITY else min(most, hardest), hardest))

    if sys.platform == "linux":
        limit(resource.RLIMIT_AS, MEMORY)
    words.write("ready\n")
    words.flush()
    for line in sys.stdin:
        # Whole seconds are all the system knows: the fraction already used is given on top.
        limit(resource.RLIMIT_CPU, int(time.process_time()) + 1 + seconds)
        try:
            ours, reference = (parse(f"\\boxed{{{text}}}", parsing_timeout=None) for text in json.loads(line))  # pyright: ignore[reportArgumentType]  (None is no limit)
            same = bool(verify(reference, ours, timeout_seconds=None))
        except Exception:  # noqa: BLE001  (a parser handed garbage may raise anything; garbage is no reference)
            same = False
        words.write("same\n" if same else "different\n")
        words.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
