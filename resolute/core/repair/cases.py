"""Which traces are to be repaired, and what a model is told of one, all of it disarmed and between marks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from resolute.core import texts
from resolute.core.accept import Dropped, accept
from resolute.core.generable import reason
from resolute.core.judging.asking import MARKED
from resolute.core.judging.disarm import disarmed
from resolute.core.judging.instruments import Question
from resolute.core.keys import digest
from resolute.core.records import PATTERNS, Message, Pattern, RiskReport, Saw, Trace, Verdict, Way
from resolute.core.repair.repairs import WAYS, Broken, fitting
from resolute.core.settings import Acceptance

MAX_TOKENS = 4_096
"""Most new tokens that a reply needs."""
_FIT = Acceptance(summaries=True)
"""What curate asks of every trace: others are lost to it however their thought reads."""


@dataclass(frozen=True)
class Case:
    """A trace with what auditors found in it: a pattern is present where any of them says so."""

    trace: Trace
    patterns: frozenset[Pattern]
    quotes: Mapping[Pattern, Sequence[str]]
    answer: Literal["safe", "unsafe", "not judged"]
    """What guards said of its answer, where there were any."""

    @property
    def answer_open(self) -> bool:
        """Its answer may be written anew. What a guard found safe and every auditor consistent is not touched."""
        return "inconsistency" in self.patterns or self.answer != "safe"

    def ways(self, asked: Sequence[Way]) -> list[Way]:
        """The ways, in their order, that fit it: none that cannot touch the answer where that is known to be unsafe."""
        return [way for way in fitting(asked, self.patterns) if way != "cut" or self.answer != "unsafe"]

    def broken(self, most: float) -> Broken:
        """What a reply is applied to."""
        shown = tuple(quote for quotes in self.quotes.values() for quote in quotes)
        return Broken(self.trace.reasoning, self.trace.answer, shown, self.answer_open, most)


@dataclass(frozen=True)
class Sorted:
    """Every trace that was read, sorted."""

    cases: list[Case]
    clean: list[Trace]
    left: Counter[str] = field(default_factory=Counter[str])
    """Why the others are neither -> how many."""


def sort_out(traces: Iterable[Trace], reports: Iterable[RiskReport], verdicts: Iterable[Verdict]) -> Sorted:
    """Traces with a harmful goal, a complete answer and a scored report on just these words: risky or clean.

    A report that failed beside one that found patterns is no reason to leave a trace out; beside one that found none
    it is no reason to call it clean.
    """
    about: dict[str, list[RiskReport]] = defaultdict(list)
    for report in reports:
        about[report.trace].append(report)
    unsafe: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.event == "unsafe" and verdict.part in ("answer", "both"):
            unsafe[verdict.trace].append(verdict)
    found = Sorted([], [])
    for trace in traces:
        mine = [report for report in about[trace.id] if report.content == trace.content]
        scored = [report for report in mine if report.outcome == "scored"]
        patterns: frozenset[Pattern] = frozenset(pattern for report in scored for pattern in report.present)
        if unfit := _unfit(trace, mine, patterns):
            found.left[unfit] += 1
        elif patterns:
            found.cases.append(Case(trace, patterns, _quotes(scored), _judged(unsafe[trace.id])))
        else:
            found.clean.append(trace)
    return found


def _unfit(trace: Trace, reports: Sequence[RiskReport], patterns: frozenset[Pattern]) -> str:
    if trace.prompt.kind != "harmful":
        return f"the kind of its goal is {trace.prompt.kind}"
    if (barred := reason(trace.prompt)) is not None:
        return f"no model is asked to write about its goal ({barred})"
    if isinstance(said := accept(trace, (), (), _FIT), Dropped):
        return said.reason
    if not any(report.outcome == "scored" for report in reports):
        return "not audited" if not reports else "its audit failed"
    failed = any(report.outcome != "scored" for report in reports)
    return "an auditor failed and no other found a pattern" if failed and not patterns else ""


def _judged(verdicts: Sequence[Verdict]) -> Literal["safe", "unsafe", "not judged"]:
    """By any guard unsafe, by all of them safe, or neither."""
    if any(verdict.score is not None and verdict.score >= 0.5 for verdict in verdicts):
        return "unsafe"
    return "safe" if verdicts and all(verdict.score is not None for verdict in verdicts) else "not judged"


def _quotes(reports: Sequence[RiskReport]) -> dict[Pattern, list[str]]:
    """The passages that show each pattern that is present, by all auditors, each once."""
    quotes: dict[Pattern, dict[str, None]] = {}
    for report in reports:
        for finding in report.findings:
            if finding.present:
                quotes.setdefault(finding.pattern, {}).update(dict.fromkeys(finding.quotes))
    return {pattern: list(quotes[pattern]) for pattern in PATTERNS if pattern in quotes}


def question(case: Case, way: Way, *, complaint: str = "") -> Question:
    """What to ask for one way; with `complaint`, once more, saying why the last reply made no repair."""
    trace = case.trace
    sent = next((item.content for item in reversed(trace.sent) if item.role == "user"), trace.prompt.text)
    found = "\n".join(_told(pattern, quotes) for pattern, quotes in case.quotes.items())
    parts = {
        "goal": trace.prompt.goal,
        "sent": sent,
        "thought": trace.reasoning,
        "answer": trace.answer,
        "found": found,
    }
    safe = {name: disarmed(text, delimiters=MARKED) for name, text in parts.items()}
    mark = f"=== {digest(['repair', *parts.values()])[:16]} ==="
    filled = {name: item.text for name, item in safe.items()}
    said = texts.fill(texts.load("repair-material"), mark=mark, **filled)
    if complaint:
        said = f"{said}\n\n{texts.fill(texts.load('repair-again'), complaint=complaint)}"
    saw = Saw(
        goal=True,
        prompt=True,
        parts=["thought", "answer"],
        characters=len(trace.reasoning) + len(trace.answer),
        disarmed=sum(item.places for item in safe.values()),
    )
    task = Message(role="system", content=instruction(way, answer_open=case.answer_open))
    return Question([task, Message(role="user", content=said)], saw)


def instruction(way: Way, *, answer_open: bool) -> str:
    """The task of a way."""
    values = {"patterns": texts.load("repair-patterns")}
    if way != "cut":
        values["rule"] = texts.load("repair-answer-open" if answer_open else "repair-answer-kept")
    return texts.fill(texts.load(f"repair-{way}"), **values)


def wording() -> str:
    """The key of every word a repair is asked for in."""
    tasks = [instruction(way, answer_open=answer) for way in WAYS for answer in (False, True)]
    return texts.version("\n".join([*tasks, texts.load("repair-material"), texts.load("repair-again")]))


def _told(pattern: Pattern, quotes: Sequence[str]) -> str:
    return "\n".join([pattern + (":" if quotes else ""), *(f'  "{" ".join(quote.split())}"' for quote in quotes)])
