"""What instruments said, one small array an instrument and question: outcomes, and where they disagree."""

from __future__ import annotations

import sqlite3
from typing import Any

from resolute.core.records import PATTERNS
from resolute.view.index.tally import Tally
from resolute.view.index.words import ABSENT, UNSCORED, pattern, word

SILENT, NO, YES, FAILED, NOTHING = -1, 0, 1, 2, 3
"""What an array holds of a trace."""


class Opinions:
    """Filled verdict by verdict; `size` traces."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._said: dict[tuple[str, str, str], Any] = {}
        """(event or pattern, part, instrument) -> int8 a trace."""
        self._words: dict[tuple[str, str], dict[int, str]] = {}

    def verdict(self, n: int, verdict: dict[str, Any]) -> None:
        """One verdict on the trace at place `n`."""
        said = word(verdict)
        code = {ABSENT: NOTHING, UNSCORED: FAILED}.get(said, YES if (verdict["score"] or 0) >= 0.5 else NO)
        self._put(n, verdict["event"], verdict["part"], verdict["judge"], code)
        self._words.setdefault((verdict["event"], verdict["part"]), {})[code] = said

    def report(self, n: int, report: dict[str, Any]) -> None:
        """One auditor's report."""
        scored = report["outcome"] == "scored"
        present = {finding["pattern"]: finding["present"] for finding in report["findings"]}
        for name in PATTERNS:
            self._put(n, name, "", report["auditor"], int(present[name]) if scored else FAILED)

    def _put(self, n: int, what: str, part: str, judge: str, code: int) -> None:
        import numpy as np

        if (what, part, judge) not in self._said:
            self._said[what, part, judge] = np.full(self._size, SILENT, dtype=np.int8)
        self._said[what, part, judge][n] = code

    def tally(self, tally: Tally) -> None:
        """Facets `outcome`, `judge` and `disagree`."""
        import numpy as np

        for (what, part, judge), held in sorted(self._said.items()):
            for code, said in self._words.get((what, part), {}).items():
                for n in np.flatnonzero(held == code).tolist():
                    tally.add(n, "outcome", f"{part}: {said}")
                    tally.add(n, "judge", f"{judge}: {part} {said}")
        for what, part in sorted({place[:2] for place in self._said}):
            told = [held for (one, of, _), held in self._said.items() if (one, of) == (what, part)]
            both = np.any([held == YES for held in told], axis=0) & np.any([held == NO for held in told], axis=0)
            label = f"{part}: {what}" if part else pattern(what)
            for n in np.flatnonzero(both).tolist():
                tally.add(n, "disagree", label)

    def write(self, made: sqlite3.Connection) -> None:
        """The arrays, each under `what|part|instrument`."""
        for place, held in sorted(self._said.items()):
            made.execute("INSERT INTO arrays VALUES (?, 'said', ?)", ("|".join(place), held.tobytes()))
