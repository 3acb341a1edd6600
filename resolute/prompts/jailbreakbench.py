"""JailbreakBench (JBB-Behaviors, arXiv 2404.01318; MIT): 100 harmful goals and 100 benign ones on their topics."""

from __future__ import annotations

from resolute.core.records import Kind, Prompt
from resolute.core.sources import data_rows

SHA256 = "1ac7ab91294accf9352589d84169edf124be05b69cb8540930fe03314ea7881b"
_GET = "the hub, JailbreakBench/JBB-Behaviors"
_KINDS: dict[str, Kind] = {"harmful": "harmful", "safe": "benign"}


def everything() -> list[Prompt]:
    """All 200."""
    rows = data_rows("prompts/jailbreakbench.json", ["text", "label"], get=_GET, sha256=SHA256)
    return [
        Prompt(
            text=row["text"], goal=row["text"], kind=_KINDS[row["label"]], source="jailbreakbench", split=row["label"]
        )
        for row in rows
    ]


def harmful() -> list[Prompt]:
    """The 100 harmful goals."""
    return [prompt for prompt in everything() if prompt.kind == "harmful"]


def benign() -> list[Prompt]:
    """The 100 benign goals."""
    return [prompt for prompt in everything() if prompt.kind == "benign"]
