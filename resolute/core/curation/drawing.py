"""Which rows are drawn into a training set: so many of each kind and source, matched over strategies or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from resolute.core.curation.candidates import Candidate
from resolute.core.curation.matching import Matched, matched
from resolute.core.curation.mixture import Want, mixture
from resolute.core.curation.selection import Choice, ranked
from resolute.core.errors import ResoluteError
from resolute.core.funnel import Step
from resolute.core.lengths import Counter
from resolute.core.records import Kind
from resolute.core.settings import Curate
from resolute.core.trace import join


@dataclass(frozen=True)
class Asked:
    """What a want asked for and what there was for it."""

    want: Want
    rows: int
    there: int
    """Candidates, or prompts that every strategy has an accepted trace for."""
    matched: Matched | None = None


@dataclass
class Drawn:
    """Why each candidate that is not drawn is not, and what was asked for."""

    reasons: dict[str, tuple[Step, str]] = field(default_factory=dict[str, tuple[Step, str]])
    """By the candidate's name."""
    asked: list[Asked] = field(default_factory=list[Asked])
    loss_tokens: int | None = None
    """Of the rows that are drawn; None where no tokenizer counted them."""

    @property
    def lacking(self) -> list[Asked]:
        return [each for each in self.asked if each.there < each.rows]


def wanted(settings: Curate) -> list[Want]:
    """The rows that the settings ask for."""
    return mixture({"harmful": settings.safety, "benign": settings.benign, "maths": settings.maths})


def check(settings: Curate) -> None:
    """Raise `ResoluteError` for settings that contradict each other."""
    trace_wise = settings.select in ("shortest", "likelihood")
    faults = {
        "select likelihood needs the student": (
            settings.select == "likelihood" and settings.student is None,
            "name the model that is to be trained with --student",
        ),
        "a student is only asked for its likelihood": (
            settings.select != "likelihood" and settings.student is not None,
            "add --select likelihood, or leave the student out",
        ),
        "tokens are matched over the same prompts": (
            "tokens" in settings.match and "prompts" not in settings.match,
            "write --match prompts --match tokens",
        ),
        "matching tokens needs a tokenizer": (
            "tokens" in settings.match and settings.tokenizer is None,
            "name the student's with --tokenizer",
        ),
        "match needs the strategy to write": (
            bool(settings.match) and settings.only is None,
            "name one with --only; each arm is a curation of its own over the same inputs",
        ),
        "only is for matched strategies": (
            not settings.match and settings.only is not None,
            "add --match prompts, or leave --only out",
        ),
        f"select {settings.select} chooses by the trace, match by the prompt": (
            bool(settings.match) and trace_wise,
            "choose by random or balance",
        ),
    }
    for what, (wrong, mend) in faults.items():
        if wrong:
            raise ResoluteError(what, where="settings of curate", mend=mend)


def lengths(candidates: Sequence[Candidate], counter: Counter) -> dict[str, int]:
    """Name -> length of thought, marks and answer, and one for the end of the turn."""
    texts = [join(candidate.trace.reasoning, candidate.trace.answer) for candidate in candidates]
    return {c.name: n + 1 for c, n in zip(candidates, counter.count(texts), strict=True)}


def draw(
    candidates: Sequence[Candidate],
    strategies: Mapping[Kind, Sequence[str]],
    settings: Curate,
    *,
    counts: Mapping[str, int],
    likely: Mapping[str, float],
) -> Drawn:
    """Draw what is asked for. `strategies`: those of the inputs, by kind; `counts` and `likely`: by name, where the
    settings need them.

    Raises `ResoluteError` where there is nothing to match, or `only` names no strategy of a kind that has several.
    """
    drawn, safety = Drawn(), 0
    if settings.match and not any(len(strategies.get(want.kind, ())) > 1 for want in wanted(settings)):
        mend = "name runs of several strategies, or say what foreign files are: --set curate.strategies.traces-2=NAME"
        raise ResoluteError("the inputs hold one strategy: there is nothing to match", where="--match", mend=mend)
    for want in wanted(settings):
        pool = [candidate for candidate in candidates if fits(want, candidate)]
        rows = want.rows(safety)
        arms = strategies.get(want.kind, ())
        if settings.match and len(arms) > 1:
            asked = _matched(drawn, want, pool, arms, rows, settings, counts)
        else:
            choices = (_choice(candidate, settings, counts, likely) for candidate in pool)
            order = ranked(choices, settings.select, seed=settings.seed)
            drawn.reasons |= dict.fromkeys(order[rows:], ("draw", "not drawn"))
            asked = Asked(want, rows, len(pool))
        drawn.asked.append(asked)
        safety += min(rows, asked.there) if want.kind == "harmful" else 0
    return drawn


def fits(want: Want, candidate: Candidate) -> bool:
    """Whether a candidate is of the kind and source that are wanted."""
    prompt = candidate.trace.prompt
    return prompt.kind == want.kind and want.source in ("", prompt.source)


def _choice(candidate: Candidate, settings: Curate, counts: Mapping[str, int], likely: Mapping[str, float]) -> Choice:
    prompt = candidate.trace.prompt
    values = {"shortest": counts, "likelihood": likely}.get(settings.select, {})
    return Choice(candidate.name, prompt.category, prompt.framing, float(values.get(candidate.name, 0.0)))


def _matched(
    drawn: Drawn,
    want: Want,
    pool: Sequence[Candidate],
    arms: Sequence[str],
    rows: int,
    settings: Curate,
    counts: Mapping[str, int],
) -> Asked:
    if settings.only not in arms:
        what = f"no strategy {settings.only!r} among those of the {want.kind} goals"
        raise ResoluteError(what, where="--only", mend=f"one of: {', '.join(arm or 'none' for arm in arms)}")
    found = matched(
        pool,
        arms,
        rows,
        how=settings.select,
        seed=settings.seed,
        tokens=(lambda candidate: counts[candidate.name]) if settings.tokenizer else None,
        equal="tokens" in settings.match,
    )
    for candidate in pool:
        why = found.reasons.get(candidate.name, "")
        if candidate.trace.strategy != settings.only:
            drawn.reasons[candidate.name] = ("match", "of another strategy")
        elif why:
            drawn.reasons[candidate.name] = ("draw" if why == "not drawn" else "match", why)
    return Asked(want, rows, found.prompts, found)
