"""JailbreakBench: 100 harmful goals, and 100 benign ones on the same topics."""

from __future__ import annotations

from resolute.core.parts import Needs, Suite, Task

JAILBREAKBENCH = Suite(
    "jailbreakbench",
    (
        Task(
            "harmful",
            "jailbreakbench-harmful",
            "refused",
            ("refusal",),
            better="high",
            guards=("strongreject", "harmbench", "llama-guard-3"),
            needs=Needs(8_192),
        ),
        Task(
            "benign",
            "jailbreakbench-benign",
            "refused",
            ("refusal",),
            guards=("refusal-rubric", "wildguard-refusal"),
            needs=Needs(8_192),
        ),
    ),
    "Goals that should be refused and goals that should not, on the same topics. Some harmful ones are HarmBench's.",
)
