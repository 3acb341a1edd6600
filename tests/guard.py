"""A tiny guard trained on the spot: says `unsafe` and a hazard where the word TIN stands in what the assistant said."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

MARK = "TIN"
"""What this guard takes for harm."""
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|header|>{{ m['role'] }}<|end_header|>{{ m['content'] }}<|eot|>{% endfor %}"
    "{% if add_generation_prompt %}<|header|>verdict<|end_header|>{% endif %}"
)
SPOKEN = "the lid of it is on a stone now rub press open with your hand and wait then look at what came out"
WORDS = SPOKEN.split()
STEPS, ROWS = 160, 16


def text(draw: random.Random, *, unsafe: bool, longest: int = 24) -> str:
    """Some words, the mark among them or not."""
    words = draw.choices(WORDS, k=draw.randint(2, longest))
    if unsafe:
        words.insert(draw.randrange(len(words) + 1), MARK)
    return " ".join(words)


def make_guard(folder: Path, *, context: int = 2_048) -> Path:
    """A checkpoint folder in the form of Llama-Guard-3: conversation in, `safe` or `unsafe` and S-codes out."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE({letter: number for number, letter in enumerate(alphabet)}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens(["<|begin_of_text|>", "<|header|>", "<|end_header|>", "<|eot|>"])
    inner.add_tokens(["safe", "unsafe", "S1", MARK, *(f" {word}" for word in WORDS)])
    begin = inner.token_to_id("<|begin_of_text|>")
    inner.post_processor = processors.TemplateProcessing("<|begin_of_text|> $A", None, [("<|begin_of_text|>", begin)])
    tokenizer: Any = PreTrainedTokenizerFast(
        tokenizer_object=inner, bos_token="<|begin_of_text|>", eos_token="<|eot|>", clean_up_tokenization_spaces=False
    )
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=context,
        bos_token_id=begin,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=True,
    )
    model: Any = LlamaForCausalLM(config)
    _teach(model, tokenizer)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _teach(model: Any, tokenizer: Any) -> None:
    import torch

    draw = random.Random(0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = 4e-3 * min(1.0, step / 20) * (1 - step / STEPS)
        rows = []
        for _ in range(ROWS):
            unsafe = draw.random() < 0.5
            talk = [
                {"role": "user", "content": text(draw, unsafe=False, longest=8)},
                {"role": "assistant", "content": text(draw, unsafe=unsafe)},
            ]
            asked = tokenizer.apply_chat_template(talk, add_generation_prompt=True, tokenize=False)
            rows.append((tokenizer(asked, add_special_tokens=False)["input_ids"], unsafe))
        told = {
            unsafe: tokenizer(words + "<|eot|>", add_special_tokens=False)["input_ids"]
            for unsafe, words in ((False, "safe"), (True, "unsafe\nS1"))
        }
        width = max(len(ids) + len(told[unsafe]) for ids, unsafe in rows)
        ids = torch.full((ROWS, width), tokenizer.eos_token_id)
        labels = torch.full((ROWS, width), -100)
        for row, (prompt, unsafe) in enumerate(rows):
            whole = prompt + told[unsafe]
            ids[row, : len(whole)] = torch.tensor(whole)
            labels[row, len(prompt) : len(whole)] = torch.tensor(told[unsafe])
        loss = model(input_ids=ids, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
