"""Fine-tuning on one core, ours beside the released study's way: time, where the gain comes from, memory, equal losses.

The rows are the study's framed prompts with completions as long as its Default set's (mean 566 tokens, 90th percentile
837), real text cut from STAR-1's thoughts; ids and counts are all that is shown. The model is a random Qwen2 over the
real vocabulary. Needs the folder that `RESOLUTE_DATA` names. With a GPU `bench.train_gpu` has more.
"""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from bench.train_ways import PASS, steps
from resolute.core import trace
from resolute.core.records import Message
from resolute.models.render import IGNORED, Renderer
from resolute.models.training.scope import Row, write_rows

SAMPLE, STEP, EPOCH_STEP = 8, 4, 48
"""Rows that are timed, rows of each of their steps, rows of a step of the epoch that padding is counted for."""
MEAN, SPREAD = 566, 0.354
"""Of the completions' lengths: log-normal, so that the 90th percentile is 837 (arXiv 2505.15404)."""
VOCABULARY = 151_665
SIZES = {"hidden_size": 320, "intermediate_size": 1024, "num_hidden_layers": 10, "num_attention_heads": 5}

WORDS = {
    "study": "study: row order, two rows a pass, all logits",
    "sorted": "the same, sorted by length within a step",
    "ours": "ours, two rows a pass",
    "alone": "ours, one row a pass",
}
WHY = {
    "sorted": "Rows sorted by length (batching)",
    "ours": "Logits only where a row has a label (skipped logits), and the trainers' difference",
    "alone": "One row a pass: no padding, and no logits for a neighbour's labels",
}


def lengths(number: int) -> list[int]:
    """Completion lengths at evenly spaced shares of the distribution, shuffled."""
    normal = statistics.NormalDist()
    middle = math.log(MEAN) - SPREAD**2 / 2
    found = [round(math.exp(middle + SPREAD * normal.inv_cdf((n + 0.5) / number))) for n in range(number)]
    random.Random(0).shuffle(found)
    return found


def rows(data: Path, renderer: Renderer) -> list[Row]:
    """The study's 1,000 prompts; completions are stretches of STAR-1's thoughts, one after another, and an end."""
    framed = json.loads((data / "traces" / "sft_train_nocot.json").read_text(encoding="utf-8"))
    thoughts = json.loads((data / "traces" / "STAR-1.json").read_text(encoding="utf-8"))
    text = "\n\n".join(trace.split(row["response"]).thought for row in thoughts)
    stream = renderer.tokenizer(text, add_special_tokens=False)["input_ids"]
    made, place = [], 0
    for number, (row, length) in enumerate(zip(framed, lengths(len(framed)), strict=True)):
        prompt = renderer.prompt([Message(role="user", content=row["prompt"])]).ids
        place = place if place + length <= len(stream) else 0
        said = [*stream[place : place + length - 1], renderer.end_id]
        place += length
        kinds = ["prompt"] * len(prompt) + ["answer"] * length
        made.append(Row(f"r{number}", prompt + said, [IGNORED] * len(prompt) + said, kinds))
    return made


