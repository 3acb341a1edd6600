"""Renderers of real families and of the lab, loaded once a process; STAR-1 as training examples; tiny checkpoints."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path

from resolute.core import trace
from resolute.core.records import Example, Message
from resolute.models.render import Renderer

REAL = ("r1-distill-qwen", "qwen3")
LAB = Path(__file__).parents[1] / "resolute" / "lab" / "checkpoint"


@cache
def family(folder: Path) -> Renderer:
    return Renderer.load(folder)


def asked(text: str) -> list[Message]:
    return [Message(role="user", content=text)]


def example(name: str, question: str, reasoning: str, answer: str) -> Example:
    return Example(
        id=name, messages=asked(question), reasoning=reasoning, answer=answer, kind="harmful", goal=question,
        prompt=f"p-{name}", trace=f"t-{name}",
    )  # fmt: skip


@cache
def star1(data: Path) -> tuple[Example, ...]:
    """All 1,000 rows of STAR-1, taken apart at their closing mark."""
    rows = json.loads((data / "traces" / "STAR-1.json").read_text(encoding="utf-8"))
    split = [(row["question"], trace.split(row["response"])) for row in rows]
    return tuple(
        example(f"star1-{number:04d}", question, parts.thought, parts.answer)
        for number, (question, parts) in enumerate(split)
    )


def tiny_qwen(folder: Path, tokenizer: Path, *, vocabulary: int | None = None, hidden: int = 32) -> Path:
    """A random Qwen2 of two layers with a real tokenizer and its template, as shipped."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    renderer = family(tokenizer)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=vocabulary or len(renderer.tokenizer),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    for path in tokenizer.iterdir():
        shutil.copyfile(path, folder / path.name)
    return folder
