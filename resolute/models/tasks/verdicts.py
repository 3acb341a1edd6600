"""Our instruments as scorers of Inspect: one value a part that is read, 1 where the event happened.

What the model failed to give is 0; what the instrument could not say is unscored: Inspect counts it and leaves it out
of every metric. Standard errors are clustered by goal.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Any

from inspect_ai.model import GenerateConfig, get_model
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import TaskState

from resolute.core.errors import ResoluteError
from resolute.core.judging.instruments import Asked, Part, Question, kind_of
from resolute.core.keys import derive
from resolute.core.records import Message, Prompt, Trace, Verdict
from resolute.models import servers
from resolute.models.calls import chat
from resolute.models.instruments.heard import Heard
from resolute.models.instruments.judging import read_verdicts, unasked
from resolute.models.instruments.manner import Manner
from resolute.models.instruments.named import Named
from resolute.models.instruments.questions import check_raw, name_of
from resolute.models.instruments.served import heard
from resolute.models.reply import read_output
from resolute.models.running import Patience, cause

PROMPT = "prompt"
"""Key of a sample's metadata: the whole prompt, which instruments are shown."""
_METRICS: dict[str, Any] = {"*": [mean(), stderr(cluster="goal")]}


def verdicts(instrument: Named) -> Scorer:
    """The instrument as a scorer that is called by its name. Raises `ResoluteError` for weights in this process."""
    if instrument.model is not None and instrument.model.kind != "inspect":
        mend = "serve it (openai-api/SERVICE/MODEL), or let resolute evaluate and judge do both"
        raise ResoluteError("a scorer of Inspect asks models of servers only", where=instrument.spec, mend=mend)

    @scorer(metrics=_METRICS, name=kind_of(instrument.spec))
    def judge() -> Scorer:
        async def score(state: TaskState, target: Target) -> Score:
            del target  # the reference stands in the prompt
            trace = trace_of(state)
            if instrument.model is None:
                found: Sequence[Verdict] = await asyncio.to_thread(instrument.instrument.judge, trace)
            else:
                found = await _asked(instrument, trace)
            return Score(
                value={one.part: _value(one) for one in found},
                answer=trace.answer,
                explanation="; ".join(f"{one.part}: {one.label or one.why or one.outcome}" for one in found),
                metadata={"event": instrument.instrument.event, "ending": f"{trace.ending.where}: {trace.ending.why}"},
            )

        return score

    return judge()


def _value(verdict: Verdict) -> float:
    """NaN: the instrument failed, and no metric counts it. What the model failed to give is no event."""
    if verdict.outcome == "judge failed":
        return math.nan
    return verdict.score if verdict.score is not None else 0.0


async def _asked(named: Named, trace: Trace) -> list[Verdict]:
    model, instrument = named.model, named.instrument
    assert model is not None
    found: list[Verdict] = []
    for part in instrument.reads:
        text = trace.reasoning if part == "thought" else trace.answer
        question = instrument.question(trace, part) if text.strip() else None
        if not isinstance(question, Question):
            found += unasked(instrument, model, trace, part, question)
            continue
        said = await _heard(named, instrument, question)
        about: tuple[Trace, Part] = (trace, part)
        found += read_verdicts(instrument, model, about, question, said, None)
    return found


async def _heard(named: Named, instrument: Asked, question: Question) -> Heard:
    """What the model says, asked as `resolute judge` asks; an error of its server is nobody's verdict."""
    assert named.model is not None
    check_raw(named.model, [question])
    manner, patience = Manner(instrument.max_tokens, instrument.thinks), Patience()
    config = GenerateConfig(
        seed=derive(0, name_of(question)),
        max_retries=patience.retries,
        timeout=patience.seconds,
        **servers.generation(named.model.name, manner.sampling),
    )
    try:
        return heard(await get_model(named.model.name).generate(chat(question.messages), config=config))
    except Exception as error:  # noqa: BLE001  (one sample's failure is noted, the others go on)
        return Heard(None, f"error: {cause(error)}")


def trace_of(state: TaskState) -> Trace:
    """The sample as a trace, its output taken apart by our own splitter."""
    reply = read_output(state.output)
    return Trace(
        id=f"{state.sample_id}-{state.epoch}",
        prompt=Prompt.model_validate(state.metadata[PROMPT]),
        sent=[Message(role=one.role, content=one.text) for one in state.messages if one.role in ("system", "user")],
        model=str(state.model),
        identity=str(state.model),
        reasoning=reply.reasoning,
        answer=reply.answer,
        ending=reply.ending,
        had_thought=reply.had_thought,
        tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out,
    )
