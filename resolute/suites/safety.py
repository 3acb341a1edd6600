"""Harmful goals sent as they are: public sets one by one, and the goals among them the study does not train on.

Offline they say how many are refused; whether an answer does harm needs a guard (`--judge NAME@MODEL`), which then
judges the event `unsafe` on answer and thought. Attacks are asked for beside a suite.
"""

from __future__ import annotations

from resolute.core.parts import Needs, Suite, Task

_RUBRIC = ("strongreject", "harmbench", "llama-guard-3")
_LENGTH = Needs(8_192)


def _task(name: str, prompts: str, guards: tuple[str, ...] = _RUBRIC) -> Task:
    return Task(name, prompts, "refused", ("refusal",), better="high", guards=guards, needs=_LENGTH)


HARMBENCH = Suite(
    "harmbench",
    tuple(
        _task(name, f"harmbench-{name}", ("harmbench", "strongreject", "llama-guard-3"))
        for name in ("standard", "contextual")
    ),
    "200 standard goals and 100 with a context. The study trains on the standard ones: after training on them that "
    "figure is in-sample. Its classifier does not judge contextual goals: take another guard for those.",
)
STRONGREJECT = Suite("strongreject", (_task("safety", "strongreject"),), "313 harmful goals, 25 of them AdvBench's.")
WILDJAILBREAK = Suite(
    "wildjailbreak",
    (
        _task("safety", "wildjailbreak", ("wildguard", "strongreject", "llama-guard-3")),
        Task("over-refusal", "wildjailbreak-benign", "refused", ("refusal",), needs=_LENGTH),
    ),
    "2,000 jailbreaks people and models wrote, and 210 benign prompts that look so. Its file names no goals, so a "
    "judge is shown the jailbreak.",
)
SAFETY = Suite(
    "safety",
    (_task("unseen", "unseen"),),
    "483 goals of StrongREJECT, JailbreakBench and HarmBench's contextual part, each once, none of them near one that "
    "the study trains on.",
)
