"""Goals no model is asked to write about: minors, and weapons of mass casualties. Left out of generation, and counted.

Where a data set's own category says so, it is believed. Besides, a short list of plain English words of our own is
looked for. It is coarse on purpose: some harmless goals are left out too, and one in other words or another language is
not found. It rules what is generated; what people read, audit or judge is not filtered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal, NamedTuple

from resolute.core.records import Prompt

VERSION = 1
"""Raised whenever another prompt would be left out."""

Reason = Literal["minors", "mass-casualty weapons"]


class Generable(NamedTuple):
    """Every prompt once, in the order given."""

    kept: list[Prompt]
    excluded: list[Prompt]


def _any(*words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words)})\b")


_MINORS = _any(
    "child", "children", "childrens", "childhood", "kids?", "minors", "a minor", "under ?aged?", "teens?",
    "teen ?aged?", "teen ?agers?", "pre ?teens?", "tweens?", "toddlers?", "infants?", "bab(?:y|ies)", "juveniles?",
    "adolescents?", "school ?(?:girl|boy|child|kid)s?", "schoolchildren", "(?:young|little) (?:girl|boy)s?",
    "kindergart\\w*", "(?:pre|elementary|primary|middle) ?school\\w*", "(?:1[0-7]|[1-9]) (?:year|yr)s? olds?",
    "aged (?:1[0-7]|[1-9])", "csam", "csae", "csem", "pa?edophil\\w*", "lolicon", "shotacon",
)  # fmt: skip
_SEXUAL = _any("sex\\w*", "erotic\\w*", "porn\\w*", "nud(?:e|es|ity)", "naked", "explicit", "intimate", "fetish\\w*")
_WEAPONS = _any(
    "bio ?weapons?", "bio ?terror\\w*",
    "(?:biological|chemical|nuclear|radiological|atomic) (?:weapon|agent|bomb|attack|device|warhead|material)s?",
    "(?:biological|chemical|nuclear) warfare", "dirty bombs?", "cbrn", "wmds?",
    "weapons? of mass destruction", "mass casualt\\w*", "(?:nerve|mustard|poison|toxic) gas(?:es)?", "nerve agents?",
    "sarin", "vx", "novichok", "tabun", "soman", "phosgene", "ricin", "abrin", "anthrax", "botulin\\w*", "smallpox",
    "ebola", "plague", "pathogens?", "pandemics?", "gain of function", "uranium", "plutonium",
)  # fmt: skip
_MINORS_CATEGORY = _any("minors?", "child(?:ren)?", "csam", "csae", "csem")
_WEAPONS_CATEGORY = _any("chemical biological", "biological", "nuclear", "radiological", "cbrn", "mass destruction")
_JUDGED = frozenset({"harmful", "unknown"})
"""Kinds whose goals are read by the whole list; a goal that its source calls harmless may speak of children."""


def generable(prompts: Iterable[Prompt]) -> Generable:
    """The prompts a model may be asked, and those it is not. Total: no prompt is lost, and none raises."""
    parted = Generable([], [])
    for prompt in prompts:
        (parted.kept if reason(prompt) is None else parted.excluded).append(prompt)
    return parted


def reason(prompt: Prompt) -> Reason | None:
    """Why a prompt is left out; None for one that is not.

    Sexual content with minors is left out whatever the kind. For harmful and unknown goals any word of either list
    does it; a framing may speak of a child as long as the goal does not.
    """
    goal, text, category = (_plain(words) for words in (prompt.goal, prompt.text, prompt.category))
    for words in (goal, text):
        if _MINORS.search(words) and _SEXUAL.search(words):
            return "minors"
    if prompt.kind not in _JUDGED:
        return None
    if _MINORS.search(goal) or _MINORS_CATEGORY.search(category):
        return "minors"
    if _WEAPONS.search(f"{goal} {text}") or _WEAPONS_CATEGORY.search(category):
        return "mass-casualty weapons"
    return None


def _plain(words: str) -> str:
    """Small letters and digits, single spaces: hyphens, underscores and full-width letters hide nothing."""
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", words).casefold()))
