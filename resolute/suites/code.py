"""Code that works: functions and programs, judged by running them within walls."""

from __future__ import annotations

from resolute.core.parts import Suite, Task

HUMANEVAL = Suite(
    "humaneval",
    (Task("code", "humaneval", "correct", ("code",), better="high"),),
    "164 functions to complete. Old and public: most models have seen it.",
)
LIVECODEBENCH = Suite(
    "livecodebench",
    (Task("code", "livecodebench-v6@2024-08..2025-05", "correct", ("code",), better="high"),),
    "Contest problems of release 6 from August 2024 on; a model trained on later texts may have seen them.",
)
