"""Training steps a second on one core: ours and stock TRL on the same ids and labels; and rows a second of the gate.

The large vocabulary needs a real tokenizer in the folder that `RESOLUTE_DATA` names; without it only the lab is timed.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from resolute.core import trace
from resolute.core.records import Example, Message
from resolute.core.settings import Train
from resolute.models.identity import resolve
from resolute.models.mask_audit import Audited, audit
from resolute.models.render import Renderer

LAB_STEPS, LARGE_STEPS = 30, 4


def star1(data: Path, number: int) -> list[Example]:
    rows = json.loads((data / "traces" / "STAR-1.json").read_text(encoding="utf-8"))[:number]
    return [
        example(f"r{place}", row["question"], (parts := trace.split(row["response"])).thought, parts.answer)
        for place, row in enumerate(rows)
    ]


def example(name: str, question: str, reasoning: str, answer: str) -> Example:
    return Example(
        id=name, messages=[Message(role="user", content=question)], reasoning=reasoning, answer=answer,
        kind="harmful", goal=question, prompt=name, trace=name,
    )  # fmt: skip


def lab_rows(renderer: Renderer, number: int) -> list[Example]:
    """Rows of the demo's shape: about 20 words asked, 10 to 50 thought, 8 to 20 answered."""
    words = sorted(word for word in renderer.tokenizer.get_vocab() if word.isalpha())
    said = [" ".join(words[(place * 37 + n * 11) % len(words)] for n in range(60)).split() for place in range(number)]
    return [
        example(f"r{n}", " ".join(row[:20]), " ".join(row[: 10 + 7 * n % 41]), " ".join(row[-8 - n % 13 :]))
        for n, row in enumerate(said)
    ]


def ours(settings: Train, folder: Path, renderer: Renderer, audited: Audited) -> list[float]:
    """Processor seconds of each step but the first."""
    from resolute.models.tune import fit

    marks: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        fit(settings, folder, renderer, audited, Path(scratch), lambda *_: marks.append(time.process_time()))
    return [after - before for before, after in pairwise(marks)]


def stock(settings: Train, folder: Path, renderer: Renderer, audited: Audited) -> list[float]:
    """The same with TRL's own trainer, loss and order."""
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, PrinterCallback, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    marks: list[float] = []

    class Mark(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            marks.append(time.process_time())

    rows = [row for _, row in audited.rows]
    with tempfile.TemporaryDirectory() as scratch:
        trainer = SFTTrainer(
            model=AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32),
            args=SFTConfig(
                output_dir=scratch, per_device_train_batch_size=settings.batch_size, max_steps=settings.max_steps or -1,
                learning_rate=settings.learning_rate, use_cpu=True, bf16=False, report_to=[], disable_tqdm=True,
                max_length=None, save_strategy="no", logging_steps=1, activation_checkpointing=False,
                dataset_kwargs={"skip_prepare_dataset": True}, dataloader_pin_memory=False,
            ),
            train_dataset=Dataset.from_dict(
                {"input_ids": [row.ids for row in rows], "labels": [row.labels for row in rows]}
            ),
            processing_class=renderer.tokenizer,
            callbacks=[Mark()],
        )  # fmt: skip
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return [after - before for before, after in pairwise(marks)]


def large(data: Path, folder: Path) -> None:
    """A random Qwen2 of two layers over the real vocabulary of 151,665 tokens."""
    import shutil

    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = Qwen2Config(vocab_size=151_665, num_key_value_heads=1, tie_word_embeddings=True, **sizes)
    Qwen2ForCausalLM(config).save_pretrained(folder)
    for path in (data / "tokenizers" / "r1-distill-qwen").iterdir():
        shutil.copyfile(path, folder / path.name)


def compare(name: str, folder: Path, rows: list[Example], *, batch: int, steps: int) -> None:
    renderer = Renderer.load(folder)
    began = time.process_time()
    audited = audit(rows, renderer, max_length=4096)
    audited.report.require(overlong="error", where=name)
    gate = len(rows) / (time.process_time() - began)
    settings = Train(model=str(folder), learning_rate=1e-4, batch_size=batch, max_steps=steps, max_length=4096)
    mine, theirs = (statistics.median(way(settings, folder, renderer, audited)) for way in (ours, stock))
    tokens = audited.report.tokens / len(rows)
    print(f"| {name} | {batch} x {tokens:.0f} | {gate:.0f} | {1 / mine:.2f} | {1 / theirs:.2f} | {theirs / mine:.1f} |")


def main() -> int:
    print("| model | rows x tokens a step | gate, rows/s | our steps/s | stock TRL steps/s | times |")
    print("|---|---|---|---|---|---|")
    lab = resolve("lab/base").path
    if lab is None:
        print("the lab's model is missing", file=sys.stderr)
        return 1
    compare("lab/base", lab, lab_rows(Renderer.load(lab), 320), batch=16, steps=LAB_STEPS)
    data = Path(os.environ.get("RESOLUTE_DATA", ""))
    if (data / "tokenizers" / "r1-distill-qwen").is_dir():
        with tempfile.TemporaryDirectory() as folder:
            large(data, Path(folder))
            compare("Qwen2, 2 layers, 151,665 tokens", Path(folder), star1(data, 20), batch=2, steps=LARGE_STEPS)
    else:
        print("RESOLUTE_DATA names no tokenizer: the large vocabulary is left out", file=sys.stderr)
    print("\nMedians over the steps of one run, processor time of one core, fp32, the first step left out.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
