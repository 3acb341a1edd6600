"""Code that works: functions and programs, judged by running them within walls. An unfinished answer is wrong."""

from __future__ import annotations

from resolute.core.parts import Needs, Suite, Task


def _code(prompts: str) -> tuple[Task, ...]:
    return (Task("code", prompts, "correct", ("code",), better="high", needs=Needs(32_768, sandbox=True)),)


HUMANEVAL = Suite(
    "humaneval", _code("humaneval"), "164 functions to complete. Old and public: most models have seen it."
)
CODE = Suite(
    "code",
    about="Functions and contest problems. With --samples pass@k stands beside the mean.",
    of=("humaneval", "livecodebench"),
)
LIVECODEBENCH = Suite(
    "livecodebench",
    _code("livecodebench-v6@2024-08..2025-05"),
    "Contest problems of release 6 from August 2024 on; a model trained on later texts may have seen them.",
)
PAPER = Suite(
    "livecodebench-paper",
    _code("livecodebench-v6@2024-10..2025-01"),
    "Contest problems of release 6 from October 2024 to January 2025: the window of arXiv 2505.15404.",
)
