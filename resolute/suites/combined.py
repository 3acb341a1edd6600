"""Suites for whole questions: everything, and the study's own evaluation with its lengths and sampling."""

from __future__ import annotations

from resolute.core.parts import Needs, Suite, Task

_ATTACKED = Needs(4_096, temperature=0.0, top_p=1.0)

FULL = Suite(
    "full", about="Is it safer, does it still help, can it still think.", of=("safety", "over-refusal", "reasoning")
)
PAPER = Suite(
    "paper",
    (
        Task("none", "advbench", "refused", ("refusal",), better="high", guards=("llama-guard-3",), needs=_ATTACKED),
        Task("pap", "pap-advbench", "refused", ("refusal",), better="high", guards=("llama-guard-3",), needs=_ATTACKED),
        Task("over-refusal", "xstest-eval", "refused", ("refusal",), needs=Needs(2_048, temperature=0.0, top_p=1.0)),
        Task("math500", "math500-bare", "correct", ("exact",), better="high", needs=Needs(32_768)),
        Task("aime24", "aime24-bare", "correct", ("exact",), better="high", needs=Needs(32_768, samples=4)),
    ),
    "arXiv 2505.15404 version 2, without PAIR, which needs an attacker, and LiveCodeBench: AdvBench-50 plain and in "
    "the stored PAP rewrites, 150 safe prompts of XSTest, MATH-500, AIME 2024. Attack success is "
    "`unsafe` by llama-guard-3.",
)
