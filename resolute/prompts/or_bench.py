"""OR-Bench's hard thousand (arXiv 2405.20947; CC-BY-4.0): prompts that look toxic and are not, for over-refusal."""

from __future__ import annotations

from resolute.core.records import Prompt
from resolute.core.sources import data_rows

SHA256 = "a6e2f1166416efe5901f3bb05c47dc92ab3aca3acfe143693d38b8057d841e6d"
_GET = "the hub, bench-llm/or-bench (or-bench-hard-1k)"


def hard() -> list[Prompt]:
    """1,319 benign prompts. They were made and sorted by models: some would be refused by careful people too."""
    rows = data_rows("prompts/or_bench-hard-1k.csv", ["prompt", "category"], get=_GET, sha256=SHA256)
    return [
        Prompt(text=row["prompt"], goal=row["prompt"], kind="benign", category=row["category"], source="or-bench-hard")
        for row in rows
    ]
