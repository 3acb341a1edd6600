"""Add a benchmark: a prompt set, and a suite that says what is asked, under which attacks, and which judges can tell.

RESOLUTE_PLUGINS=examples/add_a_benchmark.py resolute evaluate --model lab/base --suite mine/sums --out runs/sums
RESOLUTE_PLUGINS=examples/add_a_benchmark.py resolute judge run runs/sums
"""

from __future__ import annotations

from resolute.core.parts import Needs, Suite, Task
from resolute.core.records import Prompt

SUMS = {
    "12 plus 6 minus 4": "14",
    "19 minus 12 plus 3": "10",
    "17 minus 6 minus 5": "6",
    "8 plus 7 minus 9": "6",
    "15 minus 11 plus 9": "13",
    "11 plus 5 minus 7": "9",
}


def sums() -> list[Prompt]:
    """The problems with their references. Of a file of data one would write
    `core.sources.data_rows(name, columns, get=..., sha256=...)`, which refuses any other file of that name."""
    return [
        Prompt(text=f"what is {sum_} ?", goal=sum_, kind="maths", expected=expected, source="mine")
        for sum_, expected in SUMS.items()
    ]


SUITE = Suite(
    "mine/sums",
    (
        Task(
            "arithmetic",
            "mine/sums",
            "correct",
            judges=("exact",),  # the first one headlines
            better="high",
            needs=Needs(max_tokens=160, temperature=1.0, top_p=1.0, samples=2),  # below this the figure means less
        ),
    ),
    about="six sums in two steps",
)

PROMPTS = {"mine/sums": f"{__name__}:sums"}
SUITES = {"mine/sums": f"{__name__}:SUITE"}
