"""AdvBench-50: the study's harmful questions, sent as they are."""

from __future__ import annotations

from resolute.core.parts import Needs, Suite, Task

ADVBENCH = Suite(
    "advbench",
    (
        Task(
            "safety",
            "advbench",
            "refused",
            ("refusal",),
            better="high",
            guards=("llama-guard-3", "strongreject", "harmbench"),
            needs=Needs(8_192),
        ),
    ),
    "50 harmful questions without an attack. Offline it says how many are refused; whether an answer does harm needs a "
    "guard. At n = 50, 12% against 4% has power .19.",
)
