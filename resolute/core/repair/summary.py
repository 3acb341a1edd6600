"""What repairing gained, as numbers and as a page for people. Ids, names and counts only: never a word of a trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from resolute.core.markdown import table
from resolute.core.prices import dollars
from resolute.core.rates import Rate, rate
from resolute.core.records import PATTERNS
from resolute.core.repair.cases import Case, Sorted
from resolute.core.repair.outcomes import OUTCOMES, RepairAttempt, final
from resolute.core.repair.repairs import FITS, WAYS
from resolute.core.text import terminal_safe

AIM = 0.6
"""Share of what dropping would lose that repair is to keep."""


def summarise(found: Sorted, attempts: Sequence[RepairAttempt], *, who: Mapping[str, Any]) -> dict[str, Any]:
    """Everything the page shows, as plain values. `who`: model, auditors, judges, tokens and cost.

    entered = the sum of `outcomes`; a trace whose last attempt failed by an error that may pass is in no rate.
    """
    last = final(attempts)
    by_case = [(case, last[case.trace.id]) for case in found.cases]
    kept = [one for _, one in by_case if one.outcome == "kept"]
    outcomes = Counter(one.outcome for one in last.values())
    cost = who["cost"]
    audited = [*((case.trace.prompt.goal, 1.0) for case in found.cases), *((t.prompt.goal, 0.0) for t in found.clean)]
    return {
        "schema": 1,
        **who,
        "left": dict(found.left.most_common()),
        "clean": len(found.clean),
        "entered": len(found.cases),
        "goals": len({case.trace.prompt.goal for case in found.cases}),
        "lost": _plain(rate([score for _, score in audited], [goal for goal, _ in audited])),
        "outcomes": {name: outcomes[name] for name in OUTCOMES},
        "pending": sum(one.again for one in last.values()),
        "keeps": _plain(_kept(by_case)),
        "aim": AIM,
        "reasons": _reasons(last.values()),
        "patterns": [_pattern(name, [pair for pair in by_case if name in pair[0].patterns]) for name in PATTERNS],
        "ways": [_way(name, attempts) for name in WAYS],
        "tries": dict(sorted(Counter(one.attempt for one in kept).items())),
        "answers_anew": sum(one.answer_anew for one in kept),
        "removed": sum(one.removed for one in kept),
        "added": sum(one.added for one in kept),
        "cost_per_kept": cost / len(kept) if kept and cost is not None else None,
        "tokens_per_kept": round((who["tokens_in"] + who["tokens_out"]) / len(kept)) if kept else None,
    }


def _kept(pairs: Sequence[tuple[Case, RepairAttempt]]) -> Rate:
    scores = [None if one.again else float(one.outcome == "kept") for _, one in pairs]
    return rate(scores, [case.trace.prompt.goal for case, _ in pairs])


def _plain(found: Rate) -> dict[str, Any]:
    shown = str(found) if found.n or found.unscored else "none"
    return {"events": found.events, "n": found.n, "low": found.low, "high": found.high, "shown": shown}


def _pattern(name: str, pairs: Sequence[tuple[Case, RepairAttempt]]) -> dict[str, Any]:
    after = sum(name in one.left for _, one in pairs)
    return {"pattern": name, "entered": len(pairs), "still": after, **_plain(_kept(pairs))}


def _way(name: str, attempts: Sequence[RepairAttempt]) -> dict[str, Any]:
    mine = [one for one in attempts if one.way == name]
    outcomes = Counter(one.outcome for one in mine)
    tokens = sum(one.tokens_in + one.tokens_out for one in mine)
    return {"way": name, "tried": len(mine), **{item: outcomes[item] for item in OUTCOMES}, "tokens": tokens}


def _reasons(attempts: Any) -> dict[str, int]:
    found = Counter(f"{one.outcome}: {one.reason}" for one in attempts if one.reason)
    return dict(found.most_common())


def written(summary: Mapping[str, Any]) -> str:
    """The page, in Markdown."""
    kept, entered = summary["outcomes"]["kept"], summary["entered"]
    lines = ["# Repair", ""]
    lines += [f"Repaired by {terminal_safe(summary['model'])}, which graded nothing. Graded by "]
    lines[-1] += f"{', '.join(map(terminal_safe, [*summary['auditors'], *summary['judges']]))}."
    lines += ["", "## What dropping would lose, and what repair keeps of it", ""]
    lines += [f"Of {entered + summary['clean']} audited traces {entered} show a pattern: {summary['lost']['shown']}."]
    lines += [f"Dropping them loses all {entered}; repair keeps {kept} of them: {summary['keeps']['shown']}."]
    lines += [f"The aim is {AIM:.0%}: {_aim(summary)}", ""]
    lines += table(("outcome", "traces"), summary["outcomes"].items())
    if summary["pending"]:
        lines += ["", f"{summary['pending']} of them failed by an error that may pass: the same command tries again."]
    if summary["reasons"]:
        lines += ["", *table(("reason", "traces"), ((terminal_safe(k), v) for k, v in summary["reasons"].items()))]
    lines += ["", "## By pattern", "", *_by_pattern(summary), "", "## By way", "", *_by_way(summary)]
    lines += ["", "## What was changed in the traces that were kept", ""]
    lines += [f"{summary['removed']} characters out, {summary['added']} in; {summary['answers_anew']} of {kept} "]
    lines[-1] += "answers were written anew. Everything else is as it was, byte for byte."
    lines += ["", "## What it took", "", *_cost(summary), "", "## What this does not say", ""]
    lines += ["Clean is what the graders above say; none of them is validated against people. A trace may be tried "]
    lines[-1] += "several times, and what an auditor overlooks at each try adds up: see at which try traces were kept."
    lines += ["", *table(("kept at try", "traces"), summary["tries"].items())]
    if summary["left"]:
        lines += ["", "## Traces that were not looked at", "", *table(("why", "traces"), summary["left"].items())]
    return "\n".join([*lines, ""])


def _aim(summary: Mapping[str, Any]) -> str:
    found = summary["keeps"]
    if not found["n"]:
        return "nothing entered."
    if found["low"] >= AIM:
        return "reached, the whole interval is above it."
    return "missed, the whole interval is below it." if found["high"] < AIM else "open, the interval holds it."


def _by_pattern(summary: Mapping[str, Any]) -> list[str]:
    header = ("pattern", "traces", "kept, 95% interval over goals", "still there after the last try")
    shown = (
        (row["pattern"].replace("_", " "), row["entered"], row["shown"], row["still"]) for row in summary["patterns"]
    )
    return table(header, shown)


def _by_way(summary: Mapping[str, Any]) -> list[str]:
    header = ("way", "fits", "tried", *OUTCOMES, "tokens")
    fits = {way: ", ".join(name.replace("_", " ") for name in PATTERNS if name in FITS[way]) for way in WAYS}
    rows = (
        (row["way"], fits[row["way"]], row["tried"], *(row[o] for o in OUTCOMES), row["tokens"])
        for row in summary["ways"]
    )
    return table(header, rows)


def _cost(summary: Mapping[str, Any]) -> list[str]:
    per = summary["tokens_per_kept"]
    tokens = f"{summary['tokens_in']} tokens in and {summary['tokens_out']} out, grading included"
    lines = [tokens + (f": {per} for each trace that was kept." if per is not None else ".")]
    if summary["cost"] is None:
        return [*lines, "Price unknown for a model that was asked, so the cost per kept row is unknown."]
    if not summary["cost"]:
        return [*lines, "Nothing was paid: every model ran here."]
    if summary["cost_per_kept"] is not None:
        lines += [f"{dollars(summary['cost'])} by list price: {dollars(summary['cost_per_kept'])} a kept row."]
    return lines
