"""Whether a candidate may be in a training set at all: one countable reason against it, or none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, groupby

from resolute.core.accept import Dropped, accept
from resolute.core.curation.candidates import Candidate
from resolute.core.curation.drawing import fits
from resolute.core.curation.mixture import Want
from resolute.core.curation.overlap import Row, near_duplicates
from resolute.core.jobs import Progress
from resolute.core.records import RiskReport, Verdict
from resolute.core.settings import Acceptance

_CONTROL = re.compile(r"<\|[^|<>\s]{1,40}\|>|<｜[^｜<>\s]{1,40}｜>|</?(?:seed:)?think>|\[/?(?:THINK|INST)\]")
"""Marks of any family's template: written in a thought or an answer they would train as the real thing."""
_MISSING = ("none", "nan", "null")
TOLD_EVERY = 200
"""Rows between two words about progress."""


def rejected(
    candidate: Candidate,
    verdicts: Sequence[Verdict],
    risks: Sequence[RiskReport],
    wants: Sequence[Want],
    policy: Acceptance,
) -> str:
    """Why a candidate may not be trained on, or is not asked for; "" where it may."""
    trace = candidate.trace
    kind = trace.prompt.kind
    if not any(want.kind == kind for want in wants):
        known = kind in ("harmful", "benign", "maths")
        return f"no {kind} goals are asked for" if known else f"the kind of its goal is {kind}"
    if not any(fits(want, candidate) for want in wants):
        return f"no {kind} goals of its source are asked for"
    said = accept(trace, verdicts, risks, policy)
    if isinstance(said, Dropped):
        return said.reason
    if trace.answer.strip().lower() in _MISSING and not trace.reasoning:
        return "the answer is the name of a missing value"
    return "a control mark in the text" if _CONTROL.search(trace.reasoning) or _CONTROL.search(trace.answer) else ""


def exact_repeat(seen: set[tuple[str, str, str]], candidate: Candidate, *, apart: bool) -> str:
    """Whether a candidate has the prompt and words of one that was `seen` before; asked one after the other.

    `apart`: the same words by two strategies are no duplicates.
    """
    same = (candidate.trace.strategy if apart else "", candidate.trace.prompt.text, candidate.trace.content)
    if same in seen:
        return "exact duplicate"
    seen.add(same)
    return ""


def near_repeats(candidates: Sequence[Candidate], progress: Progress, *, near: float, apart: bool) -> set[str]:
    """Names of candidates that nearly repeat an earlier one. `apart`: within their strategy, by the order of prompts,
    so that of two prompts that are nearly one the same stays in every strategy."""

    def rows(some: Iterable[Candidate]) -> Iterator[Row]:
        for candidate in some:
            if (number := next(done)) % TOLD_EVERY == 0:
                progress("looking for repetitions", number, len(candidates))
            trace = candidate.trace
            said = "\n".join((trace.prompt.text, trace.reasoning, trace.answer))
            yield Row(candidate.name, trace.prompt.goal, said)

    done = count()
    if apart:
        ordered = sorted(candidates, key=lambda c: (c.trace.strategy, c.trace.prompt.id, c.name))
        groups = (some for _, some in groupby(ordered, key=lambda c: c.trace.strategy))
    else:
        groups = iter([candidates])
    found = {name for some in groups for name in near_duplicates(rows(some), near=near)}
    progress("looking for repetitions", len(candidates), len(candidates))
    return found
