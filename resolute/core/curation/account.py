"""The account of a curation: where every trace went, and what the rows that stayed are made of. Names and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from resolute.core.curation.candidates import Candidate, Likelihood
from resolute.core.curation.drawing import Drawn
from resolute.core.curation.overlap import Hit
from resolute.core.foreign.reading import ReadTraces
from resolute.core.funnel import Funnel, count_by
from resolute.core.licences import licence, terms
from resolute.core.records import RiskReport, Verdict

SCHEMA = 1
OTHERS = "(labels of which nothing was kept)"
_LABELS: dict[str, Callable[[Candidate], str]] = {
    "strategy": lambda candidate: candidate.trace.strategy,
    "category": lambda candidate: candidate.trace.prompt.category,
    "framing": lambda candidate: candidate.trace.prompt.framing,
    "source": lambda candidate: candidate.trace.prompt.source,
}


def by_label(entered: Iterable[Candidate], kept: Iterable[Candidate]) -> dict[str, list[dict[str, Any]]]:
    """How many traces entered and stayed, by strategy, category, framing and source.

    A label that stands on rejected rows alone could be any text, so it is not written down. Strategies are names.
    """
    there, stayed = list(entered), list(kept)
    found: dict[str, list[dict[str, Any]]] = {}
    for title, label in _LABELS.items():
        rows, all_of = Counter(map(label, stayed)), Counter(map(label, there))
        if title == "strategy":
            rows.update(dict.fromkeys(all_of, 0))
        ordered = sorted(rows.items(), key=lambda row: (-row[1], row[0]))
        told: list[dict[str, Any]] = [{"label": name, "entered": all_of[name], "kept": n} for name, n in ordered]
        if others := sum(all_of.values()) - sum(all_of[name] for name in rows):
            told.append({"label": OTHERS, "entered": others, "kept": 0})
        found[title] = told
    return found


def overlaps(hits: Iterable[Hit]) -> list[dict[str, Any]]:
    """Traces that overlap each reserved source, by the way they do; one that overlaps several is counted in each."""
    tally = Counter((source, hit.how) for hit in hits for source in hit.sources)
    return [{"source": source, "how": how, "n": n} for (source, how), n in sorted(tally.items())]


def inputs(
    reads: Mapping[str, ReadTraces], files: Mapping[str, str], hashes: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Each file of traces with what it gave; its licence by its name."""
    return [
        {
            "role": role,
            "file": files[role],
            "sha256": hashes[role],
            "licence": licence(files[role].partition(".")[0]) if read.foreign else "that of what it was made from",
            "read": len(read.traces),
            "unread": len(read.unread),
            "left_out": read.left_out,
            "columns": read.columns,
        }
        for role, read in reads.items()
    ]


def origins(kept: Sequence[Candidate]) -> dict[str, Any]:
    """Sources with their licences, teachers with their terms, and how the thoughts came about."""
    teachers = Counter((called(candidate.trace.model), candidate.trace.identity) for candidate in kept)
    repairers = Counter(called(candidate.trace.repairer) for candidate in kept if candidate.trace.repaired)
    sources = count_by(kept, _LABELS["source"])
    return {
        "sources": [{"source": name, "rows": n, "licence": licence(name)} for name, n in sources.items()],
        "teachers": [
            {"model": model, "identity": identity, "rows": n, "terms": terms(model)}
            for (model, identity), n in sorted(teachers.items())
        ],
        "repairers": [{"model": model, "rows": n, "terms": terms(model)} for model, n in sorted(repairers.items())],
        "repaired": count_by((each for each in kept if each.trace.repaired), lambda each: each.trace.repaired),
        "reasoning": count_by(kept, lambda candidate: candidate.trace.reasoning_kind),
    }


def called(model: str) -> str:
    """A model's name for others to read: of a folder only the last part, the rest is nobody's business."""
    return Path(model).name if model.startswith(("/", ".", "~")) else model


def instruments(
    kept: Iterable[Candidate], verdicts: Mapping[str, Sequence[Verdict]], risks: Mapping[str, Sequence[RiskReport]]
) -> dict[str, list[str]]:
    """Who said anything of the rows that stayed: they accepted them, so none of them may headline a result (law 3)."""
    said = [(candidate.trace.id, candidate.trace.content) for candidate in kept]
    auditors = {
        report.auditor for trace, content in said for report in risks.get(trace, ()) if report.content == content
    }
    judges = {verdict.judge for trace, _ in said for verdict in verdicts.get(trace, ())}
    return {"auditors": sorted(auditors), "judges": sorted(judges)}


def asked(drawn: Drawn) -> list[dict[str, Any]]:
    """What was asked for and what there was, with the arms where strategies were matched."""
    return [
        {
            "kind": each.want.kind,
            "source": each.want.source,
            "rows": each.rows,
            "there": each.there,
            "arms": [
                {"strategy": arm.strategy, "rows": len(arm.rows), "loss_tokens": arm.loss_tokens}
                for arm in (each.matched.arms if each.matched else ())
            ],
        }
        for each in drawn.asked
    ]


def likelihood(rows: Sequence[Likelihood], kept: Iterable[str]) -> dict[str, Any] | None:
    """Mean log-probabilities of all that the student read and of those drawn: the gap that the choice closed."""
    if not rows:
        return None
    chosen = set(kept)
    drawn = [row.mean for row in rows if row.id in chosen]
    every = [row.mean for row in rows]
    mean = round(sum(drawn) / len(drawn), 4) if drawn else None
    return {"read": len(every), "mean": round(sum(every) / len(every), 4), "drawn": len(drawn), "mean_of_drawn": mean}


def left(funnel: Funnel[Candidate]) -> list[dict[str, Any]]:
    """Step, reason and number of traces, and how many were still in after each."""
    remaining, rows = funnel.entered, funnel.rows()
    for row in rows:
        remaining -= row["n"]
        row["remaining"] = remaining
    return rows
