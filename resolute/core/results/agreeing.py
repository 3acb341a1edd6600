"""How instruments agree, with each other and with people: numbers for a page, and the disagreements to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from resolute.core.errors import ResoluteError
from resolute.core.markdown import table
from resolute.core.people.labels import Key, Labels
from resolute.core.results.judged import Judged, Questions, instruments
from resolute.core.statistics.agreement import Figure, pair, reliability


@dataclass(frozen=True)
class Reader:
    """Somebody who labelled a sheet."""

    name: str
    key: Key
    said: Mapping[str, Labels]


def summarise(questions: Questions, readers: Sequence[Reader] = ()) -> dict[str, Any]:
    """Per question: each instrument's counts, each pair's agreement, alpha over all; and people's. No text in it.

    Rows in which the model left nothing to judge are in none of it: instruments do not agree on an absence. Raises
    `ResoluteError` for readers of different sheets.
    """
    if len({reader.key.path for reader in readers}) > 1:
        mend = "give both readers copies of one sheet"
        raise ResoluteError("the readers labelled different sheets", where=str(readers[-1].key.path), mend=mend)
    return {
        "schema": 1,
        "questions": [
            {"event": what, "part": part, **_question(rows), "with_people": _with_people(what, rows, readers)}
            for (what, part), rows in questions.items()
        ],
    }


def _with_people(what: str, rows: Sequence[Judged], readers: Sequence[Reader]) -> list[dict[str, Any]]:
    """Each reader with every other and with every instrument, on the rows of their sheet, weighted to all rows."""
    readers = [reader for reader in readers if what in reader.said]
    if not readers:
        return []
    chances = {(entry.trace, entry.part): entry.chance for entry in readers[0].key.entries if entry.row}
    drawn = [row for row in rows if (row.trace.id, row.part) in chances]
    said = {f"people: {reader.name}": [_word(reader, what, row) for row in drawn] for reader in readers}
    people = list(said)
    said |= {name: [row.says(name) for row in drawn] for name in instruments(drawn)}
    goals, weights = [row.goal for row in drawn], [1 / chances[row.trace.id, row.part] for row in drawn]
    return [
        {"first": one, "second": other, **asdict(pair(said[one], said[other], goals, weights=weights))}
        for number, one in enumerate(people)
        for other in list(said)[number + 1 :]
    ]


def _word(reader: Reader, what: str, row: Judged) -> str | None:
    label = reader.said[what].given.get((row.trace.id, row.part))
    return None if label is None else "yes" if label else "no"


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


def disagreements(questions: Questions) -> list[dict[str, Any]]:
    """Rows on which two instruments say different things, most evenly split first. They hold model output."""
    found: list[tuple[float, dict[str, Any]]] = []
    for (what, _), rows in questions.items():
        for row in rows:
            said = {name: row.says(name) for name in row.scores}
            votes = [one for one in said.values() if one is not None]
            if row.empty or len(set(votes)) < 2:
                continue
            shown = {
                "event": what,
                "trace": row.trace.id,
                "task": row.trace.task,
                "attack": row.trace.attack,
                "said": {name: one or "judge failed" for name, one in said.items()},
                **row.shown,
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
        lines += _people(question["with_people"])
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


def _people(pairs: Sequence[Mapping[str, Any]]) -> list[str]:
    if not pairs:
        return []
    header = ("reader", "and", "labelled by both", "agreement, weighted to all rows", "Cohen's kappa")
    rows = (
        (one["first"], one["second"], one["n"], Figure(**one["agreement"]), Figure(**one["kappa"])) for one in pairs
    )
    return [*table(header, rows), ""]
