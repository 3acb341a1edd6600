"""How an instrument's model is asked."""

from __future__ import annotations

from dataclasses import dataclass

from resolute.core.ask import Sampling
from resolute.models.purse import Purse
from resolute.models.running import Patience


@dataclass(frozen=True)
class Manner:
    """Replies are greedy: an instrument that draws lots measures its lots."""

    max_tokens: int
    """Most new tokens, thought included."""
    thinks: bool = False
    """The template's thinking switch."""
    chances: bool = False
    """The likeliest candidates of the first tokens are asked for: some servers refuse to be."""
    concurrency: int | None = None
    """Calls in flight at a server; no part of any key, nor is the next."""
    patience: Patience | None = None
    purse: Purse | None = None
    """What its calls are paid from."""

    @property
    def sampling(self) -> Sampling:
        return Sampling(temperature=0.0, max_tokens=self.max_tokens, thinking=self.thinks)
