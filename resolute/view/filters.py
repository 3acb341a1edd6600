"""What a list is asked for, and its place in an address: the address alone holds the whole state of a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, cast, get_args
from urllib.parse import urlencode

from resolute.view.index.words import FACETS

Sort = Literal["stored", "goal", "longest", "shortest"]
"""stored: as the files have them; goal: those of one goal together; longest, shortest: by characters."""
Marked = Literal["", "yes", "no"]


@dataclass(frozen=True)
class Filters:
    """Labels of one facet are alternatives; everything else must hold together."""

    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Facet -> labels."""
    text: str = ""
    """Words that must occur; "in quotes" as they stand, `word*` by their beginning, `thought:word` in one part."""
    shortest: int | None = None
    longest: int | None = None
    """Characters of thought and answer."""
    marked: Marked = ""
    sort: Sort = "stored"

    @property
    def empty(self) -> bool:
        return self == Filters(sort=self.sort)

    def without(self, facet: str) -> Filters:
        """The same with nothing chosen of one facet: what its counts are of."""
        return replace(self, chosen={name: labels for name, labels in self.chosen.items() if name != facet})

    def pairs(self) -> list[tuple[str, str]]:
        """As names and values of an address, in one order."""
        found = [(name, label) for name in FACETS for label in self.chosen.get(name, ())]
        found += [("q", self.text)] if self.text else []
        found += [("min", str(self.shortest))] if self.shortest is not None else []
        found += [("max", str(self.longest))] if self.longest is not None else []
        found += [("marked", self.marked)] if self.marked else []
        return found + ([("sort", self.sort)] if self.sort != "stored" else [])

    def query(self, **more: str) -> str:
        """The part of an address behind the question mark, with it; empty where nothing is asked."""
        asked = urlencode([*self.pairs(), *more.items()])
        return f"?{asked}" if asked else ""


def parsed(pairs: Iterable[tuple[str, str]]) -> Filters:
    """The filters of an address. Total: what is not understood is left out."""
    chosen: dict[str, list[str]] = {}
    single: dict[str, str] = {}
    for name, value in pairs:
        if name in FACETS:
            chosen.setdefault(name, []).append(value)
        else:
            single[name] = value.strip()
    sort, marked = single.get("sort", ""), single.get("marked", "")
    return Filters(
        {name: tuple(dict.fromkeys(labels)) for name, labels in chosen.items()},
        single.get("q", "")[:500],
        _number(single.get("min", "")),
        _number(single.get("max", "")),
        cast("Marked", marked if marked in get_args(Marked) else ""),
        cast("Sort", sort if sort in get_args(Sort) else "stored"),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
