"""Laws of generation in this process: nothing but a request itself decides what comes out of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from resolute.core.ask import Sampling
from resolute.core.errors import ResoluteError
from resolute.core.records import Message
from resolute.models.drawing import Request
from resolute.models.local import Generated, Generator
from resolute.models.render import Renderer
from tests.tiny import make_tiny

DRAW = Sampling(temperature=1.0, top_p=0.95, max_tokens=24)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("tiny"), context=128)


@pytest.fixture(scope="module")
def renderer(folder: Path) -> Renderer:
    return Renderer.load(folder)


@pytest.fixture(scope="module")
def generator(folder: Path, renderer: Renderer) -> Generator:
    return Generator(folder, stop_ids=renderer.stop_ids, batch=16)


@pytest.fixture(scope="module")
def requests(renderer: Renderer) -> list[Request]:
    """Prompts of many lengths under many samplings, greedy and filtered ones among them."""
    ways = [DRAW, DRAW.model_copy(update={"temperature": 0.0}), DRAW.model_copy(update={"top_k": 5, "max_tokens": 9})]
    prompts = [renderer.prompt([Message(role="user", content="a word " * (1 + i % 9))]).ids for i in range(48)]
    return [Request(ids, ways[i % 3], seed=i) for i, ids in enumerate(prompts)]


@pytest.fixture(scope="module")
def outputs(generator: Generator, requests: list[Request]) -> list[Generated]:
    return generator.generate(requests)


def test_a_request_gives_the_same_tokens_alone_and_in_any_batch_and_order(
    generator: Generator, requests: list[Request], outputs: list[Generated]
) -> None:
    backwards = generator.generate(requests[::-1])[::-1]
    alone = [generator.generate([request])[0] for request in requests[:12]]
    uneven = generator.generate(requests[:5]) + generator.generate(requests[5:])
    assert backwards == outputs
    assert alone == outputs[:12]
    assert uneven == outputs


def test_rows_that_have_ended_are_computed_no_longer(
    generator: Generator, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = renderer.prompt([Message(role="user", content="a word")]).ids
    asked = [Request(ids, DRAW.model_copy(update={"max_tokens": 4 + 2 * row}), seed=row) for row in range(10)]
    together, forward = [], generator.model.forward

    def counted(*args: Any, **named: Any) -> Any:
        together.append(len(named["input_ids"]))
        return forward(*args, **named)

    monkeypatch.setattr(generator.model, "forward", counted)
    made = generator.generate(asked)
    assert together == sorted(together, reverse=True)
    # At most an eighth of a batch may have ended while it goes on.
    assert sum(together) <= sum(one.tokens_out for one in made) * 8 / 7 + len(asked)


def test_rows_of_a_model_whose_states_cannot_be_taken_apart_stay_together(folder: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer, MambaConfig, MambaForCausalLM

    words = len(AutoTokenizer.from_pretrained(folder))
    model = MambaForCausalLM(MambaConfig(vocab_size=words, hidden_size=32, state_size=4, num_hidden_layers=2))
    shutil.copytree(folder, tmp_path / "states", ignore=shutil.ignore_patterns("*.safetensors"))
    model.save_pretrained(tmp_path / "states")
    renderer = Renderer.load(tmp_path / "states")
    ids = renderer.prompt([Message(role="user", content="a word")]).ids
    generator = Generator(tmp_path / "states", stop_ids=renderer.stop_ids)
    asked = [Request(ids, DRAW.model_copy(update={"max_tokens": 4 + 2 * row}), seed=row) for row in range(6)]
    assert generator.generate(asked) == [generator.generate([one])[0] for one in asked]


def test_another_seed_gives_another_draw_and_greedy_decoding_needs_none(
    generator: Generator, requests: list[Request], outputs: list[Generated]
) -> None:
    reseeded = generator.generate([Request(r.ids, r.sampling, r.seed + 1_000) for r in requests])
    same = [old.ids == new.ids for old, new in zip(outputs, reseeded, strict=True)]
    greedy = [request.sampling.temperature == 0 for request in requests]
    assert [was for was, alike in zip(greedy, same, strict=True) if alike] == [True] * sum(greedy)


def test_draws_follow_the_models_distribution_and_not_its_shipped_defaults(
    generator: Generator, renderer: Renderer
) -> None:
    # The checkpoint ships top_k=2; one token drawn 400 times from a nearly flat distribution takes many more values.
    ids = renderer.prompt([Message(role="user", content="x")]).ids
    once = Sampling(temperature=1.0, max_tokens=1)
    drawn = {tuple(out.ids) for out in generator.generate([Request(ids, once, seed) for seed in range(400)])}
    assert len(drawn) > 100


def test_top_k_draws_from_the_k_likeliest_tokens_only(generator: Generator, renderer: Renderer) -> None:
    import torch

    ids = renderer.prompt([Message(role="user", content="x")]).ids
    with torch.inference_mode():
        scores = generator.model(input_ids=torch.tensor([ids])).logits[0, -1]
    three = Sampling(temperature=1.0, top_k=3, max_tokens=1)
    drawn = {tuple(out.ids) for out in generator.generate([Request(ids, three, seed) for seed in range(100)])}
    assert drawn == {(token,) for token in scores.topk(3).indices.tolist() if token not in generator.stop_ids}


def test_sampled_shares_agree_with_the_softmax(generator: Generator, renderer: Renderer) -> None:
    import torch

    ids = renderer.prompt([Message(role="user", content="x")]).ids
    with torch.inference_mode():
        chances = torch.softmax(generator.model(input_ids=torch.tensor([ids])).logits[0, -1] / 0.05, dim=-1)
    sharp = Sampling(temperature=0.05, max_tokens=1)
    drawn = [out.ids for out in generator.generate([Request(ids, sharp, seed) for seed in range(600)])]
    likely = int(chances.argmax())
    share, expected = sum(item == [likely] for item in drawn) / len(drawn), float(chances[likely])
    assert abs(share - expected) < 4 * (expected * (1 - expected) / len(drawn)) ** 0.5


def test_stop_reasons_and_token_counts_are_real(requests: list[Request], outputs: list[Generated]) -> None:
    for request, output in zip(requests, outputs, strict=True):
        assert output.tokens_in == len(request.ids)
        if output.stop == "length":
            assert output.tokens_out == len(output.ids) == request.sampling.max_tokens
        else:
            assert output.tokens_out == len(output.ids) + 1 <= request.sampling.max_tokens
    assert {output.stop for output in outputs} == {"end of turn", "length"}


def test_the_end_of_turn_is_taken_off_and_thinking_marks_are_kept(generator: Generator, renderer: Renderer) -> None:
    ids = renderer.prompt([Message(role="user", content="x")]).ids
    long = Sampling(temperature=1.0, max_tokens=100)
    texts = [output.text for output in generator.generate([Request(ids, long, seed) for seed in range(64)])]
    assert any("<think>" in text for text in texts)
    assert not any("<|end|>" in text for text in texts)


def test_new_tokens_are_bounded_by_the_context(generator: Generator, renderer: Renderer) -> None:
    ids = renderer.prompt([Message(role="user", content="x" * 90)]).ids
    (output,) = generator.generate([Request(ids, Sampling(temperature=0, max_tokens=10_000), 0)])
    assert output.tokens_in + output.tokens_out <= generator.context == 128


def test_a_prompt_longer_than_the_context_is_an_outcome_and_no_crash(generator: Generator, renderer: Renderer) -> None:
    ids = renderer.prompt([Message(role="user", content="x" * 300)]).ids
    fits = renderer.prompt([Message(role="user", content="x")]).ids
    outputs = generator.generate([Request(ids, DRAW, 0), Request(fits, DRAW, 0)])
    assert [output.stop == "prompt too long" for output in outputs] == [True, False]


def test_a_prompt_has_its_beginning_of_sequence_exactly_once(renderer: Renderer) -> None:
    ids = renderer.prompt([Message(role="user", content="hello")]).ids
    assert renderer.tokenizer.bos_token_id is not None
    assert ids.count(renderer.tokenizer.bos_token_id) == 1


def test_a_folder_that_holds_no_model_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ResoluteError, match="cannot load"):
        Generator(tmp_path, stop_ids=[0])
