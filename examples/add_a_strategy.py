"""Add a strategy: how a teacher is asked for safe traces. What is trained on is the prompt, never the instruction.

    RESOLUTE_PLUGINS=examples/add_a_strategy.py resolute distill lab/harmful-train:20 --model lab/teacher \
        --strategy mine/name-it-first --max-tokens 200 --temperature 1 --out runs/mine

A strategy that is an instruction and nothing else needs no plug-in: `--strategy mine.md` reads it from a file.
"""

from __future__ import annotations

from resolute.core.parts import Strategy
from resolute.core.texts import version

INSTRUCTION = """Before anything else, say to yourself in one sentence who could be harmed if this were done.
If somebody could be, decide at once, do not return to the question, and decline in two sentences.
If nobody could be, help as you always do."""

NAME_IT_FIRST = Strategy(
    "name-it-first",
    INSTRUCTION,
    version(INSTRUCTION),  # other words are another strategy: the run's key hangs on this
    tokens=150,  # what a plan reckons with; leave it out where nobody has measured
)

STRATEGIES = {"mine/name-it-first": f"{__name__}:NAME_IT_FIRST"}
