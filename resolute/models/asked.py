"""What a distillation would ask and cost, in sentences; nothing is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from resolute.core.jobs import Job
from resolute.core.prices import PLACE, dollars, price_of
from resolute.core.records import Prompt
from resolute.core.settings import Distill
from resolute.models.distilling import Plan, read_plan

CHARACTERS = 4
"""Of English text to a token, roughly: a plan has no tokenizer of an API's model."""


def asked(job: Job) -> Iterator[str]:
    """Requests of the first round and at most, prompts by kind and framing, tokens and the price."""
    plan = read_plan(job)
    kinds = Counter(prompt.kind for prompt in plan.prompts)
    goals = len({prompt.goal for prompt in plan.prompts})
    said = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()))
    wrapped = f" in {len(plan.framings)} framings" if plan.framings else ""
    yield f"prompts: {len(plan.prompts)} ({said}), {goals} goals{wrapped}"
    if plan.excluded:
        yield f"  {plan.excluded} more are about minors or mass-casualty weapons: no model is asked them"
    first, most = _requests(plan)
    yield f"requests: {first}" + (
        f", at most {most} where prompts go on without an accepted trace" if most > first else ""
    )
    yield from _priced(plan, first, most)


def _requests(plan: Plan) -> tuple[int, int]:
    counts = [
        sum(not _fixed(prompt, way.refusal) for prompt in plan.prompts) * len(samples) for way, samples in plan.rounds
    ]
    return counts[0], sum(counts)


def _fixed(prompt: Prompt, refusal: str) -> bool:
    return bool(refusal) and prompt.kind == "harmful"


def _priced(plan: Plan, first: int, most: int) -> Iterator[str]:
    settings: Distill = plan.settings
    if plan.model.kind != "inspect":
        yield "price: nothing, the model runs here"
        return
    way, samples = plan.rounds[0]
    sent = sum(
        len(message.content)
        for prompt in plan.prompts
        if not _fixed(prompt, way.refusal)
        for message in way.messages(prompt, form=plan.form)
    )
    tokens_in = sent * len(samples) // CHARACTERS
    yield f"tokens of the first round: about {tokens_in:,} in (characters / {CHARACTERS}), at most " + (
        f"{first * settings.sampling.max_tokens:,} out ({settings.sampling.max_tokens} a trace)"
    )
    price = price_of(plan.model.name)
    if price is None:
        yield f"price: unknown for {plan.model.name}; {PLACE} names a file of your own prices"
        return
    batch = settings.batch
    if way.tokens:
        likely = price.cost(tokens_in, first * way.tokens, batch=batch)
        yield f"price of the first round: about {dollars(likely)} at {way.tokens} tokens a trace, the study's mean"
    bound = price.cost(tokens_in, first * settings.sampling.max_tokens, batch=batch)
    scale = f", {dollars(bound * most / first)} with every round" if most > first and first else ""
    yield f"  at most {dollars(bound)} if every trace ran to its limit{scale}"
    halved = f", times {price.batch:g} as a batch" if batch and price.batch else ""
    yield f"  by list prices of {price.as_of}: ${price.input:g} in and ${price.output:g} out a million tokens{halved}"
    if settings.judges or settings.auditors:
        yield "  guards and auditors that ask a model come on top"
