"""Settings from their layers: defaults < recipe < `--set` < option."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from resolute.core.errors import ResoluteError
from resolute.core.settings import SECTIONS, Section

S = TypeVar("S", bound=Section)
M = TypeVar("M", bound=BaseModel)


def assignments(items: Iterable[str], *, section: str = "") -> dict[str, dict[str, Any]]:
    """`section.key=value` (values are YAML) as nested mappings: what `--set` gives.

    A key that names no section belongs to `section`, that of the verb, where there is one.
    """
    layers: dict[str, dict[str, Any]] = {}
    for item in items:
        place, equals, value = item.partition("=")
        named, dot, rest = place.partition(".")
        if section and place and not (dot and named in SECTIONS):
            named, dot, rest = section, ".", place
        if not equals or not dot or named not in SECTIONS:
            mend = f"write section.key=value with a section of: {', '.join(SECTIONS)}"
            raise ResoluteError(f"not a setting: {item!r}", where="--set", mend=mend)
        target = layers.setdefault(named, {})
        *path, last = rest.split(".")
        for step in path:
            inner = target.setdefault(step, {})
            if not isinstance(inner, dict):
                raise ResoluteError(f"two values for one setting: {item!r}", where="--set", mend="give one of them")
            target = inner
        try:
            target[last] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ResoluteError(f"not YAML: {item!r}", where="--set", mend="quote the value") from error
    return layers


def merge(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """`change` over `base`, mapping by mapping; lists and scalars are replaced whole."""
    merged = dict(base)
    for name, value in change.items():
        before = merged.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            merged[name] = merge(before, value)
        else:
            merged[name] = value
    return merged


def resolve(form: type[S], layers: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[S, dict[str, str]]:
    """Settings from layers (weakest first, each with its name) and where each value came from.

    Origins are by setting; a setting made of several has an entry for each that was given (`sampling.top_p`).
    """
    merged: dict[str, Any] = {}
    given: dict[str, str] = {}
    for origin, layer in layers:
        merged = merge(merged, layer)
        given.update(dict.fromkeys(_leaves(layer), origin))
    tops = {name.partition(".")[0] for name in given}
    origins = {name: "default" for name in form.model_fields if name not in tops} | given
    return checked(form, merged, f"settings of {form.__name__.lower()}"), origins


def _leaves(layer: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in layer.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def checked(form: type[M], values: Mapping[str, Any], where: str) -> M:
    """`values` as a form; what does not fit is a `ResoluteError` that names each key and those there are."""
    try:
        return form.model_validate(values)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, item['loc'])) or 'all of it'}: {item['msg']}" for item in error.errors()]
        known = ", ".join(info.alias or name for name, info in form.model_fields.items())
        raise ResoluteError("; ".join(lines), where=where, mend=f"known keys: {known}") from error
