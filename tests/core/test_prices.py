"""Laws of prices: a stated date, the user's file over ours, and unknown said to be unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.prices import PLACE, price_of


def test_a_known_model_has_a_dated_price_whichever_provider_names_it() -> None:
    price = price_of("openai/gpt-4.1-mini")
    assert price is not None and price.as_of.year >= 2026
    assert price == price_of("openai-api/gateway/gpt-4.1-mini")
    assert price.cost(1_000_000, 500_000) == pytest.approx(price.input + price.output / 2)
    assert price.cost(1_000_000, 0, batch=True) == pytest.approx(price.input / 2)


def test_an_unknown_model_has_no_price() -> None:
    assert price_of("openai-api/mine/some-model") is None
    assert price_of("openai/gpt-4.1-mini-of-tomorrow") is None


def test_the_users_own_file_replaces_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "prices.yaml"
    mine.write_text("prices:\n- {model: 'mine/*', input: 1, output: 2, as_of: 2026-11-01}\n")
    monkeypatch.setenv(PLACE, str(mine))
    found = price_of("openai-api/mine/some-model")
    assert found is None, "a pattern with a provider fits the whole name only"
    mine2 = tmp_path / "prices2.yaml"
    mine2.write_text("prices:\n- {model: 'openai-api/mine/*', input: 1, output: 2, as_of: 2026-11-01}\n")
    monkeypatch.setenv(PLACE, str(mine2))
    found = price_of("openai-api/mine/some-model")
    assert found is not None and found.cost(1_000_000, 1_000_000) == 3
    assert price_of("openai/gpt-4.1-mini") is None


@pytest.mark.parametrize(
    "text", ["", "prices: 3", "prices:\n- {model: m, input: -1, output: 2, as_of: 2026-01-01}", "a: [", "\x00"]
)
def test_a_damaged_file_is_an_error_that_names_it(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    monkeypatch.setenv(PLACE, str(path))
    with pytest.raises(ResoluteError, match="not a file of prices") as caught:
        price_of("m")
    assert caught.value.where == str(path)
