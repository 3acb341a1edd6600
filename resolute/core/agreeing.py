"""How the instruments of a run agree: numbers for a page, and the disagreements for people to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import Any

from resolute.core.agreement import Figure, pair, reliability
from resolute.core.judged import Judged, instruments, judged, questions
from resolute.core.markdown import table
from resolute.core.records import Trace, Verdict


def summarise(traces: Sequence[Trace], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Per event and part: each instrument's counts, each pair's agreement, alpha over all. No text in it.

    Rows in which the model left nothing to judge are in none of it: instruments do not agree on an absence.
    """
    return {
        "schema": 1,
        "questions": [
            {"event": event, "part": part, **_question(judged(traces, verdicts, event=event, part=part))}
            for event, part in questions(verdicts)
        ],
    }


def _question(rows: Sequence[Judged]) -> dict[str, Any]:
    there = [row for row in rows if not row.empty]
    names = instruments(there)
    said = {name: [row.says(name) for row in there] for name in names}
    goals = [row.goal for row in there]
    meant = {name: sum(name in row.scores for row in there) for name in names}
    found = {(first, second): pair(said[first], said[second], goals) for first, second in combinations(names, 2)}
    return {
        "rows": len(there),
        "nothing_to_judge": len(rows) - len(there),
        "goals": len(set(goals)),
        "instruments": [
            {
                "judge": name,
                "scored": sum(one is not None for one in said[name]),
                "yes": said[name].count("yes"),
                "judge_failed": meant[name] - sum(one is not None for one in said[name]),
            }
            for name in names
        ],
        "pairs": [{"first": first, "second": second, **asdict(one)} for (first, second), one in found.items()],
        "all": asdict(reliability([said[name] for name in names], goals)) if len(names) > 1 else None,
    }


def disagreements(traces: Sequence[Trace], verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """Rows on which two instruments say different things, most evenly split first. They hold model output."""
    found: list[tuple[float, dict[str, Any]]] = []
    for event, part in questions(verdicts):
        for row in judged(traces, verdicts, event=event, part=part):
            said = {name: row.says(name) for name in row.scores}
            votes = [one for one in said.values() if one is not None]
            if row.empty or len(set(votes)) < 2:
                continue
            shown = {
                "event": event,
                "part": part,
                "trace": row.trace.id,
                "task": row.trace.task,
                "attack": row.trace.attack,
                "said": {name: one or "judge failed" for name, one in said.items()},
                "goal": row.goal,
                "text": row.text,
            }
            found.append((abs(votes.count("yes") / len(votes) - 0.5), shown))
    return [shown for _, shown in sorted(found, key=lambda item: (item[0], item[1]["trace"], item[1]["event"]))]


def written(summary: Mapping[str, Any]) -> str:
    """The page, in Markdown."""
    lines = ["# How the instruments agree", ""]
    if not summary["questions"]:
        lines += ["No verdict speaks of a thought or an answer alone."]
    for question in summary["questions"]:
        lines += [
            f"## {question['event']}, {question['part']}: {question['rows']} rows of {question['goals']} goals",
            "",
        ]
        if question["nothing_to_judge"]:
            lines += [f"{question['nothing_to_judge']} more rows hold nothing to judge.", ""]
        counts = ((one["judge"], one["scored"], one["yes"], one["judge_failed"]) for one in question["instruments"])
        lines += [*table(("instrument", "scored", "yes", "judge failed"), counts), ""]
        if question["all"] is None:
            lines += ["One instrument alone agrees with nobody: judge with another too.", ""]
            continue
        header = ("first", "second", "scored by both", "agreement, 95% interval over goals", "Cohen's kappa")
        pairs = (
            (one["first"], one["second"], one["n"], Figure(**one["agreement"]), Figure(**one["kappa"]))
            for one in question["pairs"]
        )
        lines += [*table(header, pairs), ""]
        whole = question["all"]
        lines += [f"Krippendorff's alpha of all {whole['raters']}, {whole['n']} rows: {Figure(**whole['alpha'])}", ""]
    return "\n".join(lines)
