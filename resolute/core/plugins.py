"""The modules that bring things of their own to the catalogues, installed or named.

An installed one is an entry point of the group `resolute.plugins`. A file or module that is not installed is named by
the environment variable `RESOLUTE_PLUGINS`, several apart by commas: `RESOLUTE_PLUGINS=mine.py,team.judges`. Either is
code, run with the rights of whoever gives the command: a recipe cannot name one, only who sits at the machine can.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from resolute.core.errors import ResoluteError

GROUP = "resolute.plugins"
NAMED = "RESOLUTE_PLUGINS"


@dataclass(frozen=True)
class Plugin:
    """A module, and what a user would call it."""

    name: str
    place: str
    module: ModuleType


def plugins(mappings: Collection[str]) -> Iterator[Plugin]:
    """Every plug-in, installed ones first. `mappings` are the names of mappings of which a named one must have some.

    Raises `ResoluteError` for one that cannot be read or brings nothing.
    """
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        yield Plugin(point.name, point.value, point.load())
    for name in filter(None, (part.strip() for part in os.environ.get(NAMED, "").split(","))):
        module = _loaded(name)
        if not any(hasattr(module, mapping) for mapping in mappings):
            mend = f"give it a mapping such as JUDGES; known are {', '.join(sorted(mappings))}"
            raise ResoluteError("this plug-in brings nothing", where=f"{NAMED}: {name}", mend=mend)
        yield Plugin(name, f"{NAMED}: {name}", module)


def _loaded(name: str) -> ModuleType:
    """The module that a user named, run. What goes wrong in it is the plug-in's, and is said to be."""
    try:
        return _from_file(Path(name)) if name.endswith(".py") else import_module(name)
    except ResoluteError:
        raise
    except (Exception, SystemExit) as error:
        what = f"the plug-in does not load: {type(error).__name__}: {error}"
        mend = "run it alone with Python, or name a .py file or a module that can be imported"
        raise ResoluteError(what, where=f"{NAMED}: {name}", mend=mend) from error


def _from_file(path: Path) -> ModuleType:
    """A file as the module of its stem, so that its loaders read `stem:THING` as they would once it is installed."""
    path = path.expanduser().resolve()
    stem, there = path.stem, sys.modules.get(path.stem)
    if there is not None and getattr(there, "__file__", None) == str(path):
        return there
    if not path.is_file():
        mend = f"name a file that is there; {NAMED} is read from the working directory"
        raise ResoluteError("no such file", where=f"{NAMED}: {path}", mend=mend)
    if not stem.isidentifier() or there is not None or find_spec(stem) is not None:
        mend = "rename the file: letters, digits and _, and no module's name"
        raise ResoluteError(f"{stem!r} cannot be this plug-in's name", where=f"{NAMED}: {path}", mend=mend)
    spec = spec_from_file_location(stem, path)
    assert spec is not None and spec.loader is not None  # a path that ends with .py has both
    module = module_from_spec(spec)
    sys.modules[stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[stem]
        raise
    return module
