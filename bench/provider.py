"""Provider throughput: 256 prompts x 64 new tokens on the lab model, against plain `generate` in batches of 8.

`ours` is the generator alone, `evaluate` the whole way through Inspect with a log on disk. Tokens are those drawn.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from resolute.attacks.none import NONE
from resolute.core.ask import Sampling
from resolute.core.records import Message, Prompt
from resolute.core.sources import load_prompts
from resolute.models.drawing import Request
from resolute.models.engine import run_requests
from resolute.models.identity import resolve
from resolute.models.local import Generator
from resolute.models.render import Renderer
from resolute.models.requests import request

MODEL = "lab/base"
PROMPTS, TOKENS, RUNS, BASELINE_BATCH = 256, 64, 3, 8
DRAW = Sampling(temperature=1.0, max_tokens=TOKENS)


def plain(generator: Generator, requests: list[Request]) -> int:
    """What one would write without us: batches in the order they come, left-padded, sampled."""
    stop, drawn = list(generator.stop_ids), 0
    for start in range(0, len(requests), BASELINE_BATCH):
        rows = [list(request.ids) for request in requests[start : start + BASELINE_BATCH]]
        width = max(map(len, rows))
        ids = torch.tensor([[stop[0]] * (width - len(row)) + row for row in rows])
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
        with torch.inference_mode():
            output = generator.model.generate(
                input_ids=ids,
                attention_mask=mask,
                do_sample=True,
                top_k=0,
                max_new_tokens=TOKENS,
                eos_token_id=stop,
                pad_token_id=stop[0],
            )
        for row in output[:, width:].tolist():
            end = next((place for place, token in enumerate(row) if token in stop), len(row) - 1)
            drawn += end + 1
    return drawn


def ours(generator: Generator, requests: list[Request]) -> int:
    return sum(output.tokens_out for output in generator.generate(requests))


def through_inspect(prompts: list[Prompt]) -> int:
    model = resolve(MODEL)
    asked = [request(prompt, NONE, model=model, sampling=DRAW, seed=0) for prompt in prompts]
    with tempfile.TemporaryDirectory() as folder:
        made = run_requests(asked, model=model, sampling=DRAW, folder=Path(folder), progress=lambda *_, **__: None)
    return sum(attempt.reply.tokens_out for attempt in made.values())


def main() -> None:
    prompts = [prompt for kind in ("harmful", "benign") for prompt in load_prompts(f"lab/{kind}-train")][:PROMPTS]
    path = resolve(MODEL).path
    assert path is not None
    renderer = Renderer.load(path)
    generator = Generator(path, stop_ids=renderer.stop_ids)
    requests = [
        Request(renderer.prompt([Message(role="user", content=prompt.text)]).ids, DRAW, seed)
        for seed, prompt in enumerate(prompts)
    ]
    ways: dict[str, Callable[[], int]] = {
        f"generate, batches of {BASELINE_BATCH}": lambda: plain(generator, requests),
        f"ours, batches of {generator.batch}": lambda: ours(generator, requests),
        "evaluate (Inspect, log on disk)": lambda: through_inspect(prompts),
    }
    print(f"{len(prompts)} prompts x {TOKENS} tokens, medians of {RUNS} runs taken in turn, one thread\n")
    print("| way | seconds | seconds of processor | tokens/s | tokens |\n|---|---|---|---|---|")
    taken: dict[str, list[tuple[float, float, int]]] = {name: [] for name in ways}
    for turn in range(RUNS + 1):
        for name, act in ways.items():
            wall, used = time.perf_counter(), time.process_time()
            tokens = act()
            if turn:  # the first turn warms up
                taken[name].append((time.perf_counter() - wall, time.process_time() - used, tokens))
    for name, runs in taken.items():
        wall, used = (statistics.median(run[place] for run in runs) for place in (0, 1))
        tokens = statistics.median(run[2] for run in runs)
        print(f"| {name} | {wall:.2f} | {used:.2f} | {tokens / wall:,.0f} | {tokens:,.0f} |")


if __name__ == "__main__":
    main()
