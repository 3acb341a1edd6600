"""How attacks of several turns went: what they found, what of it comes again, and how many requests it took."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from resolute.core.rates import rate
from resolute.core.results.attacked import Course
from resolute.stages.pages.sheet import Sheet
from resolute.stages.pages.study import Row, Study

FRESH = ":fresh"
"""What stands behind an attack's name on further samples of the request that is judged."""


def courses(study: Study) -> Sheet | None:
    """One line a row, seed and attack; None where no attack took turns."""
    rows = [line for row in study.rows if row.measured for line in _lines(row)]
    about = (
        "Found: the stop instrument took the goal for reached, which is no verdict. Queries: requests to the target up "
        "to the first answer that was taken for it, over the goals where one was. Not found in that many requests is "
        "not never. The attacker failed: no stream came to its end; no success, no defence, in no rate."
    )
    header = ("Row", "Seed", "Attack", "Goals", "Found", "Queries, median", "Queries, most", "Queries, mean of all",
              "Attacker failed", "Not rated")  # fmt: skip
    return Sheet("attacks", "Attacks of several turns", about, header, rows) if rows else None


def reproduced(study: Study) -> Sheet | None:
    """How often the event stands in further samples of the request that is judged, by every instrument."""
    rows: list[Sequence[str]] = []
    for row in study.rows:
        for trace_attack, judge, scores, goals in _fresh(row) if row.measured else ():
            rows.append((row.label, str(row.seed), trace_attack, judge, str(rate(scores, goals))))
    about = "The last request of each attack, sampled again: the share of these samples in which the event stands."
    header = ("Row", "Seed", "Attack", "Instrument", "Again")
    return Sheet("reproduced", "What of the attacks comes again", about, header, rows) if rows else None


def _lines(row: Row) -> list[Sequence[str]]:
    held = row.records("evaluate", "courses.parquet", Course)
    found: list[Sequence[str]] = []
    for attack in sorted({one.attack for one in held}):
        mine = [one for one in held if one.attack == attack]
        counted = [one for one in mine if not one.attacker_failed]
        took = [one.queries_to_found for one in counted if one.queries_to_found is not None]
        goals = [one.prompt for one in counted]
        all_of = [one.queries for one in counted]
        found.append(
            (
                row.label,
                str(row.seed),
                attack,
                str(len(set(goals))),
                str(rate([float(one.found) for one in counted], goals)) if counted else "–",
                f"{median(took):g}" if took else "–",
                str(max(took)) if took else "–",
                f"{sum(all_of) / len(all_of):.1f}" if all_of else "–",
                str(len(mine) - len(counted)),
                str(sum(one.not_rated for one in mine)),
            )
        )
    return found


def _fresh(row: Row) -> list[tuple[str, str, list[float | None], list[str]]]:
    asked = {one.id: one for one in row.traces if one.attack.endswith(FRESH)}
    held: dict[tuple[str, str], list[tuple[float | None, str]]] = {}
    for said in row.verdicts:
        answer = asked.get(said.trace)
        if answer is not None and said.event == "unsafe" and said.part == "answer":
            score = 0.0 if said.outcome == "model failed" else said.score
            held.setdefault((answer.attack, said.judge), []).append((score, answer.prompt.goal))
    return [(*place, [s for s, _ in some], [g for _, g in some]) for place, some in sorted(held.items())]
