"""Harmful goals that no model trained as in the study has seen: those of three public sets that do not overlap its own.

The study's 200 training goals are HarmBench's standard ones. Goals of StrongREJECT, JailbreakBench and HarmBench's
contextual part that say the same, contain one, or are nearly the same words (`core.curation.overlap`) are left out, and
so are goals that stand in two of the sets. What was reworded is not found.
"""

from __future__ import annotations

from resolute.core.curation.overlap import Reserve, Reserved
from resolute.core.records import Prompt
from resolute.core.sources import load_prompts

SETS = ("strongreject", "jailbreakbench-harmful", "harmbench-contextual")
NEAR = 0.6
"""Jaccard similarity of words from which two goals count as nearly the same."""


def unseen() -> list[Prompt]:
    """Each goal once, in the order of `SETS`; `category` names the set where it has none."""
    reserved = [Reserved(prompt.goal, source="study") for prompt in load_prompts("harmbench-standard")]
    kept: list[Prompt] = []
    for name in SETS:
        known = Reserve([*reserved, *(Reserved(prompt.goal, source=prompt.source) for prompt in kept)], near=NEAR)
        once = {prompt.goal: prompt for prompt in reversed(load_prompts(name))}
        found = [prompt for prompt in reversed(once.values()) if known.overlap(prompt.goal) is None]
        kept += [prompt.model_copy(update={"category": prompt.category or prompt.source}) for prompt in found]
    return kept
