"""`NAME` or `NAME@MODEL`: an instrument that needs no model, or one that asks the model named with it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from resolute.core.catalogue import Catalogue, entries, find
from resolute.core.errors import ResoluteError
from resolute.core.families import families
from resolute.core.judging.instruments import kind_of
from resolute.core.records import Trace
from resolute.models.identity import Model, resolve

_CONFIG = 20_000
"""Characters of a checkpoint's config that are looked through for its family."""


@dataclass(frozen=True)
class Named:
    """An instrument as it was asked for: `model` is None for one that asks none."""

    spec: str
    instrument: Any
    model: Model | None = None

    @property
    def name(self) -> str:
        """What keys know it by: its own name, and what the model behind it stands for."""
        return kind_of(self.spec) + (f"@{self.model.identity}" if self.model is not None else "")

    def kin(self, traces: Iterable[Trace]) -> str:
        """A sentence where the model behind it is of one family with those that wrote the traces; else empty."""
        if self.model is None:
            return ""
        some = list(traces)
        shared = families(_called(self.model)) & families(" ".join({trace.model for trace in some}))
        whom = "teacher" if any(trace.strategy for trace in some) else "judged model"
        family = ", ".join(sorted(shared))
        told = f"{self.spec}: judge and {whom} are of one family ({family}); models favour their own kind"
        return told if shared else ""


def named(spec: str, plain: Catalogue, asking: Catalogue) -> Named:
    """The instrument of a spec, from a catalogue of those that ask no model and one of those that do.

    Raises `ResoluteError` for an unknown name, a missing model, or one that is not wanted.
    """
    instrument, model = known(spec, plain, asking)
    return Named(spec, instrument, resolve(model) if model else None)


def known(spec: str, plain: Catalogue, asking: Catalogue) -> tuple[Any, str]:
    """The instrument of a spec as `named` has it, and the name of its model, empty for none: the model itself is not
    looked for. Raises `ResoluteError` as `named` does."""
    name, at, model = spec.partition("@")
    if name in entries(asking):
        if not model:
            weights = find(asking, name).card.weights
            made_for = f"; it was made for {weights}" if weights else ""
            mend = f"write {name}@MODEL (a folder with weights, or a model of a server){made_for}"
            raise ResoluteError(f"{name} asks a model", mend=mend)
        return find(asking, name), model
    if name not in entries(plain):
        near = difflib.get_close_matches(name, [*entries(plain), *entries(asking)], n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        there = ", ".join(sorted([*entries(plain), *(f"{one}@MODEL" for one in entries(asking))]))
        raise ResoluteError(f"unknown instrument: {name!r}", mend=f"{hint}known: {there}")
    if at:
        raise ResoluteError(f"{name} asks no model", where=spec, mend=f"write {name}")
    return find(plain, name), ""


def _called(model: Model) -> str:
    """Every name a model goes by: a folder may be called anything, so its config is asked too."""
    config = model.path / "config.json" if model.path is not None else None
    more = config.read_text(encoding="utf-8", errors="replace")[:_CONFIG] if config and config.is_file() else ""
    return f"{model.name} {more}"
