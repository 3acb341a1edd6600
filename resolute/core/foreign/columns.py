"""Which column of a foreign file plays which role, found by name and said aloud; and what common values mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from resolute.core.records import Kind, ReasoningKind
from resolute.core.trace import Why

Role = Literal[
    "text",
    "goal",
    "input",
    "system",
    "history",
    "response",
    "reasoning",
    "reasoning_kind",
    "kind",
    "category",
    "framing",
    "source",
    "split",
    "expected",
    "solution",
    "why",
    "model",
]

NAMES: dict[Role, tuple[str, ...]] = {
    "text": (
        "messages", "conversations", "final_query", "jailbreak_prompt", "adversarial", "prompt", "question", "query",
        "instruction", "problem", "test_case", "forbidden_prompt", "Behavior", "goal", "text",
    ),
    "goal": ("goal", "goals", "forbidden_prompt", "Behavior", "query", "plain_query", "vanilla", "original_prompt"),
    "input": ("input", "ContextString"),
    "system": ("system", "system_prompt"),
    "history": ("history",),
    "response": ("final_response", "response", "output", "completion", "generation", "model_output", "answer"),
    "reasoning": ("reasoning", "reasoning_content", "thinking", "cot", "thought"),
    "reasoning_kind": ("reasoning_kind",),
    "kind": ("kind", "label", "data_type", "type"),
    "category": ("category", "SemanticCategory", "subject", "type"),
    "framing": ("framing",),
    "source": ("source",),
    "split": ("split",),
    "expected": ("expected", "answer"),
    "solution": ("solution",),
    "why": ("finish_reason", "stop_reason"),
    "model": ("model", "model_name"),
}  # fmt: skip
"""Role -> names in order of preference; letter case does not matter."""

KINDS: dict[str, Kind] = {
    "harmful": "harmful", "unsafe": "harmful", "malicious": "harmful", "safety": "harmful",
    "benign": "benign", "safe": "benign", "harmless": "benign",
    "maths": "maths", "math": "maths", "code": "code", "unknown": "unknown",
}  # fmt: skip
"""What a kind or label may be called."""

WHYS: dict[str, Why] = {
    "stop": "end of turn", "end_turn": "end of turn", "end of turn": "end of turn", "eos": "end of turn",
    "eos_token": "end of turn", "stop_sequence": "end of turn",
    "length": "length", "max_tokens": "length", "max_new_tokens": "length", "model_length": "length",
    "content_filter": "content filter", "content filter": "content filter", "safety": "content filter",
    "loop": "loop", "error": "error",
}  # fmt: skip
"""What servers call the reason an output ended."""

_REASONING_KINDS: dict[str, ReasoningKind] = {
    "raw": "raw", "summary": "summary", "written": "written", "hidden": "hidden",
}  # fmt: skip
_TELLING: dict[str, Kind] = {"forbidden_prompt": "harmful", "behavior": "harmful"}
"""Columns that only files of harmful goals have."""
_XSTEST = frozenset({"type", "prompt", "focus"}), frozenset({"type", "prompt", "completion", "final_label"})
_SHOWN = 30
_STAR1 = frozenset({"question", "response", "category", "source", "score"})
_ATTACKED = (
    frozenset({"example_idx", "query"}),
    frozenset({"query", "final_query", "success"}),
    frozenset({"query", "jailbreak_prompt", "success"}),
    frozenset({"query", "final_query", "final_score"}),
    frozenset({"goals", "targets", "controls", "jailbroken"}),
)
"""Columns of AISafetyLab's attack results, which are of harmful goals (github.com/thu-coai/AISafetyLab, examples)."""


def find(columns: Iterable[str], roles: Iterable[Role]) -> dict[Role, str]:
    """The column of each role the table has, by the first of its names that is there."""
    there = {name.lower(): name for name in reversed(list(columns))}
    found: dict[Role, str] = {}
    for role in roles:
        name = next((there[name.lower()] for name in NAMES[role] if name.lower() in there), None)
        if name is not None:
            found[role] = name
    if found.get("goal") == found.get("text"):
        found.pop("goal", None)
    return found


def kind_of(row: Mapping[str, Any], column: str | None, *, implied: Kind = "unknown") -> Kind:
    """The kind a row names itself, by its type in XSTest; `implied` where it names none we know."""
    if is_xstest(row):
        return _xstest_kind(str(row["type"]))
    value = row.get(column) if column else None
    return KINDS.get(str(value).strip().lower(), implied)


def reasoning_kind_of(row: Mapping[str, Any], column: str | None) -> ReasoningKind:
    """What a row says its thought is; `unknown` where it does not say."""
    value = row.get(column) if column else None
    return _REASONING_KINDS.get(str(value).strip().lower(), "unknown")


def why_of(row: Mapping[str, Any], column: str | None) -> Why:
    """Why an output ended, where the file says so."""
    value = row.get(column) if column else None
    return WHYS.get(str(value).strip().lower(), "unknown")


def layout(columns: Iterable[str]) -> tuple[Kind, str]:
    """The kind that a known layout implies for every row, and how that is known; `unknown` and "" otherwise."""
    names = frozenset(name.lower() for name in columns)
    for name, kind in _TELLING.items():
        if name in names:
            return kind, f"every row, from the column {name}"
    if names >= _STAR1:
        return "harmful", "every row, from the columns of STAR-1"
    if any(names >= layout for layout in _ATTACKED):
        return "harmful", "every row, from the columns of AISafetyLab"
    if {"test_case", "generation"} <= names:
        return "harmful", "every row, from the columns of HarmBench"
    return "unknown", ""


def _xstest_kind(type_: str) -> Kind:
    """XSTest names its unsafe contrasts `contrast_*` (arXiv 2308.01263, section 3); all other types are safe."""
    return "harmful" if type_.startswith("contrast_") else "benign"


def is_xstest(columns: Iterable[str]) -> bool:
    """Whether these are the columns of XSTest's prompts or labelled completions."""
    names = frozenset(name.lower() for name in columns)
    return any(names >= layout for layout in _XSTEST)


def shown(names: Iterable[str]) -> str:
    """Column names for a message: quoted, control characters escaped, not more than can be read."""
    listed = [repr(name[:60]) for name in names]
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
