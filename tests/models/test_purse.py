"""Laws of the purse: spending never passes the budget, resumed work is paid once, and no price means no budget."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.prices import PLACE, price_of
from resolute.models.engine import LEDGER, run_requests
from resolute.models.identity import resolve
from resolute.models.purse import Purse
from resolute.models.running import BROKE
from tests.models.test_engine import DRAW, HASTY, nothing, requests_for
from tests.server import said, serving


@pytest.fixture
def priced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """One dollar a thousand tokens, in and out, for the model `m` of the test server."""
    path = tmp_path / "prices.yaml"
    path.write_text("prices:\n- {model: m, input: 1000, output: 1000, as_of: 2026-11-01}\n")
    monkeypatch.setenv(PLACE, str(path))
    monkeypatch.setenv("STUB_API_KEY", "none")

    def answer(text: str, payload: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        status, body = said("<think>a</think>b")
        drawn = random.Random(text).randint(1, payload["max_tokens"])
        body["usage"] = {"prompt_tokens": 3, "completion_tokens": drawn, "total_tokens": 3 + drawn}
        return status, body

    with serving(answer) as served:
        monkeypatch.setenv("STUB_BASE_URL", served.url)
        yield served


def test_spending_never_passes_the_budget_and_comes_within_one_call_of_it(priced: Any, tmp_path: Path) -> None:
    model = resolve("openai-api/stub/m")
    asked = requests_for(model, 80)
    work = {"model": model, "sampling": DRAW, "folder": tmp_path, "progress": nothing, "patience": HASTY}
    purse = Purse(budget=0.4)
    made = run_requests(asked, **work, concurrency=8, purse=purse)
    paid = [one.reply for one in made.values() if one.reply.ending.why != "error"]
    spent = sum(one.tokens_in + one.tokens_out for one in paid) / 1000
    assert purse.cost == pytest.approx(spent)
    dearest = (DRAW.max_tokens + 20 + 16) / 1000
    assert 0.4 - dearest <= spent <= 0.4
    assert {one.reply.error for one in made.values() if one.reply.ending.why == "error"} == {BROKE}
    assert len(priced.asked) == len(paid) < 80

    richer = Purse(budget=10.0)
    again = run_requests(asked, **work, purse=richer)
    assert len(priced.asked) == 80, "what was paid for is not asked again"
    assert richer.cost == pytest.approx(
        sum(one.reply.tokens_in + one.reply.tokens_out for one in again.values()) / 1000
    ), "earlier runs of the same work count"
    assert {name: again[name].reply.answer for name in again} == dict.fromkeys(again, "b")


def test_a_budget_without_a_price_is_refused_before_anything_is_asked(priced: Any, tmp_path: Path) -> None:
    model = resolve("openai-api/stub/unheard-of")
    with pytest.raises(ResoluteError, match="no price is known"):
        run_requests(
            requests_for(model, 3), model=model, sampling=DRAW, folder=tmp_path, progress=nothing, purse=Purse(budget=1)
        )
    assert not priced.asked
    unknown = Purse()
    run_requests(requests_for(model, 3), model=model, sampling=DRAW, folder=tmp_path, progress=nothing, purse=unknown)
    assert unknown.cost is None
    assert unknown.tokens_in == 9


def test_a_torn_last_line_is_forgotten_and_what_stands_before_it_is_kept(priced: Any, tmp_path: Path) -> None:
    model = resolve("openai-api/stub/m")
    asked = requests_for(model, 6)
    work = {"model": model, "sampling": DRAW, "folder": tmp_path, "progress": nothing, "patience": HASTY}
    first = run_requests(asked, **work)
    path = tmp_path / LEDGER
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4]) + lines[4][: len(lines[4]) // 2])
    priced.asked.clear()
    assert run_requests(asked, **work) == first
    assert len(priced.asked) == 2
    assert len(path.read_bytes().splitlines()) == 6


def test_a_batch_interface_is_asked_for_by_name_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUB_API_KEY", "none")
    monkeypatch.setenv("STUB_BASE_URL", "http://127.0.0.1:9/v1")
    model = resolve("openai-api/stub/m")
    purse = Purse(batch=True)
    with pytest.raises(ResoluteError, match="no batch interface"):
        run_requests(requests_for(model, 2), model=model, sampling=DRAW, folder=tmp_path, progress=nothing, purse=purse)
    price = price_of("openai/gpt-4.1-mini")
    assert price is not None and price.cost(10, 10, batch=True) == price.cost(10, 10) / 2
