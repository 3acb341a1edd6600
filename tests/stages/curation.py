"""Curations in tests: one job on files of harmless rows whose words are their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from resolute.core.files import read_json, read_records, write_records
from resolute.core.jobs import Job, perform
from resolute.core.records import Ending, Example, Kind, Message, Prompt, Trace
from resolute.core.runs import Artifact
from resolute.core.settings import Curate


def curate(store: Path, inputs: dict[str, Path], **settings: Any) -> Artifact:
    return perform(Job("curate", Curate.model_validate(settings), inputs), store, lambda *_: None)


def row(number: int, *, goal: str = "", text: str = "", thought: str = "", label: str = "unsafe") -> dict[str, str]:
    """A row whose words are its own: nothing repeats by chance."""
    own = " ".join(f"w{number}x{n}" for n in range(12))
    goal = goal or f"goal {own}"
    return {
        "goal": goal,
        "prompt": text or goal,
        "response": f"<think>\n{thought or f'thought {own}'}\n</think>\n\nanswer {own}",
        "label": label,
    }


def table(folder: Path, rows: list[dict[str, str]], name: str = "mine") -> Path:
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    return path


def examples(made: Artifact) -> list[Example]:
    return read_records(made.output("examples.parquet"), Example)


def reasons(made: Artifact) -> dict[str, int]:
    return {item["reason"]: item["n"] for item in read_json(made.output("funnel.json"))["left"]}


def reserve(folder: Path, *goals: str) -> str:
    return str(table(folder, [{"prompt": goal} for goal in goals], "reserved"))


def trace(number: int, strategy: str = "", *, sample: int = 0, thought: str = "", **changed: Any) -> Trace:
    """A distilled trace for prompt `number`; its words are its own, by strategy and sample."""
    kind: Kind = changed.pop("kind", "harmful")
    about = {name: changed.pop(name) for name in ("source", "category", "framing") if name in changed}
    goal = " ".join(f"goal{number}x{n}" for n in range(6))
    own = " ".join(f"{strategy or 'none'}{number}x{sample}x{n}" for n in range(12))
    values: dict[str, Any] = {
        "id": f"{strategy}-{number}-{sample}",
        "prompt": Prompt(text=f"{goal} please", goal=goal, kind=kind, **about),
        "sent": [Message(role="user", content=f"{goal} please")],
        "model": "teacher",
        "identity": "teacher@1",
        "strategy": strategy,
        "sample": sample,
        "seed": 7,
        "reasoning": thought or f"thought {own}",
        "answer": f"answer {own}",
        "ending": Ending(where="answer", why="end of turn"),
    }
    return Trace(**(values | changed))


def stored(folder: Path, *groups: list[Trace]) -> dict[str, Path]:
    """Files of traces, one a group, in the roles that runs would have."""
    inputs: dict[str, Path] = {}
    for number, traces in enumerate(groups):
        role = f"traces-{number + 1}" if number else "traces"
        inputs[role] = folder / f"{role}.parquet"
        write_records(inputs[role], traces, Trace)
    return inputs


def report(made: Artifact) -> dict[str, Any]:
    return read_json(made.output("funnel.json"))
