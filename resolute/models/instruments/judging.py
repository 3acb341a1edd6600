"""Traces through one instrument that asks a model: questions put, words read, verdicts written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from resolute.core.jobs import Progress
from resolute.core.judging.instruments import Asked, AskedAuditor, Part, Question, Reading, Said, Unfit
from resolute.core.records import Saw, Trace, Verdict
from resolute.models.identity import Model
from resolute.models.instruments.heard import Heard
from resolute.models.instruments.manner import Manner
from resolute.models.instruments.questions import name_of, put

NO_PROBABILITY = "no probability to hold the threshold against"
_NOTHING = Said("")


def label(instrument: Asked | AskedAuditor, model: Model, variant: str = "") -> str:
    """How records name an instrument: `name:variant@model version identity`, without spaces in the first word."""
    named = model.path.name if model.path is not None and "@" not in model.name else model.name
    name = f"{instrument.name}:{variant}" if variant else instrument.name
    who = f"{name}@{named}".replace(" ", "_")
    return f"{who} {instrument.version}" + ("" if model.identity == model.name else f" {model.identity[:12]}")


@dataclass(frozen=True)
class Sitting:
    """One instrument and the traces it is to judge."""

    instrument: Asked
    traces: Sequence[Trace]
    threshold: float | None = None


@dataclass(frozen=True)
class Judged:
    """What came of it."""

    verdicts: list[Verdict]
    again: int
    """Verdicts that failed by an error that may pass."""
    tokens: int
    """Of all requests, as far as the server says."""


def judged(sittings: Sequence[Sitting], model: Model, manner: Manner, *, folder: Path, progress: Progress) -> Judged:
    """Verdicts on every part that each instrument reads, by one model asked in one manner.

    Instruments that read the same reply share it. An answer that is missing, or a thought there never was, is the
    model's failure and is not asked about.
    """
    asked: list[tuple[Sitting, Trace, Part, Question]] = []
    verdicts: list[Verdict] = []
    for sitting in sittings:
        for trace in sitting.traces:
            for part in sitting.instrument.reads:
                text = trace.reasoning if part == "thought" else trace.answer
                question = sitting.instrument.question(trace, part) if text.strip() else None
                if isinstance(question, Question):
                    asked.append((sitting, trace, part, question))
                else:
                    verdicts += unasked(sitting.instrument, model, trace, part, question)
    heard = put([question for *_, question in asked], model, manner, folder=folder, progress=progress)
    again = 0
    for sitting, trace, part, question in asked:
        one = heard[name_of(question)]
        again += one.again
        verdicts += read_verdicts(sitting.instrument, model, (trace, part), question, one, sitting.threshold)
    return Judged(verdicts, again, sum(one.tokens for one in heard.values()))


def unasked(instrument: Asked, model: Model, trace: Trace, part: Part, unfit: Unfit | None) -> list[Verdict]:
    """What stands in the place of verdicts on a part that is not there (`unfit` None), or that it is not made for."""
    saw = Saw(goal=False, parts=[part], characters=0)
    reading = Reading(score=None, why=f"there is no {part}" if unfit is None else unfit.why)
    return [
        _verdict(instrument, model, (trace, part), saw, replace(reading, variant=one.variant), missing=unfit is None)
        for one in instrument.read(_NOTHING)
    ]


def read_verdicts(
    instrument: Asked,
    model: Model,
    about: tuple[Trace, Part],
    question: Question,
    heard: Heard,
    threshold: float | None,
) -> list[Verdict]:
    """What was heard, as verdicts."""
    saw = question.saw.model_copy(update={"tokens": heard.tokens})
    said = heard.said if heard.said is not None else _NOTHING
    found: list[Verdict] = []
    for reading in instrument.read(said):
        if heard.said is None:
            made = Reading(None, why=heard.why, variant=reading.variant)
        else:
            made = _at(reading, threshold, graded=instrument.graded)
        found.append(_verdict(instrument, model, about, saw, made, raw=said.words))
    return found


def _at(reading: Reading, threshold: float | None, *, graded: bool) -> Reading:
    """A reading under a threshold: on the score of a graded instrument, else on the probability."""
    if threshold is None or reading.score is None:
        return reading
    level = reading.score if graded else reading.probability
    if level is None:
        return replace(reading, score=None, why=NO_PROBABILITY)
    return replace(reading, score=float(level >= threshold))


def _verdict(
    instrument: Asked,
    model: Model,
    about: tuple[Trace, Part],
    saw: Saw,
    reading: Reading,
    *,
    raw: str = "",
    missing: bool = False,
) -> Verdict:
    trace, part = about
    failed = "model failed" if missing or reading.incoherent else "judge failed"
    return Verdict(
        trace=trace.id,
        judge=label(instrument, model, reading.variant),
        event=instrument.event,
        part=part,
        outcome=failed if reading.score is None else "scored",
        score=reading.score,
        label=reading.label,
        probability=reading.probability,
        raw=raw,
        saw=saw,
        off_label=part in instrument.off_label,
        why=reading.why,
    )
