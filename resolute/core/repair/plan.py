"""What a repair would ask at most, in lines for people: counts only."""

from __future__ import annotations

from resolute.core.prices import PLACE, dollars, price_of
from resolute.core.records import PATTERNS
from resolute.core.repair.cases import MAX_TOKENS, Sorted, question
from resolute.core.settings import Repair

TRIES = 2
"""Questions for one way on one trace: the second where the first reply makes no repair."""


def planned(found: Sorted, settings: Repair, *, served: bool) -> list[str]:
    """Traces by pattern and way, and the most calls, tokens and (for a model that is `served`) dollars of the repairing
    model. A token is at least a byte, so the bytes that are sent bound the tokens in. Grading comes on top."""
    plans = [(case, case.ways(settings.ways)[: settings.attempts]) for case in found.cases]
    lines = [f"traces: {len(found.cases)} to repair, {len(found.clean)} clean, {sum(found.left.values())} left out"]
    lines += [f"  left out: {count}, {reason}" for reason, count in found.left.most_common()]
    for pattern in PATTERNS:
        mine = [ways for case, ways in plans if pattern in case.patterns]
        fits = ", ".join(f"{way} {sum(way in ways for ways in mine)}" for way in settings.ways)
        lines.append(f"  {pattern.replace('_', ' ')}: {len(mine)} traces; ways that fit: {fits}")
    if lost := sum(not ways for _, ways in plans):
        lines.append(f"  no way fits: {lost}")
    calls = tokens_in = repaired = 0
    for case, ways in plans:
        repaired += len(ways)
        for way in ways:
            calls += TRIES
            sent = sum(len(item.content.encode("utf-8", "replace")) for item in question(case, way).messages)
            tokens_in += TRIES * sent
    tokens_out = calls * (settings.max_tokens or MAX_TOKENS)
    lines.append(f"calls of {settings.model}: at most {calls}, {tokens_in} tokens in and {tokens_out} out")
    price = price_of(settings.model) if served else None
    if not served:
        lines.append("cost: none, the model runs here")
    elif price is None:
        lines.append(f"cost: unknown, no price for {settings.model} ({PLACE} names a file of prices)")
    else:
        lines.append(f"cost: at most {dollars(price.cost(tokens_in, tokens_out))} by list price of {price.as_of}")
    return [*lines, f"graded on top: at most {repaired} repaired traces"]
