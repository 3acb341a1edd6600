"""Collecting facets while traces are read: pairs of (trace, label), kept as small integers."""

from __future__ import annotations

import json
import sqlite3
from array import array
from dataclasses import dataclass, field

from resolute.view.index.words import FACETS


@dataclass
class Labels:
    """One facet in the making."""

    codes: dict[str, int] = field(default_factory=dict[str, int])
    rows: array[int] = field(default_factory=lambda: array("i"))
    held: array[int] = field(default_factory=lambda: array("i"))

    def add(self, n: int, label: str) -> None:
        self.rows.append(n)
        self.held.append(self.codes.setdefault(label, len(self.codes)))


class Tally:
    """All facets; a pair that is added twice counts once."""

    def __init__(self) -> None:
        self.facets: dict[str, Labels] = {name: Labels() for name in FACETS}

    def add(self, n: int, name: str, label: str) -> None:
        self.facets[name].add(n, label)

    def write(self, made: sqlite3.Connection) -> None:
        """Into the table, without doubles, labels that are met most often first."""
        import numpy as np

        for place, (name, labels) in enumerate(self.facets.items()):
            pairs = np.stack([np.array(labels.rows, dtype=np.int64), np.array(labels.held, dtype=np.int64)])
            pairs = np.unique(pairs, axis=1)
            counts = np.bincount(pairs[1], minlength=len(labels.codes))
            order = np.argsort(-counts, kind="stable")
            renamed = np.empty_like(order)
            renamed[order] = np.arange(len(order))
            names = list(labels.codes)
            made.execute(
                "INSERT INTO facets VALUES (?, ?, ?, ?, ?)",
                (
                    place,
                    name,
                    json.dumps([names[code] for code in order], ensure_ascii=False),
                    pairs[0].astype(np.int32).tobytes(),
                    renamed[pairs[1]].astype(np.int32).tobytes(),
                ),
            )
