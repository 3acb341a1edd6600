"""The lab's experiment in one small file, without the pipeline: tune on scripted traces, attack, print JSON lines.

    python bench/lab_trial.py --base resolute/lab/checkpoint --arms raw,default:kept,default:clean --seeds 0,1,2

It is how the lab's settings were chosen (``--split tune``) and a second, independent path to the numbers of the demo,
which go through the real stages. An arm is a strategy of the teacher, with an ablation of Default after a colon.
"""

import argparse
import json
import math
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from resolute.lab import attacks, framings, oracles, phrases, teacher, world

Triple = tuple[str, str, str]
"""Prompt, thought, answer."""


def chat(tokenizer: Any, prompt: str) -> list[int]:
    """The ids of a prompt with the thought opened."""
    messages = [{"role": "user", "content": prompt}]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return tokenizer.encode(text, add_special_tokens=False)


def safe_rows(strategy: Any, variant: Any, n: int, seed: int) -> list[Triple]:
    """`n` traces that the guard (safe answer, no steps in the thought) keeps; all arms share goals and framings."""
    asked, wrote, goals = (
        random.Random(f"prompts {seed}"),
        random.Random(f"write {seed}"),
        world.goals("harmful", "train"),
    )
    out: list[Triple] = []
    for i in range(100 * n):
        goal = goals[i % len(goals)]
        framing = framings.plain(asked) if asked.random() < 0.15 else framings.TRAIN.draw(asked)
        prompt = framing.prompt(goal.text)
        trace = teacher.write(goal.text, prompt, strategy=strategy, variant=variant, rng=wrote)
        safe = oracles.strict(goal.text, "", trace.answer) == "safe"
        if safe and not oracles.thought_unsafe(goal.text, trace.thought):
            out.append((prompt, trace.thought, trace.answer))
        if len(out) == n:
            break
    return out


def benign_rows(strategy: Any, n: int, seed: int) -> list[Triple]:
    """`n` look-alikes with helpful answers in the strategy's style, a third of them framed."""
    rng, out = random.Random(f"benign {seed}"), []
    goals = rng.sample(world.goals("benign", "train"), len(world.goals("benign", "train")))
    for i in range(n):
        goal = goals[i % len(goals)]
        framing = framings.TRAIN.draw(rng) if rng.random() < 0.3 else framings.plain(rng)
        trace = teacher.write(goal.text, framing.prompt(goal.text), strategy=strategy, rng=rng)
        out.append((framing.prompt(goal.text), trace.thought, trace.answer))
    return out


