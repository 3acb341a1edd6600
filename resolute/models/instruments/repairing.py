"""Traces through a model that repairs them: one question a trace and way, and one more where the reply is no repair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from resolute.core.jobs import Progress
from resolute.core.judging.findings import Complaint
from resolute.core.keys import key
from resolute.core.records import Trace, Way
from resolute.core.repair.cases import Case, question, wording
from resolute.core.repair.repairs import VERSION, Mended, Unreadable, mended
from resolute.models.identity import Model
from resolute.models.instruments.heard import Heard
from resolute.models.instruments.manner import Manner
from resolute.models.instruments.questions import name_of, put


@dataclass(frozen=True)
class Asked:
    """What came of one way on one trace."""

    case: Case
    way: Way
    made: Mended | Complaint
    said: bool = True
    """The model gave words at all."""
    again: bool = False
    """It failed by an error that may pass."""
    tokens_in: int = 0
    tokens_out: int = 0
    """Of all requests for it, as far as the server says."""


def repaired(
    asked: Mapping[str, tuple[Case, Way]],
    model: Model,
    manner: Manner,
    *,
    most: float,
    folder: Path,
    progress: Progress,
) -> dict[str, Asked]:
    """By name, what the model makes of each. A reply that makes no repair is answered with the reason, once."""

    def ask(names: Sequence[str], complaints: Mapping[str, str], place: Path) -> dict[str, Asked]:
        questions = {name: question(*asked[name], complaint=complaints.get(name, "")) for name in names}
        heard = put(list(questions.values()), model, manner, folder=place, progress=progress)
        return {name: _read(*asked[name], heard[name_of(one)], most) for name, one in questions.items()}

    first = ask(list(asked), {}, folder)
    wanting = {name: one.made.why for name, one in first.items() if isinstance(one.made, Complaint) and one.said}
    second = ask(list(wanting), wanting, folder / "again")
    return first | {name: _together(first[name], one) for name, one in second.items()}


def repaired_trace(one: Asked, made: Mended, model: Model) -> Trace:
    """The repaired trace: who was asked what, and by which strategy, stays; what it took is added."""
    old = one.case.trace
    name = key(["repair", old.id, old.content, one.way, model.identity, wording(), VERSION])
    changed = {
        "id": name,
        "content": "",
        "reasoning": made.thought,
        "answer": made.answer,
        "repaired": one.way,
        "original": old.id,
        "repairer": model.name if model.identity == model.name else f"{model.name} {model.identity[:12]}",
        "tokens_in": old.tokens_in + one.tokens_in,
        "tokens_out": old.tokens_out + one.tokens_out,
    }
    return Trace.model_validate(old.model_dump() | changed)


def _read(case: Case, way: Way, heard: Heard, most: float) -> Asked:
    said = heard.said
    if said is None:
        made: Mended | Complaint = Complaint(heard.why)
    elif not said.ended:
        made = Unreadable("it was cut off.")
    else:
        made = mended(way, said.words, case.broken(most))
    return Asked(case, way, made, said is not None, heard.again, heard.tokens, heard.tokens_out)


def _together(first: Asked, second: Asked) -> Asked:
    """The second reply counts; both were paid for."""
    tokens_in, tokens_out = first.tokens_in + second.tokens_in, first.tokens_out + second.tokens_out
    return replace(second, tokens_in=tokens_in, tokens_out=tokens_out)
