"""Filtering and counting: a facet is pairs of (trace, label) in two arrays, a selection is one flag a trace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple


class Counted(NamedTuple):
    """A label with the traces that have it, among those the other filters leave."""

    label: str
    traces: int
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """`rows`, sorted, and `codes`: int32 arrays of one length; a trace may have several labels."""

    name: str
    labels: list[str]
    rows: Any
    codes: Any

    def of(self, n: int) -> list[str]:
        """The labels of one trace; `rows` are sorted."""
        import numpy as np

        start, end = np.searchsorted(self.rows, [n, n + 1])
        return [self.labels[code] for code in self.codes[start:end]]

    def having(self, labels: Iterable[str], size: int) -> Any:
        """One flag a trace: whether it has any of these labels."""
        import numpy as np

        wanted = [self.labels.index(label) for label in labels if label in self.labels]
        flags = np.zeros(size, dtype=bool)
        flags[self.rows[np.isin(self.codes, wanted)]] = True
        return flags

    def counted(self, flags: Any, chosen: Iterable[str]) -> list[Counted]:
        """The labels of the flagged traces with their numbers, most frequent of all first; chosen ones always."""
        import numpy as np

        counts = np.bincount(self.codes[flags[self.rows]], minlength=len(self.labels)).tolist()
        picked = set(chosen)
        pairs = zip(self.labels, counts, strict=True)
        found = [Counted(label, count, label in picked) for label, count in pairs if count or label in picked]
        return found + [Counted(label, 0, True) for label in sorted(picked - set(self.labels))]
