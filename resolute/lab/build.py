"""Pretrain the lab's base model and write it as a Hugging Face folder: ``resolute lab build`` calls `build`.

The checkpoint in ``resolute/lab/checkpoint`` was made by exactly this: about ten minutes on one core.
"""

import json
import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from resolute.lab import corpus
from resolute.lab.checks import check
from resolute.lab.muon import Muon
from resolute.lab.tokenizer import build_tokenizer
from resolute.lab.world import world_hash

CHECKPOINT: Final = Path(__file__).parent / "checkpoint"
Progress = Callable[[int, int, float], None]
"""Called with (step, steps, mean loss of late) every fifty steps."""


@dataclass(frozen=True, slots=True)
class Build:
    """Settings of a build."""

    seed: int = 0
    """Of the initial weights and of the order of the corpus."""
    steps: int = 2000
    """Optimizer steps; each sees about `tokens` tokens."""
    tokens: int = 1500
    """Tokens of a batch, padding included."""
    muon_lr: float = 0.02
    """Peak rate of the weight matrices."""
    adam_lr: float = 0.003
    """Peak rate of embeddings and norms."""
    layers: int = 4
    """Decoder layers."""
    width: int = 128
    """Hidden size."""


def _silent(step: int, steps: int, loss: float) -> None:
    """No progress shown."""


def build(out: Path, *, settings: Build | None = None, progress: Progress = _silent) -> dict[str, Any]:
    """Pretrain, save model and tokenizer to `out` in fp16, and return what ``build.json`` there holds."""
    settings = settings or Build()
    started = time.monotonic()
    tokenizer = build_tokenizer()
    model = new_model(settings, len(tokenizer))
    loss = _train(model, tokenizer, settings, progress)
    model = model.half().eval()
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    stats = {
        "settings": asdict(settings),
        "world": world_hash(),
        "parameters": sum(p.numel() for p in model.parameters()),
        "vocabulary": len(tokenizer),
        "loss": round(loss, 4),
        "minutes": round((time.monotonic() - started) / 60, 1),
        "torch": torch.__version__,
        **check(model.float(), tokenizer),
    }
    (out / "build.json").write_text(json.dumps(stats, indent=2) + "\n")
    return stats


def new_model(settings: Build, vocabulary: int) -> LlamaForCausalLM:
    """An untrained model with weights drawn from the settings' seed; the caller's global random state is kept."""
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=settings.width,
        intermediate_size=3 * settings.width,
        num_hidden_layers=settings.layers,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        model = LlamaForCausalLM(config)
    model.generation_config = GenerationConfig(bos_token_id=1, eos_token_id=2, pad_token_id=0)
    return model


def _train(model: LlamaForCausalLM, tokenizer: Any, settings: Build, progress: Progress) -> float:
    """Train in place; the mean loss of the last hundred steps (per token of thought and answer)."""
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    chosen = {id(p) for p in matrices}
    muon = Muon(matrices, lr=settings.muon_lr)
    adam = torch.optim.AdamW(
        [p for p in model.parameters() if id(p) not in chosen], lr=settings.adam_lr, betas=(0.9, 0.95), weight_decay=0.0
    )
    recent: list[float] = []
    model.train()
    for step, (ids, labels) in zip(range(settings.steps), _batches(tokenizer, settings), strict=False):
        scale = min(1.0, (step + 1) / 100) * (1 - step / settings.steps)
        muon.lr = settings.muon_lr * scale
        adam.param_groups[0]["lr"] = settings.adam_lr * scale
        logits = model(input_ids=ids).logits[:, :-1]
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
        loss.backward()
        muon.step()
        adam.step()
        adam.zero_grad(set_to_none=True)
        recent = [*recent[-99:], loss.item()]
        if step % 50 == 0 or step == settings.steps - 1:
            progress(step, settings.steps, math.fsum(recent) / len(recent))
    return math.fsum(recent) / len(recent)


def _batches(tokenizer: Any, settings: Build) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Batches of rows of like length: 1,600 rows are sorted at a time and cut into about `tokens` tokens each."""
    rng = random.Random(settings.seed)
    stream = corpus.rows(rng)
    while True:
        encoded = sorted((_encode(tokenizer, next(stream)) for _ in range(1600)), key=lambda pair: len(pair[0]))
        groups: list[list[tuple[list[int], list[int]]]] = [[]]
        for pair in encoded:
            if groups[-1] and len(pair[0]) * (len(groups[-1]) + 1) > settings.tokens:
                groups.append([])
            groups[-1].append(pair)
        rng.shuffle(groups)
        for group in groups:
            yield _pad([ids for ids, _ in group], 0), _pad([labels for _, labels in group], -100)


def _encode(tokenizer: Any, row: corpus.Row) -> tuple[list[int], list[int]]:
    """Token ids, and labels that carry no loss on the prompt."""
    head, body = (tokenizer.encode(part, add_special_tokens=False) for part in corpus.text(row))
    return head + body, [-100] * len(head) + body


def _pad(rows: list[list[int]], value: int) -> torch.Tensor:
    length = max(map(len, rows))
    return torch.tensor([row + [value] * (length - len(row)) for row in rows])
