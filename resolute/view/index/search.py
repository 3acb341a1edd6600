"""What somebody typed as a question to FTS5: words, "phrases", `begin*`, `thought:word`; nothing typed is an error."""

from __future__ import annotations

import re

PARTS = ("goal", "sent", "thought", "answer")
_PIECE = re.compile(r"(?:(goal|sent|thought|answer):)?(?:\"([^\"]*)\"?|(\S+))", re.IGNORECASE)
_WORD = re.compile(r"\w")


def match(text: str) -> str:
    """The expression; empty where there is no word to look for. All of its parts must be found."""
    found: list[str] = []
    for part, phrase, word in _PIECE.findall(text):
        said = phrase or word
        begins = bool(word) and said.endswith("*")
        said = said.rstrip("*") if begins else said
        if not _WORD.search(said):
            continue
        term = '"' + said.replace('"', " ").replace("\x00", " ") + '"' + ("*" if begins else "")
        found.append(f"{part.lower()} : {term}" if part else term)
    return " AND ".join(found)


def plain(text: str) -> list[str]:
    """The words and phrases themselves, to be shown where they occur."""
    said = [(phrase or word).rstrip("*").strip('"') for _, phrase, word in _PIECE.findall(text)]
    return [one for one in said if _WORD.search(one)]
