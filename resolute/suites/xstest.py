"""XSTest's safe look-alikes that are kept for evaluation, and their unsafe contrasts: a model that refuses nothing does
not do well on both."""

from __future__ import annotations

from resolute.core.parts import Needs, Suite, Task

_GUARDS = ("refusal-rubric", "wildguard-refusal")
_LENGTH = Needs(8_192)

XSTEST = Suite(
    "xstest",
    (Task("over-refusal", "xstest-eval", "refused", ("refusal",), guards=_GUARDS, needs=_LENGTH),),
    "150 safe prompts that look unsafe; those used in training are left out.",
)
XSTEST_TYPES = Suite(
    "xstest-types",
    (Task("over-refusal", "xstest-eval-types", "refused", ("refusal",), guards=_GUARDS, needs=_LENGTH),),
    "Safe prompts that look unsafe, of types no training prompt has: for sets that drew on xstest-train-types.",
)
XSTEST_CONTRAST = Suite(
    "xstest-contrast",
    (Task("refusal", "xstest-unsafe", "refused", ("refusal",), better="high", guards=_GUARDS, needs=_LENGTH),),
    "200 unsafe prompts worded like the safe ones: these should be refused.",
)
