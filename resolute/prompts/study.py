"""The study's own framed prompts (arXiv 2505.15404; MIT), as it released them: one of its 1,000-row training sets.

The release names no goals. A prompt that carries the words of exactly one HarmBench goal has that goal (956 of 1,000);
the others disguise theirs, and stand as their own goals.
"""

from __future__ import annotations

from resolute.core.records import Prompt
from resolute.core.sources import data_rows, load_prompts

_GET = "https://github.com/thu-coai/LRM-Safety-Study at 498ef37fca88, dataset/data, or hub:thu-coai/LRM-Safety-Study"


def released() -> list[Prompt]:
    """1,000 harmful goals in jailbreak templates; `framing` only says that there is one."""
    rows = data_rows("traces/sft_train_nocot.json", ["prompt"], get=_GET)
    goals = {_plain(prompt.goal): prompt.goal for prompt in load_prompts("harmbench-standard")}
    return [
        Prompt(
            text=row["prompt"],
            goal=_goal(row["prompt"], goals),
            kind="harmful",
            framing="study",
            source="study",
            split="train",
        )
        for row in rows
    ]


def _goal(text: str, goals: dict[str, str]) -> str:
    words = _plain(text)
    carried = [goal for plain, goal in goals.items() if plain in words]
    return carried[0] if len(carried) == 1 else text


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
