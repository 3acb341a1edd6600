"""What came of distilling, from asked to kept, by strategy, category and framing: each number a part of the last.

asked: requests. answered: an output that no error or content filter took away. complete: the teacher ended it in an
answer, and it can be trained on. safe: the guards found it so. clean: no risky pattern was found, so it is accepted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from resolute.core.accept import Dropped, Kept, accept
from resolute.core.prices import Price, dollars
from resolute.core.records import RiskReport, Trace, Verdict
from resolute.core.settings import Acceptance

Reached = Literal["asked", "answered", "complete", "safe", "clean"]
STEPS: tuple[Reached, ...] = ("asked", "answered", "complete", "safe", "clean")
GROUPS: dict[str, Callable[[Trace], str]] = {
    "strategy": lambda trace: trace.strategy,
    "kind": lambda trace: trace.prompt.kind,
    "category": lambda trace: trace.prompt.category,
    "framing": lambda trace: trace.prompt.framing or "none",
}
_FEW = 40
"""Rows of one group that are written for people; the file has all."""


@dataclass(frozen=True)
class Fate:
    """How far a trace came, and why no further; `why` is short and countable."""

    reached: Reached
    why: str = ""

    def at_least(self, step: Reached) -> bool:
        return STEPS.index(self.reached) >= STEPS.index(step)

    @property
    def kept(self) -> bool:
        return self.reached == "clean"

    @property
    def mendable(self) -> bool:
        """Safe, but its thought wavers: what repair is for."""
        return self.reached == "safe"


def fate(trace: Trace, verdicts: Sequence[Verdict], risks: Sequence[RiskReport], policy: Acceptance) -> Fate:
    """How far a trace comes under a policy."""
    if trace.ending.why in ("error", "content filter") or not (trace.reasoning or trace.answer):
        return Fate("asked", f"no output ({trace.ending.why})")
    bare = policy.model_copy(update={"safe": False, "refused": False, "patterns": ()})
    steps: tuple[tuple[Reached, Acceptance], ...] = (
        ("answered", bare),
        ("complete", policy.model_copy(update={"patterns": ()})),
        ("safe", policy),
    )
    for reached, asked in steps:
        said = accept(trace, verdicts, risks, asked)
        if isinstance(said, Dropped):
            return Fate(reached, said.reason)
        assert isinstance(said, Kept)
    return Fate("clean")


@dataclass
class Row:
    """Numbers of one group."""

    steps: Counter[Reached] = field(default_factory=Counter[Reached])
    prompts: set[str] = field(default_factory=set[str])
    served: set[str] = field(default_factory=set[str])
    """Prompts with a kept trace."""
    tokens_in: int = 0
    tokens_out: int = 0

    def add(self, trace: Trace, fate: Fate) -> None:
        for step in STEPS[: STEPS.index(fate.reached) + 1]:
            self.steps[step] += 1
        self.prompts.add(trace.prompt.id)
        if fate.kept:
            self.served.add(trace.prompt.id)
        self.tokens_in += trace.tokens_in
        self.tokens_out += trace.tokens_out

    def written(self, price: Price | None, *, batch: bool) -> dict[str, Any]:
        """As a mapping; `cost` is the teacher's in US dollars, None where no price is known."""
        cost = None if price is None else price.cost(self.tokens_in, self.tokens_out, batch=batch)
        kept = self.steps["clean"]
        counts: dict[str, Any] = {step: self.steps[step] for step in STEPS}
        return counts | {
            "prompts": len(self.prompts),
            "prompts_kept": len(self.served),
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "cost": cost,
            "cost_per_kept": cost / kept if cost is not None and kept else None,
        }


def harvest(
    fates: Iterable[tuple[Trace, Fate]], *, price: Price | None, batch: bool, judged: bool, audited: bool
) -> dict[str, Any]:
    """The table as a mapping: `all`, one list of rows by group, and why traces left. `price` None: not known."""
    total = Row()
    groups: dict[str, dict[str, Row]] = {name: {} for name in GROUPS}
    reasons: Counter[str] = Counter()
    for trace, one in fates:
        total.add(trace, one)
        if one.why:
            reasons[one.why] += 1
        for name, label in GROUPS.items():
            groups[name].setdefault(label(trace), Row()).add(trace, one)
    return {
        "schema": 1,
        "judged": judged,
        "audited": audited,
        "all": total.written(price, batch=batch),
        "by": {
            name: [{name: label, **row.written(price, batch=batch)} for label, row in sorted(rows.items())]
            for name, rows in groups.items()
            if len(rows) > 1 or name == "strategy"
        },
        "left": [{"reason": why, "n": n} for why, n in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))],
    }


def page(found: Mapping[str, Any]) -> str:
    """The table for people, in Markdown."""
    lines = ["# What came of distilling", ""]
    lines += _table("", [{"": "all", **found["all"]}], found)
    for name, rows in found["by"].items():
        lines += [f"## By {name}", "", *_table(name, rows[:_FEW], found)]
        if len(rows) > _FEW:
            lines += [f"{len(rows) - _FEW} more rows stand in harvest.json.", ""]
    if found["left"]:
        lines += ["## Why traces left", "", "| reason | traces |", "|---|---:|"]
        lines += [f"| {_cell(row['reason'])} | {row['n']} |" for row in found["left"]]
        lines.append("")
    if not found["judged"]:
        lines += ["No guard was asked: *safe* repeats *complete*.", ""]
    if not found["audited"]:
        lines += ["No auditor was asked: *clean* repeats *safe*.", ""]
    lines += ["*prompts*: those with a kept trace, of those asked. Cost is the teacher's alone, by list price."]
    return "\n".join(lines) + "\n"


def _table(name: str, rows: Sequence[Mapping[str, Any]], found: Mapping[str, Any]) -> list[str]:
    lines = [
        f"| {name} | asked | answered | complete | safe | clean | prompts | tokens out | cost | per kept row |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        cells = [_cell(str(row[name])), *(str(row[step]) for step in STEPS)]
        cells += [f"{row['prompts_kept']} of {row['prompts']}", str(row["tokens_out"])]
        cells += ["unknown" if row[key] is None else dollars(row[key]) for key in ("cost", "cost_per_kept")]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")[:80] or "none"
