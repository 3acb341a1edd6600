"""The final answer that a worked solution ends with: after `####` (GSM8K) or in the last `\\boxed{...}` (MATH)."""

from __future__ import annotations

import re
from typing import NamedTuple

MARK = "####"
"""GSM8K's mark (arXiv 2110.14168): what follows on the last such line is the final answer."""
_BOX = "\\boxed"
_OPENS = re.compile(r"\s{0,20}\{")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_BARE = re.compile(r"\s*([-+]?\w+(?:\.\d+)?)")


def boxed(text: str) -> str | None:
    """The content of the last balanced `\\boxed{...}`; None where there is none.

    Braces that LaTeX prints (`\\{`) are text. Takes time in proportion to the text, whatever stands in it.
    """
    closes = _closing_braces(text)
    start = text.rfind(_BOX)
    while start >= 0:
        opens = _OPENS.match(text, start + len(_BOX))
        if opens and (end := closes.get(opens.end() - 1)) is not None:
            return text[opens.end() : end].strip()
        start = text.rfind(_BOX, 0, start)
    return None


def reference(solution: str) -> str:
    """The final answer of a worked solution, "" where it marks none. Total.

    MATH writes a few boxes without braces (`\\boxed 5`): the word that follows is the answer.
    """
    if MARK in solution:
        said = solution.rpartition(MARK)[2].strip().splitlines()
        return _digits(said[0].strip()) if said else ""
    inside = boxed(solution)
    if inside is not None:
        return inside
    bare = _BARE.match(solution.rpartition(_BOX)[2]) if _BOX in solution else None
    return bare[1] if bare else ""


class Stated(NamedTuple):
    """A reference answer, and whether it was taken out of a worked solution."""

    answer: str
    worked: bool


def stated(answer: str, solution: str = "") -> Stated:
    """The reference answer of a row with an `answer` (GSM8K's holds the solution) or only a `solution` (MATH)."""
    if MARK in answer or (solution and not answer):
        found = reference(answer or solution)
        return Stated(found, bool(found))
    return Stated(answer, worked=False)


def _digits(text: str) -> str:
    """A number without the commas between its thousands; any other text as it stands."""
    return text.replace(",", "") if re.fullmatch(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", text) else text


def _closing_braces(text: str) -> dict[int, int]:
    """Where each opening brace that is ever closed has its closing one."""
    closes: dict[int, int] = {}
    waiting: list[int] = []
    for found in _BRACE.finditer(text):
        if found[0] == "{":
            waiting.append(found.start())
        elif found[0] == "}" and waiting:
            closes[waiting.pop()] = found.start()
    return closes
