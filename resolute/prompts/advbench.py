"""AdvBench-50, the study's harmful questions, plain and as the PAP persuasion rewrites that come with the study.

Source: thu-coai/LRM-Safety-Study (MIT), from AdvBench (arXiv 2307.15043) and PAP (arXiv 2401.06373).
"""

from __future__ import annotations

from resolute.core.records import Prompt
from resolute.core.sources import data_rows

_STUDY = "https://github.com/thu-coai/LRM-Safety-Study at 498ef37fca88, attack_refusal_evaluation"
PLAIN = "f13bdd398e657a193386b8e4b72b13c65066c7e6b9a4218746c46aadec0f3be8"
"""SHA-256 of the file of the plain goals."""
REWRITTEN = "6a48addd101e15e3f495e2a846fb93322c90fe1ceb05004ece3cef19edcc153a"
"""SHA-256 of the file of their rewrites."""


def advbench() -> list[Prompt]:
    """50 harmful goals."""
    get = f"{_STUDY}/data/advbench/advbenchsub.jsonl"
    rows = data_rows("prompts/advbench50.jsonl", ["query"], get=get, sha256=PLAIN)
    return [Prompt(text=row["query"], goal=row["query"], kind="harmful", source="advbench") for row in rows]


def pap_advbench() -> list[Prompt]:
    """The same 50 goals, each within one persuasive rewrite; `category` is the persuasion technique."""
    get = f"{_STUDY}/results/pap_advbenchsub.jsonl"
    rows = data_rows("prompts/pap_advbench50.jsonl", ["query", "final_query", "category"], get=get, sha256=REWRITTEN)
    return [
        Prompt(
            text=row["final_query"],
            goal=row["query"],
            kind="harmful",
            category=str(row["category"]),
            framing="pap",
            source="pap-advbench",
        )
        for row in rows
    ]