def model(data: Path, folder: Path) -> int:
    """A random Qwen2 with the real tokenizer; returns its number of parameters."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    config = Qwen2Config(vocab_size=VOCABULARY, num_key_value_heads=1, tie_word_embeddings=True, **SIZES)
    made = Qwen2ForCausalLM(config)
    made.save_pretrained(folder)
    for path in (data / "tokenizers" / "r1-distill-qwen").iterdir():
        shutil.copyfile(path, folder / path.name)
    return made.num_parameters()


def computed(some: Sequence[Row], way: str, *, step: int) -> int:
    """Tokens that the forward passes of an epoch compute, padding included."""
    sizes = [len(row.ids) for row in some]
    order = steps(sizes, step, by_length=way != "study")
    passes = [order[start : start + PASS[way]] for start in range(0, len(order), PASS[way])]
    return sum(len(batch) * max(sizes[row] for row in batch) for batch in passes)


def sample(all_rows: Sequence[Row]) -> list[Row]:
    """The middle row of each of `SAMPLE` equal parts by length, so that they are as long as all are, shuffled."""
    ranked = sorted(all_rows, key=lambda row: len(row.ids))
    chosen = [ranked[round((n + 0.5) * len(ranked) / SAMPLE)] for n in range(SAMPLE)]
    random.Random(0).shuffle(chosen)
    return chosen


def run(way: str, source: Path, folder: Path, scratch: Path) -> dict[str, Any]:
    out = scratch / f"{way}.json"
    line = [sys.executable, "-m", "bench.train_ways", way, str(source), str(folder), str(out), str(STEP)]
    subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
    return json.loads(out.read_text(encoding="utf-8"))


def main() -> int:
    data = Path(os.environ.get("RESOLUTE_DATA", ""))
    if not (data / "tokenizers" / "r1-distill-qwen").is_dir():
        print("RESOLUTE_DATA names no folder with the tokenizer and traces", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as place:
        scratch, folder = Path(place), Path(place) / "model"
        size = model(data, folder)
        began = time.process_time()
        all_rows = rows(data, Renderer.load(folder))
        rendering = len(all_rows) / (time.process_time() - began)
        timed = sample(all_rows)
        write_rows(scratch / "rows.parquet", timed)
        found = {way: run(way, scratch / "rows.parquet", folder, scratch) for way in PASS}
    show(found, all_rows, timed, size=size, rendering=rendering)
    return 0


def show(
    found: dict[str, dict[str, Any]], all_rows: Sequence[Row], timed: Sequence[Row], *, size: int, rendering: float
) -> None:
    tokens, base = sum(len(row.ids) for row in all_rows), found["study"]
    learned = sum(label != IGNORED for row in all_rows for label in row.labels) / tokens
    epochs = {
        way: one["processor"] / computed(timed, way, step=STEP) * computed(all_rows, way, step=EPOCH_STEP) / 3600
        for way, one in found.items()
    }
    print("| way | wall s | processor s | times | an epoch, h | times | padding | peak MiB | losses |")
    print("|---|---|---|---|---|---|---|---|---|")
    for way, one in found.items():
        pad = 1 - tokens / computed(all_rows, way, step=EPOCH_STEP)
        cells = (
            WORDS[way], f"{one['wall']:.0f}", f"{one['processor']:.0f}", f"{base['processor'] / one['processor']:.2f}",
            f"{epochs[way]:.2f}", f"{epochs['study'] / epochs[way]:.2f}", f"{pad:.1%}", one["peak"],
            " ".join(f"{loss:.5f}" for loss in one["losses"]),
        )  # fmt: skip
        print(f"| {' | '.join(map(str, cells))} |")
    print()
    for before, after in pairwise(found):
        print(f"- {WHY[after]}: {epochs[before] / epochs[after]:.2f} times.")
    apart = max(abs(a - b) for one in found.values() for a, b in zip(base["losses"], one["losses"], strict=True))
    print(f"- The losses of each step differ by {apart:.1e} at most.")
    mean, sampled = tokens / len(all_rows), sum(len(row.ids) for row in timed) / len(timed)
    print(
        f"\n{size / 1e6:.1f}M parameters over {VOCABULARY} tokens, fp32, one core. Timed: {len(timed)} rows (mean "
        f"{sampled:.0f} tokens) in steps of {STEP}. An epoch is {len(all_rows)} rows (mean {mean:.0f} tokens, "
        f"{learned:.0%} under loss) in steps of {EPOCH_STEP}, reckoned from the timed seconds a computed token. Peaks "
        f"include Python and torch. Rendering: {rendering:.0f} rows/s."
    )


if __name__ == "__main__":
    sys.exit(main())
