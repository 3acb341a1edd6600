"""Changes to a text such as models, spreadsheets and attackers make: the ground of every fuzzing here."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

_ALIKE = str.maketrans("saeoS10k :<\n", "\u017f\u0430\u0435\u03bf\uff33\u0661\uff10\u212a\u00a0\uff1a\uff1c\u2028")
_WHITE = (" ", "\n", "\r\n", "\t", "\x85", "\x1c", "\u00a0", "\u2028", "\x00", "\u202e", "\ufeff", "\ud800")
_WORDS = (
    ".",
    ",",
    "!",
    '"',
    "*",
    "0",
    "7",
    "-1",
    "0.5",
    "S15",
    "safe",
    "unsafe",
    "no",
    "yes",
    "n/a",
    "<|return|>",
    "```",
)
BITS = (*_WHITE, *_WORDS)


def mutated(draw: random.Random, own: Sequence[str], others: Sequence[str]) -> str:
    """A text, more often one of `own`, changed up to four times."""
    text = draw.choice(own if own and draw.random() < 0.7 else others)
    for _ in range(draw.choice((0, 1, 1, 1, 2, 2, 3, 4))):
        change = draw.choice(MUTATIONS)
        text = again(text, draw, others) if change is None else change(text, draw)
    return text


def _place(text: str, draw: random.Random) -> int:
    return draw.randint(0, len(text))


def _cut(text: str, draw: random.Random) -> str:
    one, other = sorted((_place(text, draw), _place(text, draw)))
    return text[:one] + text[min(other, one + 3) :]


def _swapped(text: str, draw: random.Random) -> str:
    lines = text.split("\n")
    draw.shuffle(lines)
    return "\n".join(lines)


def _inserted(text: str, draw: random.Random) -> str:
    at = _place(text, draw)
    return text[:at] + draw.choice(BITS) + text[at:]


def _alike(text: str, draw: random.Random) -> str:
    at = _place(text, draw)
    return text[:at] + text[at : at + 1].translate(_ALIKE) + text[at + 1 :]


def _spaced(text: str, draw: random.Random) -> str:
    white = draw.choice((" ", "\n", "\t", "\r\n", "\n\n", "  "))
    return draw.choice((white + text, text + white, text.replace("\n", white), text.replace(" ", white)))


def again(text: str, draw: random.Random, others: Sequence[str]) -> str:
    """Said twice, or beside something else."""
    other = draw.choice(others)
    glue = draw.choice(("", " ", "\n", "\n\n", ", ", " or "))
    return draw.choice((text + glue + text, text + glue + other, other + glue + text))


MUTATIONS: tuple[Callable[[str, random.Random], str] | None, ...] = (
    _cut,
    _swapped,
    _inserted,
    _alike,
    _spaced,
    None,
    lambda text, draw: text[: _place(text, draw)],
    lambda text, draw: draw.choice((text.upper(), text.lower(), text.title(), text.swapcase())),
    lambda text, draw: draw.choice((f"```\n{text}\n```", f"**{text}**", f"> {text}", f'"{text}"')),
    lambda text, draw: draw.choice((f'{{"verdict": "{text}"}}', f"Sorry, no.\n{text}", f"{text} since it is.")),
    lambda text, draw: re.sub(r"\d", lambda _: str(draw.randint(0, 9)), text),
)  # fmt: skip
"""None stands for `again`, which needs other texts."""
