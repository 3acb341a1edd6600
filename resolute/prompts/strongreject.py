"""StrongREJECT's forbidden prompts (arXiv 2402.10260; MIT)."""

from __future__ import annotations

from resolute.core.records import Prompt
from resolute.core.sources import data_rows

SHA256 = "4dd70357e4ff8b5d0ba5ebafecab5d6dd5633ce8046e3dd1c8bd93e64de44381"
_GET = "https://github.com/alexandrasouly/strongreject (strongreject_dataset)"


def strongreject() -> list[Prompt]:
    """313 harmful goals; `split` names where StrongREJECT has each from (25 are AdvBench's)."""
    columns = ["category", "source", "forbidden_prompt"]
    rows = data_rows("prompts/strongreject_dataset.csv", columns, get=_GET, sha256=SHA256)
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
