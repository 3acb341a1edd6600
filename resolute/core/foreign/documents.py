"""JSON documents that hold rows and are no list: `{"data": [...]}`, HarmBench's completions, logs of Inspect AI.

HarmBench (arXiv 2402.04249) keeps a list of completions per behaviour, and names behaviours by an id only:

    {"behaviour_id": [{"test_case": "...", "generation": "..."}, ...], ...}
"""

from __future__ import annotations

from typing import Any, cast

BEHAVIOUR = "BehaviorID"
"""Column that HarmBench's own tables call a behaviour's id."""


def is_log(document: Any) -> bool:
    """Whether this is a log of Inspect AI, written as JSON."""
    return isinstance(document, dict) and {"version", "status", "eval"} <= cast("dict[str, Any]", document).keys()


def listed(document: Any) -> list[Any] | None:
    """The items of a document: itself, HarmBench's completions, or the only list in it; None where there is none.

    Items may be anything; a completion of HarmBench carries its behaviour's id and goal.
    """
    if isinstance(document, list):
        return cast("list[Any]", document)
    if not isinstance(document, dict):
        return None
    held = cast("dict[str, Any]", document)
    if _is_harmbench(held):
        return [item for name, items in held.items() for item in _completions(name, items)]
    lists = [cast("list[Any]", value) for value in held.values() if isinstance(value, list)]
    return lists[0] if len(lists) == 1 else None


def _is_harmbench(held: dict[str, Any]) -> bool:
    if not all(isinstance(value, list) for value in held.values()):
        return False
    items = [item for value in held.values() for item in value]
    return any(isinstance(item, dict) and {"test_case", "generation"} <= item.keys() for item in items)


def _completions(name: str, items: list[Any]) -> list[Any]:
    """The completions of one behaviour. Its goal is its test case where it has one; attacked ones share its id's words,
    so that they count as one goal."""
    cases = {str(item.get("test_case")) for item in items if isinstance(item, dict)}
    goal = cases.pop() if len(cases) == 1 else name.replace("_", " ")
    return [{**item, BEHAVIOUR: name, "goal": goal} if isinstance(item, dict) else item for item in items]
