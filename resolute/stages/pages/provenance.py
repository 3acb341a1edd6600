"""Where a report's figures come from: settings with their origins, versions, keys, and what the stages noted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resolute.stages.pages.study import PARTS, Study


@dataclass(frozen=True)
class Setting:
    """One setting: a single value for every row, or one per label."""

    part: str
    name: str
    values: Sequence[tuple[str, str, str]]
    """Labels ("" for all), value, origin."""


def settings(study: Study) -> tuple[list[Setting], list[Setting]]:
    """Settings that are one for all rows, and those that differ between labels (of each label's first seed)."""
    held: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    for part in PARTS:
        for label in study.labels:
            manifest = study.first(label).manifest(part)
            for name, value in manifest.settings.items() if manifest else ():
                origin = origin_of(manifest.origins, name) if manifest else ""
                held.setdefault((part, name), {})[label] = (_written(value), origin)
    common: list[Setting] = []
    differing: list[Setting] = []
    for (part, name), by_label in held.items():
        grouped: dict[tuple[str, str], list[str]] = {}
        for label, pair in by_label.items():
            grouped.setdefault(pair, []).append(label)
        if len(grouped) == 1:
            ((value, origin),) = grouped
            common.append(Setting(part, name, [("", value, origin)]))
        else:
            rows = [(", ".join(labels), value, origin) for (value, origin), labels in grouped.items()]
            differing.append(Setting(part, name, rows))
    return common, differing


def origin_of(origins: Mapping[str, str], name: str) -> str:
    """Where a setting came from; of one that was set in parts, where each part did, the others being default."""
    if name in origins:
        return origins[name]
    parts: dict[str, list[str]] = {}
    for place, origin in origins.items():
        if place.startswith(f"{name}."):
            parts.setdefault(origin, []).append(place.removeprefix(f"{name}."))
    return "; ".join(f"{', '.join(names)}: {origin}" for origin, names in parts.items()) or "default"


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def versions(study: Study) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for row in study.rows:
        for artifact in row.artifacts.values():
            manifest = artifact.manifest
            for name, version in (manifest.versions | ({"commit": manifest.git} if manifest.git else {})).items():
                found.setdefault(name, set()).add(version)
    return {name: sorted(versions) for name, versions in sorted(found.items())}


def keys(study: Study) -> list[tuple[str, int, str, str]]:
    """Label, seed, part and key of every artifact."""
    placed = [(row, part) for row in study.rows for part in PARTS if part in row.artifacts]
    return [(row.label, row.seed, part, row.artifacts[part].key) for row, part in placed]


def notes(study: Study) -> list[tuple[str, str]]:
    """What the stages said, each sentence once, with the row and part that said it first."""
    found: dict[str, str] = {}
    for row in study.rows:
        for part in PARTS:
            manifest = row.manifest(part)
            for note in manifest.notes if manifest else ():
                found.setdefault(note, f"{row.label}, {part}")
    return [(place, note) for note, place in found.items()]
