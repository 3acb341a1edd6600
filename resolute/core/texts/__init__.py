"""Texts sent to models: Markdown files beside this one, loaded by name, hashed into every record.

Only `{{name}}` placeholders that the caller declares are replaced, in one pass: other braces, in a text or in a value,
are text.
"""

from __future__ import annotations

import re
from importlib.resources import files

from resolute.core.errors import ResoluteError
from resolute.core.keys import key

_PLACE = re.compile(r"\{\{(\w+)\}\}")


def names() -> list[str]:
    """Every text that ships, by name."""
    return sorted(item.name[:-3] for item in files(__name__).iterdir() if item.name.endswith(".md"))


def load(name: str) -> str:
    """The text called `name`, without the white space around it."""
    item = files(__name__) / f"{name}.md"
    if "/" in name or not item.is_file():
        raise ResoluteError(f"there is no text called {name!r}", mend=f"one of: {', '.join(names())}")
    return item.read_text(encoding="utf-8").strip()


def fill(text: str, **values: str) -> str:
    """Replace each `{{name}}` in one pass; raises `ResoluteError` unless the places are exactly the values given."""
    places = set(_PLACE.findall(text))
    if places != set(values):
        odd = ", ".join(sorted(places ^ set(values)))
        raise ResoluteError(f"placeholders and values of a text differ: {odd}", mend="declare each place once")
    return _PLACE.sub(lambda found: values[found[1]], text)


def version(text: str) -> str:
    """The key of a text's words, recorded wherever the text was used."""
    return key(["text", text])
