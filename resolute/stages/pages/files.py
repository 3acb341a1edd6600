"""The tables and figures of a report as files: `tables/NAME.tex`, `figures/NAME.svg` and `.png`.

A name begins with the paper's number where the recipe gives one (`report.number: "Table 1"`: `table-1-main.tex`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from resolute.core.files import atomic
from resolute.stages.pages import latex
from resolute.stages.pages.pictures import Picture
from resolute.stages.pages.sheet import Sheet

T = TypeVar("T")
LONGEST = 60
"""Characters of a file's name before its number."""


def write_tables(sheets: Sequence[Sheet], folder: Path, *, number: str) -> None:
    """One `.tex` a sheet."""
    for name, sheet in named([sheet.name for sheet in sheets], sheets, number):
        with atomic(folder / "tables" / f"{name}.tex", "w") as stream:
            stream.write(latex.written(sheet, number=number if sheet.name == "main" else ""))


def write_figures(pictures: Sequence[Picture], folder: Path, *, number: str) -> None:
    """One SVG and one PNG a picture; the same picture gives the same bytes."""
    for name, picture in named([picture.file for picture in pictures], pictures, number):
        for form in ("svg", "png"):
            with atomic(folder / "figures" / f"{name}.{form}") as stream:
                stream.write(picture.svg.drawn(form))


def named(names: Iterable[str], things: Iterable[T], number: str) -> list[tuple[str, T]]:
    """Each thing with a file's name: letters, digits and hyphens, no two the same."""
    taken: set[str] = set()
    found: list[tuple[str, T]] = []
    for name, thing in zip(names, things, strict=True):
        whole = slug(f"{number} {name}")
        count, free = 1, whole
        while free in taken:
            count, free = count + 1, f"{whole}-{count + 1}"
        taken.add(free)
        found.append((free, thing))
    return found


def slug(text: str) -> str:
    """A text as a name that is safe in every file system and in a shell."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST].strip("-") or "unnamed"
