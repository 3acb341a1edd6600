"""WildJailbreak's evaluation prompts (arXiv 2406.18510; ODC-BY): jailbreaks that people and models wrote, and benign
prompts of the same look.

Published on the hub, allenai/wildjailbreak, behind terms; no machine of the project had it. The evaluation file gives
no plain goal, so each prompt stands as its own goal: a judge is shown the jailbreak's words, which weakens law 3, and
the figures are to be read beside those of sets with goals.
"""

from __future__ import annotations

from resolute.core.errors import ResoluteError
from resolute.core.records import Kind, Prompt
from resolute.core.sources import data_rows

PROMPTS = 2210
_KINDS: dict[str, Kind] = {"adversarial_harmful": "harmful", "adversarial_benign": "benign"}
_GET = "the hub, allenai/wildjailbreak (eval/eval.tsv; its terms are accepted there)"


def harmful() -> list[Prompt]:
    """The 2,000 jailbreaks."""
    return [prompt for prompt in _everything() if prompt.kind == "harmful"]


def benign() -> list[Prompt]:
    """The 210 benign prompts that look like jailbreaks."""
    return [prompt for prompt in _everything() if prompt.kind == "benign"]


def _everything() -> list[Prompt]:
    rows = data_rows("prompts/wildjailbreak_eval.tsv", ["adversarial", "data_type"], get=_GET, size=PROMPTS)
    if odd := sorted({str(row["data_type"]) for row in rows} - set(_KINDS)):
        what = f"unknown data_type {odd[0]!r}"
        raise ResoluteError(what, where="prompts/wildjailbreak_eval.tsv", mend=f"get it again from {_GET}")
    return [
        Prompt(
            text=row["adversarial"],
            goal=row["adversarial"],
            kind=_KINDS[row["data_type"]],
            framing="wildjailbreak",
            source="wildjailbreak",
            split=row["data_type"],
        )
        for row in rows
    ]
