"""What tokens cost: a dated file of list prices the user can replace; what is not in it is unknown, never guessed."""

from __future__ import annotations

import fnmatch
import os
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from resolute.core.errors import ResoluteError
from resolute.core.files import unreadable

PLACE = "RESOLUTE_PRICES"
"""Environment variable that names the user's own file of prices."""

Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Price(BaseModel):
    """The price of one model, in US dollars per million tokens; a thought is output."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(min_length=1)
    """The end of a model's name; `*` stands for anything."""
    input: Dollars
    output: Dollars
    batch: Annotated[float, Field(gt=0, le=1)] | None = None
    """What a batch interface multiplies the price with; None where the provider has none."""
    as_of: date
    source: str = ""

    def cost(self, tokens_in: int, tokens_out: int, *, batch: bool = False) -> float:
        """US dollars for so many tokens."""
        factor = (self.batch or 1.0) if batch else 1.0
        return factor * (tokens_in * self.input + tokens_out * self.output) / 1e6


FREE = Price(model="*", input=0, output=0, as_of=date.min)
"""Of a model that runs here."""


class _Prices(BaseModel):
    model_config = ConfigDict(extra="forbid")
    prices: list[Price]


def price_of(model: str) -> Price | None:
    """The price of an Inspect model name, or None where the file does not say. The first row that fits counts."""
    _, _, name = model.rpartition("/")
    for price in _listed(os.environ.get(PLACE, "")):
        if fnmatch.fnmatchcase(model, price.model) or fnmatch.fnmatchcase(name, price.model):
            return price
    return None


def dollars(amount: float) -> str:
    """An amount as people read it: cents, and four places below one cent."""
    return f"${amount:,.2f}" if amount >= 0.01 or amount == 0 else f"${amount:.4f}"


@cache
def _listed(place: str) -> tuple[Price, ...]:
    try:
        text = Path(place).read_text("utf-8") if place else files("resolute.core").joinpath("prices.yaml").read_text()
        found = _Prices.model_validate(yaml.safe_load(text))
    except OSError as error:
        raise unreadable(Path(place), error) from error
    except (yaml.YAMLError, UnicodeDecodeError, ValidationError) as error:
        reason = str(error).split("\n", 1)[0][:200]
        mend = "a mapping `prices:` to rows of model, input, output, as_of (and batch, source)"
        raise ResoluteError(f"not a file of prices: {reason}", where=place, mend=mend) from error
    return tuple(found.prices)
