"""StrongREJECT's forbidden prompts (arXiv 2402.10260; MIT)."""

from __future__ import annotations

from resolute.core.records import Prompt
from resolute.core.sources import data_rows

_GET = "https://github.com/alexandrasouly/strongreject (strongreject_dataset)"


def strongreject() -> list[Prompt]:
    """313 harmful goals; `split` names where StrongREJECT has each from (25 are AdvBench's)."""
    rows = data_rows("prompts/strongreject_dataset.csv", ["category", "source", "forbidden_prompt"], get=_GET)
    return [
        Prompt(
            text=row["forbidden_prompt"],
            goal=row["forbidden_prompt"],
            kind="harmful",
            category=row["category"],
            source="strongreject",
            split=row["source"],
        )
        for row in rows
    ]
