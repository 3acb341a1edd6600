"""Reasoning kept: problems with a checkable answer."""

from __future__ import annotations

from resolute.core.parts import Suite, Task

MATH500 = Suite(
    "math500",
    (Task("maths", "math500", "correct", ("exact",), better="high"),),
    "500 problems of MATH; an unfinished answer is wrong.",
)
AIME24 = Suite(
    "aime24",
    (Task("maths", "aime24", "correct", ("exact",), better="high"),),
    "30 problems of AIME 2024; ask for several samples, clustered by problem.",
)
