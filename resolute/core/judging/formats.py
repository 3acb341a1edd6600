"""Input formats that others published with their classifiers, byte for byte, or not at all.

Such a format is part of the weights: a space more and the classifier was trained on something else. None is copied
into this package. The user saves the file that publishes it below the data folder, and the format is found in it by
its SHA-256, whatever else the file holds, so that a copy that differs in white space is refused.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from resolute.core.errors import ResoluteError
from resolute.core.sources import PLACE

LARGEST = 4_000_000
"""Most characters of a file that is looked through."""


@dataclass(frozen=True)
class Published:
    """One format: where it stands, and how to know it."""

    name: str
    """Files of this name, with any ending, in the folder `formats` of the data folder are looked through."""
    get: str
    """Where it is published."""
    opens: str
    """How it begins."""
    length: int
    """In characters."""
    sha256: str
    places: tuple[str, ...]
    """Names of its `{places}`, each once."""

    def fill(self, **values: str) -> str:
        """The format with its places filled in one pass. Raises `ResoluteError` where it is not at hand."""
        if not self.places:
            return self.text()
        place = re.compile(r"\{(" + "|".join(map(re.escape, self.places)) + r")\}")
        return place.sub(lambda found: values[found[1]], self.text())

    def text(self) -> str:
        """The format. Raises `ResoluteError` where no file holds it exactly."""
        folder = Path(os.environ.get(PLACE) or "data") / "formats"
        return _find(self, folder, tuple((path, path.stat().st_mtime_ns) for path in _files(folder, self.name)))

    def within(self, text: str) -> str | None:
        """The format where `text` holds it, else None."""
        start = text.find(self.opens)
        while start >= 0:
            piece = text[start : start + self.length]
            if hashlib.sha256(piece.encode("utf-8", "surrogatepass")).hexdigest() == self.sha256:
                return piece
            start = text.find(self.opens, start + 1)
        return None


def _files(folder: Path, name: str) -> list[Path]:
    return sorted(path for path in folder.glob(f"{name}.*") if path.is_file()) if folder.is_dir() else []


@lru_cache(maxsize=16)
def _find(published: Published, folder: Path, files: tuple[tuple[Path, int], ...]) -> str:
    """`files` carries when each was changed, so that a mended one is read again."""
    for path, _ in files:
        if found := published.within(path.read_text(encoding="utf-8", errors="replace")[:LARGEST]):
            return found
    what = f"the input format of {published.name} is not at hand"
    if files:
        what = f"no file of {published.name} holds its input format byte for byte"
    mend = f"save {published.get} as {folder / published.name}.* ({PLACE} names the folder above `formats`)"
    raise ResoluteError(what, where=str(files[0][0] if files else folder), mend=mend)
