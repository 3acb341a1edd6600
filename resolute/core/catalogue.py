"""Choosing by name: plain mappings from a name to a loader string `module:attribute`, ours and those of plug-ins.

A plug-in is a module with mappings of the same names (`PROMPTS`, `STRATEGIES`, ...), see `core.plugins`. The lab is
registered exactly so.
"""

from __future__ import annotations

import difflib
from functools import cache
from importlib import import_module
from typing import Any, Literal

from resolute.core.errors import ResoluteError
from resolute.core.plugins import plugins

Catalogue = Literal[
    "prompts",
    "strategies",
    "attacks",
    "judges",
    "asked",
    "auditors",
    "asked_auditors",
    "suites",
    "models",
    "readers",
    "remotes",
]
_HOMES: dict[Catalogue, str] = {
    "prompts": "resolute.prompts",
    "strategies": "resolute.strategies",
    "attacks": "resolute.attacks",
    "judges": "resolute.judges",
    "asked": "resolute.judges",
    "auditors": "resolute.judges",
    "asked_auditors": "resolute.judges",
    "suites": "resolute.suites",
    "models": "resolute.models",
    "readers": "resolute.models",
    "remotes": "resolute.models",
}
_MAPPINGS = frozenset(catalogue.upper() for catalogue in _HOMES)


@cache
def entries(catalogue: Catalogue) -> dict[str, str]:
    """Every name of a catalogue with its loader string; a plug-in that takes a name twice is refused."""
    attribute = catalogue.upper()
    found: dict[str, str] = dict(getattr(import_module(_HOMES[catalogue]), attribute, {}))
    for plugin in plugins(_MAPPINGS):
        for name, loader in getattr(plugin.module, attribute, {}).items():
            if name in found:
                mend = f"rename it in the plug-in {plugin.name}"
                raise ResoluteError(f"two {catalogue} are called {name!r}", where=plugin.place, mend=mend)
            found[name] = loader
    return found


def brought() -> dict[str, dict[str, int]]:
    """Each plug-in with the number of things it brings to each catalogue."""
    return {
        plugin.name: {
            mapping.lower(): len(getattr(plugin.module, mapping))
            for mapping in sorted(_MAPPINGS)
            if getattr(plugin.module, mapping, None)
        }
        for plugin in plugins(_MAPPINGS)
    }


def find(catalogue: Catalogue, name: str) -> Any:
    """What a name stands for; an unknown name is an error that lists what there is."""
    known = entries(catalogue)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        mend = f"{hint}known: {', '.join(sorted(known)) or 'none'}"
        raise ResoluteError(f"unknown name in {catalogue}: {name!r}", mend=mend)
    module, _, attribute = known[name].partition(":")
    return getattr(import_module(module), attribute)


def counted(text: str) -> tuple[str, int | None]:
    """`name:count` taken apart; without a count, all of it. Only digits after the last colon are a count."""
    name, colon, count = text.rpartition(":")
    if colon and count.isascii() and count.isdigit():
        return name, int(count)
    return text, None