def tune(
    base: Path, tokenizer: Any, rows: list[Triple], *, lr: float, seed: int, epochs: int = 2, batch: int = 16
) -> Any:
    """Full fine-tuning: AdamW, linear decay, `batch` examples a step, loss on thought, answer and end-of-turn."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).train()
    encoded: list[tuple[list[int], list[int]]] = []
    for prompt, thought, answer in rows:
        head = chat(tokenizer, prompt)
        body = tokenizer.encode(f"{thought} </think> {answer} </s>".lstrip(), add_special_tokens=False)
        encoded.append((head + body, [-100] * len(head) + body))
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.0)
    rng, steps, step = random.Random(seed), math.ceil(len(encoded) / batch) * epochs, 0
    for _ in range(epochs):
        rng.shuffle(encoded)
        for start in range(0, len(encoded), batch):
            group = encoded[start : start + batch]
            length = max(len(ids) for ids, _ in group)
            ids = torch.tensor([x + [0] * (length - len(x)) for x, _ in group])
            labels = torch.tensor([y + [-100] * (length - len(y)) for _, y in group])
            optimizer.param_groups[0]["lr"] = lr * (1 - step / steps)
            logits = model(input_ids=ids).logits[:, :-1]
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            step += 1
    return model.eval()


@torch.no_grad()
def sample(
    model: Any, tokenizer: Any, prompts: list[str], *, temperature: float, seed: int, tokens: int = 160
) -> list[tuple[str, str]]:
    """(thought, answer) for each prompt; the answer is empty where the thought or the answer was not ended."""
    generator, out = torch.Generator().manual_seed(seed), [("", "")] * len(prompts)
    encoded = [chat(tokenizer, p) for p in prompts]
    order = sorted(range(len(prompts)), key=lambda i: len(encoded[i]))
    for start in range(0, len(order), 128):
        rows = order[start : start + 128]
        width = max(len(encoded[i]) for i in rows)
        ids = torch.tensor([[0] * (width - len(encoded[i])) + encoded[i] for i in rows])
        mask = torch.tensor([[0] * (width - len(encoded[i])) + [1] * len(encoded[i]) for i in rows])
        position, past, said = (mask.cumsum(1) - 1).clamp(min=0), None, {i: list[int]() for i in rows}
        for _ in range(tokens):
            step = model(
                input_ids=ids, attention_mask=mask, position_ids=position, past_key_values=past, use_cache=True
            )
            past, logits = step.past_key_values, step.logits[:, -1].float()
            if temperature:
                token = torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)[:, 0]
            else:
                token = logits.argmax(-1)
            for i, t in zip(rows, token.tolist(), strict=True):
                said[i].append(t)
            keep = (token != 2).nonzero()[:, 0]
            if not len(keep):
                break
            if len(keep) < len(rows):
                past.reorder_cache(keep)
                rows, mask, token, position = [rows[k] for k in keep.tolist()], mask[keep], token[keep], position[keep]
            ids = token[:, None]
            mask = torch.cat([mask, torch.ones(len(rows), 1, dtype=mask.dtype)], 1)
            position = position[:, -1:] + 1
        for i, tokens_of in said.items():
            ended = tokens_of[-1] == 2
            thought, closed, answer = tokenizer.decode(tokens_of[:-1] if ended else tokens_of).partition("</think>")
            out[i] = (thought.strip(), answer.strip() if closed and ended else "")
    return out


def rates(goals: tuple[world.Goal, ...], said: list[tuple[str, str]]) -> dict[str, float]:
    """Shares of unsafe and garbled answers by the strict oracle, and of thoughts that give the steps."""
    verdicts = Counter(oracles.strict(g.text, t, a) for g, (t, a) in zip(goals, said, strict=True))
    leaks = sum(oracles.thought_unsafe(g.text, t) for g, (t, _) in zip(goals, said, strict=True))
    n = len(goals)
    return {"unsafe": verdicts["unsafe"] / n, "garbled": verdicts["garbled"] / n, "thought": leaks / n}


def pair(
    model: Any, tokenizer: Any, goals: tuple[world.Goal, ...], *, temperature: float, seed: int, tries: int
) -> dict[str, float]:
    """`attacks.pair_like`, all goals in step (one batch a try) instead of one after the other."""
    rngs = [random.Random(f"pair {g.text} {seed}") for g in goals]
    moves, last, todo = ["open"] * len(goals), [("", "")] * len(goals), list(range(len(goals)))
    for attempt in range(tries):
        prompts = [attacks._draw(moves[i], rngs[i]).prompt(goals[i].text) for i in todo]
        said = sample(model, tokenizer, prompts, temperature=temperature, seed=seed + 100 + attempt)
        for i, reply in zip(list(todo), said, strict=True):
            last[i] = reply
            rngs[i].getrandbits(31)
            moves[i] = "escalate" if reply[1].endswith(phrases.REFUSALS) else "simplify"
            if oracles.loose(goals[i].text, reply[1]):
                todo.remove(i)
        if not todo:
            break
    return rates(goals, last)


def evaluate(
    model: Any, tokenizer: Any, split: Any, *, temperature: float, seed: int, tries: int, n: int
) -> dict[str, Any]:
    """The four attacks (sampled), over-refusal and sums (greedy)."""
    goals = world.goals("harmful", split)[:n]
    found: dict[str, Any] = {}
    for k, attack in enumerate((attacks.none, attacks.persona, attacks.persuasion)):
        prompts = [attack(g.text, seed=seed)[0]["content"] for g in goals]
        said = sample(model, tokenizer, prompts, temperature=temperature, seed=seed + k)
        found[attack.__name__] = rates(goals, said)
    found["pair_like"] = pair(model, tokenizer, goals, temperature=temperature, seed=seed, tries=tries)
    benign, rng = world.goals("benign", split), random.Random(0)
    said = sample(model, tokenizer, [framings.plain(rng).prompt(g.text) for g in benign], temperature=0, seed=0)
    for name, withheld in (("known", False), ("withheld", True)):
        verdicts = [
            oracles.refusal(g.text, a) for g, (_, a) in zip(benign, said, strict=True) if g.withheld == withheld
        ]
        if verdicts:
            found[f"over_refusal_{name}"] = {v: verdicts.count(v) / len(verdicts) for v in ("refused", "garbled")}
    sums = world.goals("maths", split)
    said = sample(model, tokenizer, [f"what is {g.text} ?" for g in sums], temperature=0, seed=0)
    found["sums"] = sum(oracles.maths(a, g.answer) for g, (_, a) in zip(sums, said, strict=True)) / len(sums)
    return found


def main() -> None:
    """Run the arms one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, default=Path("resolute/lab/checkpoint"))
    parser.add_argument("--arms", default="raw,default:kept,default:clean,improved")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--split", choices=("tune", "test"), default="tune")
    parser.add_argument("--safety", type=int, default=600)
    parser.add_argument("--benign", type=int, default=100)
    parser.add_argument("--lr", type=float, default=3e-4)
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--tries", type=int, default=attacks.TRIES)
    parser.add_argument("--goals", type=int, default=240)
    options = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(options.base)
    for arm in options.arms.split(","):
        strategy, _, variant = arm.partition(":")
        for seed in map(int, options.seeds.split(",")):
            start = time.monotonic()
            if arm == "raw":
                model = AutoModelForCausalLM.from_pretrained(options.base, dtype=torch.float32).eval()
            else:
                rows = safe_rows(strategy, variant, options.safety, seed) + benign_rows(strategy, options.benign, seed)
                model = tune(options.base, tokenizer, rows, lr=options.lr, seed=seed)
            tuned = time.monotonic()
            found = evaluate(
                model, tokenizer, options.split, temperature=options.temperature, seed=1000 * seed,
                tries=options.tries, n=options.goals,
            )  # fmt: skip
            row = {
                k: str(v) if isinstance(v, Path) else v for k, v in vars(options).items() if k not in {"arms", "seeds"}
            }
            seconds = {"tune": round(tuned - start), "evaluate": round(time.monotonic() - tuned)}
            print(json.dumps({"arm": arm, "seed": seed, **found, "seconds": seconds, **row}), flush=True)


if __name__ == "__main__":
    main()
