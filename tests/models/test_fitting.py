"""Roles on GPUs: together, one after the other, or refused with what would fit. A table of cases, no GPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.settings import Evaluate
from resolute.models.casting import player, players, token_bytes
from resolute.models.evaluating import read_plan
from resolute.models.fitting import Fit, Player, Who, fit
from resolute.models.gpus import GIB, KNOWN, Gpus
from resolute.models.identity import resolve
from tests.tiny import make_tiny

SEVEN, THIRTY_TWO, EIGHT, MIXTRAL = 7.6e9 * 2, 32.8e9 * 2, 8.0e9 * 2, 46.7e9 * 2
"""bf16 weights of models of these sizes."""
KV = 57_344.0
"""Of a Qwen2.5-7B: 28 layers, 4 key-value heads of 128."""


def role(who: Who, weights: float, **more: Any) -> Player:
    fields = {"endpoint": "in this process", "token": KV, "tokens": 9_000} | more
    return Player(who, who.replace(" ", "-"), "here", weights=weights, **fields)


def by_vllm(weights: float, **more: Any) -> Player:
    fields = {"token": KV, "tokens": 9_000, "share": 0.9} | more
    return Player("target", "t", "vllm", "vLLM", weights=weights, **fields)


ELSEWHERE = [Player(who, "api", "elsewhere", "at x") for who in ("target", "attacker", "stop judge", "final judge")]
TARGET, GUARD = role("target", SEVEN), role("final judge", EIGHT)
STOP, ATTACKER = role("stop judge", EIGHT), role("attacker", SEVEN)
TOGETHER, SWAP = "together", "answer, swap, judge"


@pytest.mark.parametrize(
    ("cast", "gpu", "count", "order"),
    [
        pytest.param(ELSEWHERE, "T4", 1, TOGETHER, id="nobody runs here"),
        pytest.param([TARGET, GUARD], "H100", 1, TOGETHER, id="target and guard on 80 GB"),
        pytest.param([TARGET, GUARD], "RTX 4090", 1, SWAP, id="target, then guard, on 24 GB"),
        pytest.param([TARGET, GUARD, GUARD], "A100-40", 1, TOGETHER, id="judges one after the other beside the target"),
        pytest.param([TARGET, ATTACKER, STOP, GUARD], "H100", 1, TOGETHER, id="PAIR and a judge on 80 GB"),
        pytest.param(
            [TARGET, ATTACKER, STOP, role("final judge", THIRTY_TWO)], "H100", 1, SWAP, id="a large judge after"
        ),
        pytest.param([by_vllm(SEVEN), GUARD], "H100", 1, SWAP, id="our server ends before the judge"),
        pytest.param([by_vllm(SEVEN), *ELSEWHERE[1:]], "RTX 4090", 1, TOGETHER, id="vLLM, the others elsewhere"),
        pytest.param([by_vllm(THIRTY_TWO, split=4), GUARD], "L40S", 4, SWAP, id="32B over four GPUs, then a guard"),
    ],
)
def test_the_order_follows_from_what_fits(cast: list[Player], gpu: str, count: int, order: str) -> None:
    found = fit(cast, Gpus(KNOWN[gpu], count))
    assert found.order == order
    assert len(found.lines) == len(cast) + 1 and found.lines[-1].startswith("order: ")


@pytest.mark.parametrize(
    ("cast", "gpu", "count", "said"),
    [
        pytest.param([role("target", THIRTY_TWO)], "RTX 4090", 1, "4 x RTX 4090", id="more GPUs"),
        pytest.param([role("target", THIRTY_TWO)], "RTX 4090", 8, "tensor_parallel: 4", id="GPUs that are there"),
        pytest.param([TARGET, role("final judge", MIXTRAL)], "H100", 1, "serve it", id="a judge that fits nowhere"),
        pytest.param([TARGET, ATTACKER, STOP], "A100-40", 1, "serve the stop judge", id="three that speak"),
        pytest.param([by_vllm(SEVEN), STOP], "H100", 1, "serving.memory: 0.7", id="a smaller share"),
        pytest.param(
            [by_vllm(SEVEN, split=2, copies=2)], "H100", 2, "tensor_parallel: 1", id="GPUs that are not there"
        ),
        pytest.param([role("target", 3e12)], "H200", 1, "not on 16", id="far too large"),
        pytest.param([role("target", SEVEN, tokens=9_000_000)], "H100", 1, "tensor_parallel: 8", id="a very long row"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_fit(cast: list[Player], gpu: str, count: int, said: str) -> None:
    with pytest.raises(ResoluteError) as caught:
        fit(cast, Gpus(KNOWN[gpu], count))
    assert said in str(caught.value), str(caught.value)


def test_the_mend_of_a_target_fits_indeed() -> None:
    gpus = Gpus(KNOWN["RTX 4090"], 8)
    assert isinstance(fit([by_vllm(THIRTY_TWO, split=4)], gpus), Fit)
    spare = fit([by_vllm(SEVEN, share=0.78), STOP], Gpus(KNOWN["H100"], 1))
    assert spare.order == TOGETHER


def test_more_memory_never_makes_a_cast_that_fits_impossible() -> None:
    ranked = sorted(KNOWN.values(), key=lambda gpu: gpu.memory)
    for cast in ([TARGET, GUARD], [TARGET, ATTACKER, STOP, GUARD], [by_vllm(SEVEN), GUARD]):
        fits = []
        for gpu in ranked:
            try:
                fits.append(bool(fit(cast, Gpus(gpu, 1))))
            except ResoluteError:
                fits.append(False)
        assert fits == sorted(fits)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("fit") / "tiny")


def test_sizes_come_from_the_configuration(tiny: Path) -> None:
    from transformers import AutoConfig

    from resolute.models.training.memory import shape

    config = AutoConfig.from_pretrained(tiny)
    assert token_bytes(config) == 2 * 2 * 2 * 2 * 16, "keys and values, 2 bytes, 2 layers, 2 heads of 16"
    one = player("target", resolve(str(tiny)), 10_000)
    assert (one.weights, one.tokens) == (2 * shape(tiny).parameters, 512), "no row is longer than the context"
    assert player("attacker", resolve("openai-api/x/y"), 5).runs == "elsewhere"


def test_the_cast_of_an_evaluation_is_everybody_who_plays(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUARDS_BASE_URL", "http://10.0.0.7:8000/v1")
    given = {
        "model": str(tiny), "suites": ["lab:3"], "sampling": {"temperature": 0.6, "max_tokens": 64},
        "attacks": ["pair"], "attacker": "openai-api/guards/attacker", "stop": f"llama-guard-3@{tiny}",
    }  # fmt: skip
    settings = Evaluate.model_validate(given)
    found = players(settings, read_plan(settings), resolve(str(tiny)), ["refusal", f"llama-guard-3@{tiny}"])
    assert [(one.who, one.runs) for one in found] == [
        ("target", "here"), ("attacker", "elsewhere"), ("stop judge", "here"), ("final judge", "here"),
    ]  # fmt: skip
    assert found[1].endpoint == "at http://10.0.0.7:8000/v1"
    asked = players(settings.model_copy(update={"engine": "vllm"}), read_plan(settings), resolve(str(tiny)), [])
    assert asked[0].runs == "vllm" and asked[0].share == 0.9
    assert 0 < asked[0].weights <= found[0].weights < GIB
