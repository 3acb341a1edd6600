"""Where rejected and unsafe text lies: a folder only its owner can open; git and all our exports leave it out."""

from __future__ import annotations

from pathlib import Path

from resolute.core.files import unwritable

NAME = "quarantine"


def quarantine(folder: Path) -> Path:
    """The quarantine of an artifact's folder, made where it is missing: mode 0700, ignored by git."""
    place = folder / NAME
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.chmod(0o700)
        (place / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise unwritable(place, error) from error
    return place
