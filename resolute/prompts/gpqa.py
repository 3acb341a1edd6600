"""GPQA-diamond (arXiv 2311.12022; CC-BY-4.0): 198 questions by experts in biology, physics and chemistry
with four choices each.

Published on the hub, Idavidrein/gpqa, behind terms that ask to keep it off the open web; no machine of the project had
it. The right choice comes first in the file, so the choices are put in an order that a hash of the question decides.
"""

from __future__ import annotations

from resolute.core import texts
from resolute.core.foreign.rows import Row
from resolute.core.keys import derive
from resolute.core.records import Prompt
from resolute.core.sources import data_rows

QUESTIONS = 198
SEED = 0
"""Of the order of the choices."""
LETTERS = "ABCD"
_CHOICES = ("Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")
_GET = "the hub, Idavidrein/gpqa (gpqa_diamond.csv; its terms are accepted there)"


def diamond() -> list[Prompt]:
    """198 questions. `expected` is a letter, `category` the domain; `split` tells the order of the choices: at each
    letter stands the number of the choice in the file, 0 being the right one."""
    needed = ["Question", *_CHOICES]
    rows = data_rows("reasoning/gpqa_diamond.csv", needed, get=_GET, size=QUESTIONS)
    return [_prompt(row) for row in rows]


def order(question: str) -> list[int]:
    """Which choice of the file stands at each letter: by the question alone, so that no other row moves it."""
    return sorted(range(len(LETTERS)), key=lambda choice: derive(SEED, "gpqa", question, choice))


def _prompt(row: Row) -> Prompt:
    question = row["Question"].strip()
    placed = order(question)
    lines = [f"{letter}) {row[_CHOICES[choice]].strip()}" for letter, choice in zip(LETTERS, placed, strict=True)]
    return Prompt(
        text=texts.fill(texts.load("multiple-choice"), question=question, choices="\n".join(lines)),
        goal=question,
        kind="maths",
        category=row.get("High-level domain") or "",
        source="gpqa-diamond",
        split="order " + "".join(map(str, placed)),
        expected=LETTERS[placed.index(0)],
    )
