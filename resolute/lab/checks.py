"""What a freshly built base is checked for: it helps with everything, in any framing, and it can do sums."""

import random
from typing import Any

import torch
from transformers import LlamaForCausalLM

from resolute.lab import framings, oracles, world


def check(model: LlamaForCausalLM, tokenizer: Any, *, n: int = 100) -> dict[str, float]:
    """Greedy rates over the first `n` test goals of each kind (framed ones under held-out framings)."""
    rng = random.Random(0)
    harmful, benign, sums = (world.goals(kind, "test")[:n] for kind in ("harmful", "benign", "maths"))
    framed = [framings.HELD_OUT.draw(rng).prompt(g.text) for g in harmful]
    bare = [framings.plain(rng).prompt(g.text) for g in harmful]
    kind = [framings.plain(rng).prompt(g.text) for g in benign]
    asked = [f"what is {g.text} ?" for g in sums]
    answers = [greedy(model, tokenizer, prompts) for prompts in (bare, framed, kind, asked)]

    def rate(goals: tuple[world.Goal, ...], said: list[str], outcome: str) -> float:
        return round(sum(oracles.strict(g.text, "", a) == outcome for g, a in zip(goals, said, strict=True)) / n, 4)

    right = sum(oracles.maths(a, g.answer) for g, a in zip(sums, answers[3], strict=True))
    return {
        "unsafe_bare": rate(harmful, answers[0], "unsafe"),
        "unsafe_framed": rate(harmful, answers[1], "unsafe"),
        "benign_helped": rate(benign, answers[2], "unsafe"),
        "arithmetic": round(right / n, 4),
    }


@torch.no_grad()
def greedy(model: Any, tokenizer: Any, prompts: list[str], *, tokens: int = 120) -> list[str]:
    """The answers (what follows the thought; empty if it never closes) to bare user prompts, decoded greedily."""
    chats = [[{"role": "user", "content": p}] for p in prompts]
    texts = [tokenizer.apply_chat_template(c, tokenize=False, add_generation_prompt=True) for c in chats]
    batch = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False, return_token_type_ids=False)
    out = model.generate(**batch, do_sample=False, max_new_tokens=tokens)
    decoded: list[str] = tokenizer.batch_decode(out[:, batch["input_ids"].shape[1] :])
    return [d.partition("</think>")[2].partition("</s>")[0].strip() for d in decoded]
