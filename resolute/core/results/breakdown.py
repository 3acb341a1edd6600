"""What one rate hides: the categories of a task, the classes an instrument tells apart, several samples of a problem,
thoughts that a framing turned, and by kind of prompt how long the thoughts were and how many never ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from resolute.core import integrity
from resolute.core.lengths import spread
from resolute.core.markdown import table
from resolute.core.rates import rate
from resolute.core.records import Trace, Verdict
from resolute.core.results.tables import cells
from resolute.core.statistics.passing import passes

MOST = 40
"""Categories a task may have and still be shown by category."""


def broken_down(traces: Sequence[Trace], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """All of it, as plain values: names, categories and counts only."""
    turned = integrity.summary(integrity.trials(traces, verdicts))
    return {
        **({"integrity": turned} if turned else {}),
        "categories": categories(traces, verdicts),
        "classes": classes(traces, verdicts),
        "passes": [
            {
                "task": one.task,
                "attack": one.attack,
                "judge": one.judge,
                "k": one.k,
                "n": one.rate.n,
                "shown": str(one.rate),
            }
            for one in passes(traces, verdicts)
        ],
        "kinds": kinds(traces),
    }


def categories(traces: Sequence[Trace], verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """Each rate of a task by the category of its prompts, where it has from two to `MOST` of them."""
    tasks: dict[str, dict[str, list[Trace]]] = {}
    for trace in traces:
        tasks.setdefault(trace.task, {}).setdefault(trace.prompt.category, []).append(trace)
    by_trace: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_trace.setdefault(verdict.trace, []).append(verdict)
    found: list[dict[str, Any]] = []
    for _, groups in sorted(tasks.items()):
        for category, some in sorted(groups.items()) if 2 <= len(groups) <= MOST else ():
            said = [verdict for trace in some for verdict in by_trace.get(trace.id, ())]
            for cell in cells(some, said):
                row = {"task": cell.task, "attack": cell.attack, "judge": cell.judge, "event": cell.event}
                shown = {"n": cell.rate.n, "events": cell.rate.events, "shown": str(cell.rate)}
                found.append({**row, "part": cell.part, "category": category, **shown})
    return found


def classes(traces: Iterable[Trace], verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """How often an instrument gave each of its labels, where it gave more than one: full and partial refusals apart."""
    tasks = {trace.id: (trace.task, trace.attack) for trace in traces}
    counts: dict[tuple[str, ...], Counter[str]] = {}
    for one in verdicts:
        if one.outcome == "scored" and one.label and one.trace in tasks:
            place = (*tasks[one.trace], one.judge, one.event, one.part)
            counts.setdefault(place, Counter())[one.label] += 1
    names = ("task", "attack", "judge", "event", "part")
    return [
        {**dict(zip(names, place, strict=True)), "label": label, "n": n, "of": said.total()}
        for place, said in sorted(counts.items())
        for label, n in (said.most_common() if 2 <= len(said) <= MOST else ())
    ]


def kinds(traces: Iterable[Trace]) -> list[dict[str, Any]]:
    """By kind of prompt: how many outputs never left the thought, and how long thoughts were.

    Tokens of thought are the output's tokens times the share of its characters before the answer; words where nobody
    counted tokens.
    """
    groups: dict[str, list[Trace]] = {}
    for trace in traces:
        if trace.ending.why != "error":
            groups.setdefault(trace.prompt.kind, []).append(trace)
    found: list[dict[str, Any]] = []
    for kind, some in sorted(groups.items()):
        unclosed = rate([float(t.ending.where == "thought") for t in some], [t.prompt.goal for t in some])
        counted = all(trace.tokens_out for trace in some)
        thoughts = spread(_thought(trace, counted=counted) for trace in some if trace.reasoning.strip())
        unit = "tokens" if counted else "words"
        found.append({"kind": kind, "outputs": len(some), "unclosed": str(unclosed), "unit": unit, **thoughts.plain()})
    return found


def _thought(trace: Trace, *, counted: bool) -> int:
    if not counted:
        return len(trace.reasoning.split())
    share = len(trace.reasoning) / max(len(trace.reasoning) + len(trace.answer), 1)
    return round(trace.tokens_out * share)


def written(summary: Mapping[str, Any]) -> list[str]:
    """The sections of the page, in Markdown lines; none for what there is nothing of."""
    lines = integrity.written(summary.get("integrity", ()))
    for title, about, header, fields, rows in (
        (
            "Several samples",
            "pass@k by the unbiased estimator, averaged over problems; the rate above is the mean over samples.",
            ("task", "attack", "instrument", "k", "problems", "pass@k, 95% interval"),
            ("task", "attack", "judge", "k", "n", "shown"),
            summary["passes"],
        ),
        (
            "Classes",
            "What the instrument said, where it tells more than two things apart or names both.",
            ("task", "attack", "instrument", "event", "part", "class", "n", "of"),
            ("task", "attack", "judge", "event", "part", "label", "n", "of"),
            summary["classes"],
        ),
        (
            "By category",
            "Few prompts each: intervals are wide, and none is corrected for how many there are.",
            ("task", "category", "attack", "instrument", "event", "part", "n", "rate, 95% interval"),
            ("task", "category", "attack", "judge", "event", "part", "n", "shown"),
            summary["categories"],
        ),
        (
            "Thoughts by kind of prompt",
            "Never left: outputs that stopped inside the thought and have no answer. Lengths are of thoughts alone.",
            ("kind", "outputs", "never left the thought", "unit", "thoughts", "mean", "median", "p90", "longest"),
            ("kind", "outputs", "unclosed", "unit", "n", "mean", "median", "p90", "max"),
            summary["kinds"],
        ),
    ):
        if rows:
            body = ([row[field] if row[field] != "" else "-" for field in fields] for row in rows)
            lines += ["", f"## {title}", "", about, "", *table(header, body)]
    return lines
