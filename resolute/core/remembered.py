"""Within `remembering()` a thing that costs time and cannot change meanwhile is made once: a study looks at hundreds of
jobs that read the same prompts. Outside it nothing is kept, since files may change between two calls.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar, cast

T = TypeVar("T")
_kept: ContextVar[dict[Hashable, object] | None] = ContextVar("kept", default=None)


@contextmanager
def remembering() -> Generator[None]:
    """Keep what `once` makes until the body ends; the outermost body, where one stands in another."""
    if _kept.get() is not None:
        yield
        return
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def once(key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives; within `remembering()` what it gave the first time for this key. Not to be changed."""
    kept = _kept.get()
    if kept is None:
        return make()
    if key not in kept:
        kept[key] = make()
    return cast("T", kept[key])
