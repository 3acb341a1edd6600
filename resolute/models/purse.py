"""What the calls of a stage may cost and what they cost, in US dollars by list price (see `core.prices`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Work
from resolute.core.prices import PLACE, Price, dollars, price_of
from resolute.core.records import Message
from resolute.models.identity import Model

_PER_MESSAGE = 16
"""Tokens that a template may write around a message."""
_LOOK = 0.02
"""Seconds until a call that did not fit looks again whether others cost less than was set aside for them."""


class BudgetSpentError(Exception):
    """What is left does not cover one more call: the rest is left for a run with more."""


@dataclass(eq=False)
class Purse:
    """Spending never passes the budget: before a call the most it can cost is set aside, after it what it did cost is
    paid. A call that is interrupted by a kill or fails without a word about its tokens is not in it."""

    budget: float | None = None
    """US dollars for everything, earlier runs of the same artifact included; None: no limit."""
    batch: bool = False
    """Calls go through the provider's batch interface, at its price."""
    spent: float = 0.0
    held: float = 0.0
    """Set aside for the calls in flight."""
    flying: int = 0
    """Calls in flight."""
    tokens_in: int = 0
    tokens_out: int = 0
    prices: dict[str, Price | None] = field(default_factory=dict[str, Price | None])
    """Price of every model that was asked over a network; None: unknown."""

    def price(self, model: Model) -> Price | None:
        """The price of a model, None for one that runs here. Raises `ResoluteError` where there is a budget and the
        price is not known."""
        if model.kind != "inspect" or model.path is not None:  # a checkpoint that we serve runs here too
            return None
        found = self.prices.setdefault(model.name, price_of(model.name))
        if found is None and self.budget is not None:
            mend = f"leave out the budget, or let {PLACE} name a file of prices that has the model"
            raise ResoluteError(
                "no price is known for this model, so no budget can be kept", where=model.name, mend=mend
            )
        return found

    def pay(self, price: Price | None, tokens_in: int, tokens_out: int) -> None:
        """Note what a call cost."""
        self.tokens_in += tokens_in
        self.tokens_out += tokens_out
        if price is not None:
            self.spent += price.cost(tokens_in, tokens_out, batch=self.batch)

    @asynccontextmanager
    async def hold(self, price: Price | None, messages: Sequence[Message], max_tokens: int) -> AsyncGenerator[None]:
        """Set aside what a call can cost at most; waits for calls in flight where only they stand in the way.

        A token is at least a byte, so the bytes of the messages bound what is sent. Raises `BudgetSpentError`.
        """
        most = 0.0
        if price is not None and self.budget is not None:
            sent = sum(len(message.content.encode("utf-8", "replace")) + _PER_MESSAGE for message in messages)
            most = price.cost(sent, max_tokens, batch=self.batch)
            while self.spent + self.held + most > self.budget:
                if not self.flying:
                    raise BudgetSpentError
                await asyncio.sleep(_LOOK)
        self.held, self.flying = self.held + most, self.flying + 1
        try:
            yield
        finally:
            self.held, self.flying = self.held - most, self.flying - 1

    @property
    def shown(self) -> str:
        """Tokens and dollars so far, for a progress line."""
        total = self.tokens_in + self.tokens_out
        tokens = f"{total / 1e6:.2f}M tokens" if total >= 1e5 else f"{total} tokens"
        return f"{tokens}, {dollars(self.spent)}" if any(self.prices.values()) else tokens

    @property
    def cost(self) -> float | None:
        """Dollars for everything; 0 where all models ran here, None where a price is not known."""
        return None if None in self.prices.values() else self.spent

    def tell(self, work: Work) -> None:
        """Write tokens and cost into the manifest, and say where a price is not known."""
        work.manifest.tokens_in, work.manifest.tokens_out = self.tokens_in, self.tokens_out
        work.manifest.cost = self.cost
        for name, price in sorted(self.prices.items()):
            if price is None:
                work.note(f"cost unknown: no price for {name}; {PLACE} names a file of your own prices")
            else:
                work.note(
                    f"{name}: list price of {price.as_of}, ${price.input:g} in and ${price.output:g} out a million"
                )
        if self.cost and self.prices:
            work.note(f"cost: {dollars(self.cost)} by list price")
