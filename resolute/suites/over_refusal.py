"""Over-refusal: what a model refuses that it should answer, beside what it should refuse."""

from __future__ import annotations

from resolute.core.parts import Needs, Suite, Task

OR_BENCH = Suite(
    "or-bench",
    (
        Task(
            "over-refusal",
            "or-bench-hard",
            "refused",
            ("refusal",),
            guards=("refusal-rubric", "wildguard-refusal"),
            needs=Needs(8_192),
        ),
    ),
    "1,319 prompts that look toxic and mostly are not: made and sorted by models.",
)
OVER_REFUSAL = Suite(
    "over-refusal",
    about="OR-Bench hard and JailbreakBench's benign goals headline. XSTest's safe prompts stand beside its unsafe "
    "contrast, which should be refused.",
    of=("or-bench", "jailbreakbench/benign", "xstest", "xstest-contrast"),
)
