"""How many rows of what: counts, counts of a source, and shares of the safety rows.

`100` is a count, `xstest:100` so many rows whose prompts come from that source (given often, one for each source), and
`10%` a share of the safety rows that are taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, cast

from pydantic import BeforeValidator

from resolute.core.records import Kind

_SHARE = re.compile(r"(\d+(?:\.\d+)?)%")


@dataclass(frozen=True)
class Want:
    """Rows of one kind, of one source or of any (""): a count, or a share of the safety rows."""

    kind: Kind
    source: str
    count: int
    share: Fraction | None = None

    def rows(self, safety: int) -> int:
        """How many rows that is beside so many safety rows; half a row is one."""
        return self.count if self.share is None else int(self.share * safety + Fraction(1, 2))

    @property
    def called(self) -> str:
        """`harmful rows`, or `benign rows of xstest`."""
        return f"{self.kind} rows of {self.source}" if self.source else f"{self.kind} rows"


def amount(value: Any) -> int | str | tuple[str, ...]:
    """An amount in its plain form: a count, a share such as `10%`, or `SOURCE:AMOUNT` for each source.

    Raises `ValueError` for anything else, a negative count, and a source that is named twice.
    """
    if isinstance(value, str):
        value = (value,)
    if isinstance(value, list | tuple):
        items = [str(item).strip() for item in cast("Sequence[Any]", value)]
        if len(items) == 1 and ":" not in items[0]:
            return _plain(items[0])
        sources = [item.rpartition(":")[0] for item in items]
        if not items or "" in sources or len(set(sources)) < len(sources):
            raise ValueError("give one count, or SOURCE:COUNT once for each source")
        for item in items:
            _plain(item.rpartition(":")[2])
        return tuple(items)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a count of rows, a share of the safety rows such as 10%, or SOURCE:COUNT")
    return value


def counts(value: Any) -> int | str | tuple[str, ...]:
    """An amount without shares. Raises `ValueError`."""
    found = amount(value)
    if any("%" in item for item in ([found] if isinstance(found, str) else found if isinstance(found, tuple) else ())):
        raise ValueError("safety rows are counted: a share is a share of them")
    return found


Amount = Annotated[int | str | tuple[str, ...], BeforeValidator(amount)]
"""A count, a share of the safety rows, or such an amount for each of some sources."""
Counts = Annotated[int | str | tuple[str, ...], BeforeValidator(counts)]
"""A count, or a count for each of some sources."""


def wants(kind: Kind, asked: int | str | tuple[str, ...]) -> list[Want]:
    """What an amount asks for; none where it is 0."""
    if not isinstance(asked, tuple):
        return [] if asked == 0 else [_want(kind, "", asked)]
    parts = [item.rpartition(":") for item in asked]
    return [_want(kind, source, _plain(said)) for source, _, said in parts if _plain(said) != 0]


def mixture(asked: Mapping[Kind, int | str | tuple[str, ...]]) -> list[Want]:
    """Everything that is asked for, harmful goals first: shares are shares of them."""
    return [want for kind in sorted(asked, key=lambda kind: kind != "harmful") for want in wants(kind, asked[kind])]


def _want(kind: Kind, source: str, said: int | str | tuple[str, ...]) -> Want:
    if isinstance(said, int):
        return Want(kind, source, said)
    return Want(kind, source, 0, Fraction(str(said).removesuffix("%")) / 100)


def _plain(item: str) -> int | str:
    if item.isascii() and item.isdigit():
        return int(item)
    if _SHARE.fullmatch(item):
        return item
    raise ValueError(f"not a count of rows, nor a share of the safety rows such as 10%: {item!r}")
