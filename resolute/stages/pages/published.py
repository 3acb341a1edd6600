"""What the study published of a row, for reference beside ours and never mixed with it (`published.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from resolute.core.suites import task_of
from resolute.stages.pages.columns import Column
from resolute.stages.pages.sheet import Sheet
from resolute.stages.pages.study import Row


@cache
def _document() -> dict[str, Any]:
    found = files("resolute.stages.pages").joinpath("published.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(found)


def source() -> str:
    """Whose figures they are."""
    return str(_document()["source"])


def model_of(name: str) -> str | None:
    """The study's name for a base model, whoever's folder or account it lies in; None for another model."""
    last = name.partition("@")[0].rstrip("/").rpartition("/")[2].casefold()
    return next((model for model, known in _document()["models"].items() if last in known), None)


def beside(row: Row, column: Column) -> float | None:
    """The study's figure (percent) for this row's base model, name and measurement; None where it has none.

    Only where all of it is the study's: its model, its row's name, its prompts and its attack. A row of a grid bears
    its name on the axis `row`; an axis beside that may name the model and nothing else.
    """
    manifest = row.manifest("train") or row.manifest("evaluate")
    model = model_of(str(manifest.settings.get("model", ""))) if manifest else None
    measure = _measure(column)
    others = [level for axis, level in row.at.items() if axis != "row"]
    if model is None or measure is None or any(model_of(level) != model for level in others):
        return None
    name = row.at.get("row", row.label).casefold()
    for table in _document()["tables"]:
        said = {label.casefold(): values for label, values in table["rows"].items()}.get(name, {})
        if table["model"] == model and isinstance(said.get(measure), (int, float)):
            return float(said[measure])
    return None


def _measure(column: Column) -> str | None:
    known = task_of(column.task)
    prompts = known.prompts if known is not None else ""
    for name, said in _document()["measures"].items():
        if said["event"] == column.event and [prompts, column.attack] in said["asked"]:
            return str(name)
    return None


def sheets() -> list[Sheet]:
    """Every published figure, one sheet a table and model."""
    measures: Mapping[str, Mapping[str, str]] = _document()["measures"]
    found: list[Sheet] = []
    for place, table in enumerate(_document()["tables"]):
        names = [name for name in measures if any(name in said for said in table["rows"].values())]
        rows: list[Sequence[str]] = [
            (label, *(_written(said.get(name)) for name in names)) for label, said in table["rows"].items()
        ]
        title = f"Paper, {table['number']}: {table['model']} (percent)"
        header = ("Paper’s row", *(measures[name]["title"] for name in names))
        about = f"{source()}. {table['note']}" if "note" in table else source()
        found.append(Sheet(f"published-{place}", title, about, header, rows))
    return found


def _written(value: float | str | None) -> str:
    return "–" if value is None else value if isinstance(value, str) else f"{value:g}"
