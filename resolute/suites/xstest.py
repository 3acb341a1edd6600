"""XSTest's safe look-alikes that are kept for evaluation: how often a model refuses what it should answer."""

from __future__ import annotations

from resolute.core.parts import Suite, Task

XSTEST = Suite(
    "xstest",
    (Task("over-refusal", "xstest-eval", "refused", ("refusal",)),),
    "Safe prompts that look unsafe; those used in training are left out.",
)
XSTEST_TYPES = Suite(
    "xstest-types",
    (Task("over-refusal", "xstest-eval-types", "refused", ("refusal",)),),
    "Safe prompts that look unsafe, of types no training prompt has: for sets that drew on xstest-train-types.",
)
