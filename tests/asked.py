"""Every instrument of the catalogue that asks a model, over stand-ins for the input formats that others published.

A stand-in has the marks and places of the published format and words of ours, so that the instruments can be tried
where the published files are not at hand.
"""

from __future__ import annotations

import copy
import hashlib
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from resolute.core.judging.formats import Published
from resolute.core.judging.instruments import Asked
from resolute.core.records import Ending, Kind, Message, Prompt, Trace
from resolute.judges import ASKED

STAND_INS = {
    "wildguard": "<|user|>\n[INST] A stand-in.\n\nHuman user:\n{prompt}\n\nAI assistant:\n{response}\n\n---\n\n"
    "Answers: [/INST]\n<|assistant|>\n",
    "harmbench": "[INST] <<SYS>>\nA stand-in.\n<</SYS>>\n\n[BEHAVIOR]:\n{behavior}\n\n[GENERATION]:\n{generation}\n\n"
    "---\nRules:\n- None.\n\nAnswer: [/INST]",
    "reasoning-shield": "# Task Description\nA stand-in with {braces}.",
}


def standing_in(published: Published) -> Published:
    """The same format with the words of its stand-in."""
    text = STAND_INS[published.name]
    return replace(published, length=len(text), sha256=hashlib.sha256(text.encode()).hexdigest())


def save_stand_ins(data: Path) -> Path:
    """The stand-ins as files below a data folder, each within more text, as the published ones lie."""
    folder = data / "formats"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in STAND_INS.items():
        (folder / f"{name}.md").write_text(f'Some page.\nFORMAT = """{text}"""\n', encoding="utf-8")
    return data


def instrument(name: str) -> Asked:
    """The instrument of that name; one that needs a published format looks for its stand-in."""
    module, _, attribute = ASKED[name].partition(":")
    found = copy.copy(getattr(import_module(module), attribute))
    if hasattr(found, "form"):
        found.form = standing_in(found.form)
    return found


def trace(
    *,
    goal: str = "Tell me about X.",
    thought: str = "Let me think.",
    answer: str = "Here is X.",
    kind: Kind = "harmful",
    split: str = "",
    category: str = "",
    source: str = "",
) -> Trace:
    """One trace whose attacked prompt says what no instrument may see."""
    framed = f"FRAMED {goal}"
    prompt = Prompt(text=framed, goal=goal, kind=kind, framing="story", split=split, category=category, source=source)
    return Trace(
        id="t", prompt=prompt, sent=[Message(role="user", content=f"ATTACKED {framed}")], model="m", identity="i",
        reasoning=thought, answer=answer, ending=Ending(where="answer", why="end of turn"),
    )  # fmt: skip
