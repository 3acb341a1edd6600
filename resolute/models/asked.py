"""What would be asked and cost, in sentences; nothing is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from resolute.core.jobs import Job
from resolute.core.prices import PLACE, dollars, price_of
from resolute.core.records import Prompt
from resolute.core.settings import Distill
from resolute.models.distilling import Plan, read_plan
from resolute.models.identity import Model

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
    way, samples = plan.rounds[0]
    sent = len(samples) * sum(
        len(message.content)
        for prompt in plan.prompts
        if not _fixed(prompt, way.refusal)
        for message in way.messages(prompt, form=plan.form)
    )
    limit = settings.sampling.max_tokens
    yield from priced(plan.model, first, sent, most=limit, likely=way.tokens, batch=settings.batch)
    if most > first:
        yield f"  every round: at most {most / max(first, 1):.2g} times that"
    if settings.judges or settings.auditors:
        yield "  guards and auditors that ask a model come on top"


def priced(
    model: Model, calls: int, characters: int, *, most: int, likely: int = 0, batch: bool = False
) -> Iterator[str]:
    """Tokens and dollars of so many calls that send so many characters in all and get at most `most` tokens each.

    `likely` tokens a reply, where somebody published them, give a likely price beside the highest.
    """
    tokens_in = characters // CHARACTERS
    if model.kind != "inspect":
        yield "  price: nothing, the model runs here"
        return
    yield f"  tokens: about {tokens_in:,} in (characters / {CHARACTERS}), at most {calls * most:,} out ({most} a reply)"
    price = price_of(model.name)
    if price is None:
        yield f"  price: unknown for {model.name}; {PLACE} names a file of your own prices"
        return
    if likely:
        amount = dollars(price.cost(tokens_in, calls * likely, batch=batch))
        yield f"  price: about {amount} at {likely} tokens a trace, the mean of the study's set"
    highest = dollars(price.cost(tokens_in, calls * most, batch=batch))
    halved = f", times {price.batch:g} as a batch" if batch and price.batch else ""
    yield f"  price: at most {highest}, if every reply ran to its limit"
    yield f"  by list prices of {price.as_of}: ${price.input:g} in and ${price.output:g} out a million tokens{halved}"
