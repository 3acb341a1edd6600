"""The probability an instrument's model gives to an event, read off its candidates at the token that decides.

A server names the likeliest few candidates for each token of a reply, not which one was taken. The reply's own words
tell: tokens are followed through them until the one that begins the verdict's word.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from resolute.core.judging.instruments import Said

_SPACE = " \t\r\n\u2581\u0120\u010a"
"""White space, and how vocabularies write it where a server does not decode tokens."""


def probability(said: Said, at: int, event: Sequence[str], other: Sequence[str]) -> float | None:
    """P(event) among the words of `event` and `other`, at the token that begins the word at character `at`.

    A candidate counts for the words it begins, whole or in pieces, after white space and in any case; one that begins
    words of both sides counts for neither. None where the tokens do not lead there, or no candidate begins a word.
    """
    position = _deciding(said, at)
    if position is None:
        return None
    sums = {True: 0.0, False: 0.0}
    for token, chance in said.chances[position].items():
        sides = {side for side, words in ((True, event), (False, other)) if _begins(token, words)}
        if len(sides) == 1 and math.isfinite(chance) and chance > 0:
            sums[sides.pop()] += chance
    total = sums[True] + sums[False]
    return sums[True] / total if total > 0 else None


def _begins(token: str, words: Sequence[str]) -> bool:
    """Whether a token is the beginning of a word, or the word and what follows it."""
    piece = token.lstrip(_SPACE).casefold()
    return bool(piece) and any(
        word.startswith(piece) or (piece.startswith(word) and not piece[len(word)].isalnum())
        for word in (word.casefold() for word in words)
        if word
    )


def _deciding(said: Said, at: int) -> int | None:
    """Which token of the reply has the character `at` of its words as its first that is no white space."""
    place = 0
    for position, candidates in enumerate(said.chances):
        token = _taken(candidates, said.words, place)
        if token is None:
            return None
        begins = place + len(token) - len(token.lstrip(_SPACE))
        place += len(token)
        if begins < place and begins >= at:
            return position if begins == at else None
    return None


def _taken(candidates: Mapping[str, float], words: str, place: int) -> str | None:
    """The likeliest candidate that the words go on with at `place`; empty for one that left nothing in them."""
    if not candidates:
        return None
    plain = {_plain(token): chance for token, chance in candidates.items()}
    likeliest = max(plain, key=plain.__getitem__)
    if not likeliest or (place == 0 and not likeliest.strip(_SPACE) and not words.startswith(likeliest)):
        return ""  # a special token, or the white space before the words
    fitting = [token for token in plain if token and words.startswith(token, place)]
    return max(fitting, key=plain.__getitem__) if fitting else None


def _plain(token: str) -> str:
    return token.replace("\u2581", " ").replace("\u0120", " ").replace("\u010a", "\n")
