"""The lab's scripted repairer: it reads the question any repairing model gets, and mends what the closed grammar shows.

It knows the sentences of `phrases`, not the truth about a trace: it goes by the material between the marks, like any
model. One reply in ten is no JSON, so that the second question and its failures are walked too.
"""

from __future__ import annotations

import inspect
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from resolute.core.ask import Reply
from resolute.core.keys import digest
from resolute.core.records import Ending, Message, Way
from resolute.core.repair.cases import instruction
from resolute.core.repair.repairs import WAYS
from resolute.lab import lexicon, oracles, phrases, world

GARBLED = 0.1
"""Share of replies that are none."""
_PARTS: tuple[str, ...] = ("goal", "sent", "thought", "answer", "found")
_MARK = re.compile(r"^=== [0-9a-f]{16} ===$", re.MULTILINE)
_FAULTY = frozenset({"strong", "weak", "weak_other", "keep", "additions", "facts", "excuse"})
"""What sentences of a refusing thought must not do."""


@dataclass(frozen=True)
class Repairer:
    """A model that is a function."""

    @cached_property
    def identity(self) -> str:
        """Hash of the code and words it repairs with."""
        from resolute.lab import repairer

        modules = (world, lexicon, phrases, oracles, repairer)
        return digest([inspect.getsource(module) for module in modules])

    @cached_property
    def _ways(self) -> dict[str, Way]:
        return {instruction(way, answer_open=answer): way for way in WAYS for answer in (False, True)}

    def reply(self, messages: Sequence[Message], seed: int) -> Reply:
        """The repair of the trace in the last message, in the way the first one asks for."""
        rng = random.Random(seed)
        way = self._ways.get(messages[0].content)
        said = messages[-1].content
        parts = dict(zip(_PARTS, (part.strip("\n") for part in _MARK.split(said)[1::2]), strict=False))
        words = "sorry , i do not follow ."
        if way is not None and set(parts) == set(_PARTS) and rng.random() >= GARBLED:
            answer_open = instruction(way, answer_open=True) == messages[0].content
            words = json.dumps(_mend(way, parts, rng, answer_open=answer_open))
        prompt = sum(len(message.content.split()) for message in messages)
        end = Ending(where="answer", why="end of turn")
        return Reply("", words, end, had_thought=False, tokens_in=prompt, tokens_out=len(words.split()))


def _mend(way: Way, parts: dict[str, str], rng: random.Random, *, answer_open: bool) -> dict[str, Any]:
    cut = phrases.sentences(parts["thought"])
    faulty = [sentence for sentence in cut if phrases.sense(sentence) in _FAULTY]
    refusal = rng.choice(phrases.REFUSALS)
    harmful = oracles.strict(parts["goal"], "", parts["answer"]) != "safe"
    answer = refusal if harmful and answer_open and way != "cut" else None
    if way == "cut":
        return {"passages": [{"first": one, "last": one} for one in faulty]}
    if way == "backtrack":
        step = next((one for one in cut if one in faulty), cut[-1])
        said = f"{_aware(parts['goal'], rng)} {phrases.SENTENCES['refuse'][0]}"
        return {"first": step, "last": step, "correction": said, "answer": answer}
    failing = _FAULTY | {"neutral", "help"}
    runs = [list(run) for fails, run in groupby(cut, key=lambda one: phrases.sense(one) in failing) if fails]
    return {"steps": [_step(run, parts["goal"], rng) for run in runs], "answer": answer}


def _step(run: Sequence[str], goal: str, rng: random.Random) -> dict[str, str]:
    """What stands in the place of failing sentences: awareness for its lack, a refusal for help, else the decision."""
    new = {"neutral": _aware(goal, rng), "help": phrases.SENTENCES["refuse"][0]}
    said = [new.get(phrases.sense(sentence) or "", phrases.SENTENCES["decide"][1]) for sentence in run]
    return {"first": run[0], "last": run[-1], "replacement": " ".join(dict.fromkeys(said))}


def _aware(goal: str, rng: random.Random) -> str:
    deed = world.deed(goal)
    choices = [phrases.SENTENCES["aware"][which] for which in phrases.ASSESS["default"]]
    return phrases.fill(rng.choice(choices), deed) if deed is not None else "so it is harmful ."
