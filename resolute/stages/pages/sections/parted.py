"""Rates of the main table, parted: by category, by samples of a problem, and by nearness to the training goals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from resolute.core.curation.overlap import Reserve, Reserved
from resolute.core.results.breakdown import MOST
from resolute.core.results.comparing import NEAR, NEARNESS, Nearness
from resolute.core.results.tables import Cell, cells
from resolute.core.statistics.passing import passes
from resolute.stages.pages.columns import POOLED, Column, bare
from resolute.stages.pages.sheet import Sheet
from resolute.stages.pages.study import Row, Study
from resolute.stages.pages.wordless import Answer, as_traces, as_verdicts

EVERY = "every measure"


def categories(study: Study, columns: Sequence[Column]) -> Sheet | None:
    """Each cell of the main table by the category of its prompts, where a task has from two to `MOST` of them."""
    rows: list[Sequence[str]] = []
    for row in study.rows:
        several = _several(row) if row.measured else set[str]()
        parted = _parted(row, lambda answer: answer.prompt.category, several)
        rows += [line for category, found in sorted(parted.items()) for line in _lines(row, category, found, columns)]
    about = "Few prompts each: intervals are wide, and none is corrected for how many there are."
    header = ("Row", "Seed", "Category", "Measure", "Goals", "Rate")
    return Sheet("categories", "By category", about, header, rows) if rows else None


def nearness(study: Study, columns: Sequence[Column]) -> Sheet | None:
    """Each trained row's cells for goals it never saw, goals near those it was trained on, and goals it was trained on.

    None without a training set. Nearness is as in `compare`: by words, so rewording and encoding are not found.
    """
    known: dict[frozenset[str], dict[str, Nearness]] = {}
    rows: list[Sequence[str]] = []
    for row in study.rows:
        trained = frozenset(one.goal for one in row.examples) if row.measured else frozenset[str]()
        if not trained:
            continue
        near = known.setdefault(trained, {})
        _place({one.prompt.goal for one in row.traces} - near.keys(), trained, near)
        if len(goals := {one.prompt.goal for one in row.traces}) == sum(near[goal] == "unseen" for goal in goals):
            rows.append((row.label, str(row.seed), "unseen", EVERY, str(len(goals)), "as in the main table"))
            continue
        places = near.__getitem__
        parted = _parted(row, lambda answer, places=places: places(answer.prompt.goal), {t.task for t in row.traces})
        rows += [line for part in NEARNESS if part in parted for line in _lines(row, part, parted[part], columns)]
    if len(rows) > 1 and all(row[2:4] == ("unseen", EVERY) for row in rows):
        counts = " or ".join(sorted({row[4] for row in rows}, key=int))
        rows = [("Every trained row", "all", "unseen", EVERY, counts, "as in the main table")]
    about = (
        "Seen: the words of a goal the row was trained on. Near: a shared run of words, or a similarity of words of at "
        f"least {NEAR:g}. What a row has learnt by heart shows as a gap between seen and unseen goals."
    )
    header = ("Row", "Seed", "Goals are", "Measure", "Goals", "Rate")
    return Sheet("nearness", "Seen, near and unseen goals", about, header, rows) if rows else None


def samples(study: Study) -> Sheet | None:
    """pass@k of each row and seed, where problems were asked several times."""
    rows: list[Sequence[str]] = []
    for row in study.rows:
        for one in passes(as_traces(row.traces), as_verdicts(row.verdicts)) if row.measured else ():
            rows.append((row.label, str(row.seed), one.task, bare(one.judge), str(one.k), str(one.rate)))
    about = "Chance that k samples solve a problem at least once, by the unbiased estimator, averaged over problems."
    header = ("Row", "Seed", "Task", "Instrument", "k", "pass@k")
    return Sheet("samples", "Several samples", about, header, rows) if rows else None


def _several(row: Row) -> set[str]:
    found: dict[str, set[str]] = {}
    for one in row.traces:
        found.setdefault(one.task, set()).add(one.prompt.category)
    return {task for task, some in found.items() if 2 <= len(some) <= MOST}


def _parted(row: Row, label: Callable[[Answer], str], tasks: Iterable[str]) -> dict[str, list[Cell]]:
    groups: dict[str, list[Answer]] = {}
    wanted = set(tasks)
    for one in row.traces if wanted else ():
        if one.task in wanted:
            groups.setdefault(label(one), []).append(one)
    place = {one.id: name for name, some in groups.items() for one in some}
    said: dict[str, list[int]] = {}
    verdicts = row.verdicts if groups else []
    for number, verdict in enumerate(verdicts):
        if verdict.trace in place:
            said.setdefault(place[verdict.trace], []).append(number)
    return {
        name: cells(as_traces(some), as_verdicts([verdicts[number] for number in said.get(name, ())]))
        for name, some in groups.items()
    }


def _lines(row: Row, part: str, found: Sequence[Cell], columns: Sequence[Column]) -> list[Sequence[str]]:
    there = {(c.task, c.attack, c.event, c.part, c.judge): c for c in columns if c.attack != POOLED}
    lines: list[Sequence[str]] = []
    for cell in found:
        column = there.get((cell.task, cell.attack, cell.event, cell.part, bare(cell.judge)))
        if column is not None:
            text = (row.label, str(row.seed), part or "none", column.name, str(cell.rate.goals), str(cell.rate))
            lines.append(text)
    return lines


def _place(goals: Iterable[str], trained: Iterable[str], near: dict[str, Nearness]) -> Mapping[str, Nearness]:
    reserve = Reserve((Reserved(goal) for goal in sorted(trained)), near=NEAR)
    for goal in sorted(goals):
        hit = reserve.overlap(goal)
        near[goal] = "unseen" if hit is None else "seen" if hit.how == "exact" else "near"
    return near
