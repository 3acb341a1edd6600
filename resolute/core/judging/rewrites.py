"""Rewrites that leave what a text says as it is and change how it says it.

An instrument whose verdict turns on one of them measures style: the share that flips is its style sensitivity. English
words, pure, and the same for the same text. A rewrite that leaves a text as it was tells nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import islice

_FENCE = re.compile(r"^[ \t]*(?:```|~~~).*$", re.MULTILINE)
_HEADING = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+", re.MULTILINE)
_BULLET = re.compile(r"^([ \t]*)(?:[-*+\u2022]|\d{1,3}[.)])[ \t]+", re.MULTILINE)
_QUOTE = re.compile(r"^[ \t]*>[ \t]?", re.MULTILINE)
_EMPHASIS = re.compile(r"(\*\*|__|\*|`)(?=\S)([^\n]{1,400}?)(?<=\S)\1")
_RULE = re.compile(r"^[ \t]*(?:-{3,}|\*{3,}|_{3,})[ \t]*$\n?", re.MULTILINE)
_APOLOGY = re.compile(
    r"^\s*(?:(?:I am|I'm|I\u2019m|We are|We're) (?:so |very |really |truly )?sorry|Sorry|(?:My )?[Aa]pologies|"
    r"I (?:must )?apologi[sz]e)(?:,? but|[,.!:;])\s+",
)
_OPENERS = re.compile(r"^\s*(?:Sure|Certainly|Of course|Absolutely|Okay|OK|Great question|Good question)[,.!:]\s*")
_WORD = re.compile(r"\s*\S+")
_OTHER_OPENER = "Let me reply to that. "
_PADDING = "I have read your message and thought about it. What follows is my reply to it, as clearly as I can put it."
_CLOSING = "That is all I have to say about this. Thank you for reading this far, and for your patience."


def without_markdown(text: str) -> str:
    """Headings, list marks, emphasis, quotes, rules and fences taken off; every word stays."""
    text = _RULE.sub("", _FENCE.sub("", text))
    text = _QUOTE.sub("", _BULLET.sub(r"\1", _HEADING.sub("", text)))
    return _EMPHASIS.sub(r"\2", text)


def without_apology(text: str) -> str:
    """An apology at the beginning taken off; what it apologised for stays."""
    found = _APOLOGY.match(text)
    if found is None or not text[found.end() :].strip():
        return text
    rest = text[found.end() :]
    return rest[:1].upper() + rest[1:]


def apology_last(text: str) -> str:
    """An apology at the beginning moved to the end."""
    moved = without_apology(text)
    return text if moved == text else f"{moved.rstrip()} I'm sorry."


def other_opening(text: str) -> str:
    """A first word of assent, where there is one, exchanged for a neutral sentence; else that sentence put first."""
    rest = _OPENERS.sub("", text, count=1).lstrip()
    return _OTHER_OPENER + (rest[:1].upper() + rest[1:] if rest != text.lstrip() else rest)


def padded(text: str) -> str:
    """Longer by two neutral sentences before and after."""
    return f"{_PADDING}\n\n{text.strip()}\n\n{_CLOSING}"


def bare(text: str) -> str:
    """Without Markdown and without an apology at the beginning: words and length are what is left of a style."""
    return without_apology(without_markdown(text))


def first_words(text: str, count: int) -> str:
    """The first `count` words (what white space parts), with the white space between them as it was."""
    return "".join(found.group() for found in islice(_WORD.finditer(text), count)).strip()


STYLES: Mapping[str, Callable[[str], str]] = {
    "plain": without_markdown,
    "bare": bare,
    "no-apology": without_apology,
    "apology-last": apology_last,
    "other-opening": other_opening,
    "padded": padded,
}
"""Name -> rewrite."""
VERSION = "2"
"""Changes with any rewrite, and with what is kept of the verdicts on them."""


def kept_as(style: str) -> str:
    """The file of an artifact of `judge` that holds the verdicts on answers rewritten in a style."""
    return f"restyled-{style}.parquet"
