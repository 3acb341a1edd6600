"""Fine-tuning on a GPU: ours beside the released study's way, model-FLOPs use, and memory beside what `--plan` said.

`python -m bench.train_gpu`, with RESOLUTE_DATA for the tokenizer. Qwen2 of 1.5B and 7B with random weights, bf16. Rows
are random ids as long as the study's (two rows a pass), and rows of 4,096 tokens for the use of the GPU. Nothing else
may share the GPU. It has not been run on one yet.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.train import lengths
from bench.train_ways import padded, steps
from resolute.core.settings import Train
from resolute.models.gpus import GIB, Gpus, here
from resolute.models.render import IGNORED, Renderer
from resolute.models.training import memory
from resolute.models.training.scope import Row

HEADS = {"1.5B": (1536, 8960, 28, 12, 2, True), "7B": (3584, 18944, 28, 28, 4, False)}
"""hidden, intermediate, layers, heads, key-value heads, tied: Qwen2.5's own configurations."""
WARM, TIMED, STEP = 2, 6, 8
"""Steps that are not timed, steps that are, rows of a step."""
VOCABULARY = 151_936


def config(size: str, folder: Path) -> None:
    """`config.json`, with which plan and model are made."""
    hidden, inner, layers, heads, shared, tied = HEADS[size]
    said = {
        "model_type": "qwen2", "hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": layers,
        "num_attention_heads": heads, "num_key_value_heads": shared, "vocab_size": VOCABULARY,
        "tie_word_embeddings": tied, "max_position_embeddings": 32_768,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(said), encoding="utf-8")


def rows(long: bool) -> list[Row]:
    """Random ids: prompts of 100 to 1,800 tokens and completions of the study's lengths, or 4,096 tokens in all."""
    draw = random.Random(0)
    made: list[Row] = []
    for number, said in enumerate(lengths((WARM + TIMED) * STEP)):
        asked = 4096 - said if long else draw.randint(100, 1800)
        ids = [draw.randrange(1000, 150_000) for _ in range(asked + said)]
        kinds = ["prompt"] * asked + ["answer"] * said
        made.append(Row(f"r{number}", ids, [IGNORED] * asked + ids[asked:], kinds))  # type: ignore[arg-type]
    return made


def settings(folder: Path, gpus: Gpus, *, long: bool) -> Train:
    """Every weight where that fits, else LoRA."""
    wanted = Train(
        model=str(folder), learning_rate=1e-5, batch_size=STEP, device_batch_size=1 if long else 2, max_length=4096,
        schedule="constant", warmup=0.0,
    )  # fmt: skip
    fits = memory.need(wanted, folder, [4096], gpus).total <= gpus.gpu.memory * GIB
    return wanted if fits else wanted.model_copy(update={"method": "lora"})


def measured(way: str, size: str, long: bool) -> dict[str, Any]:
    """Seconds a timed step, the peak of allocated memory, and the losses, of one way in this process."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, TrainerCallback

    data, marks = Path(os.environ["RESOLUTE_DATA"]), [0.0]
    with tempfile.TemporaryDirectory() as place:
        folder, gpus = Path(place), here()
        assert gpus is not None
        config(size, folder)
        asked = settings(folder, gpus, long=long)
        torch.manual_seed(0)
        with torch.device("cuda"):
            kind = torch.float32 if asked.method == "full" else torch.bfloat16
            model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), dtype=kind)
        renderer, made = Renderer.load(data / "tokenizers" / "r1-distill-qwen"), rows(long)
        trainer = (ours if way == "ours" else study)(asked, model, renderer, made, folder)

        class Marks(TrainerCallback):
            def on_step_end(self, *_: Any, **__: Any) -> None:
                torch.cuda.synchronize()
                marks.append(time.monotonic())

        trainer.add_callback(Marks())
        torch.cuda.reset_peak_memory_stats()
        trainer.train()
        wanted = memory.need(asked, folder, [len(row.ids) for row in made], gpus)
        form = memory.shape(folder)
    order = steps([len(row.ids) for row in made], STEP, by_length=False)[WARM * STEP :]
    tokens = sum(len(made[row].ids) for row in order) / TIMED
    token = 6 * form.parameters - (0 if form.tied else 6 * form.embedding)
    seconds = (marks[-1] - marks[WARM]) / TIMED
    return {
        "seconds": seconds,
        "method": asked.method,
        "use": token * tokens / seconds / (gpus.gpu.peak * 1e12) if gpus.gpu.peak else 0.0,
        "peak": torch.cuda.max_memory_reserved() / GIB,
        "plan": (wanted.total - memory.OVERHEAD) / GIB,
        "losses": [entry["loss"] for entry in trainer.state.log_history if "loss" in entry],
    }


def ours(asked: Train, model: Any, renderer: Renderer, made: Sequence[Row], scratch: Path) -> Any:
    from resolute.models.training.tune import trainer_for

    return trainer_for(asked, model, renderer, made, scratch, half=True)


def study(asked: Train, model: Any, renderer: Renderer, made: Sequence[Row], scratch: Path) -> Any:
    """As the study: row order, activations computed again, transformers' own loss over all logits."""
    import torch
    from transformers import PrinterCallback, Trainer, TrainingArguments

    cuda = torch.cuda.is_available()

    class InOrder(Trainer):
        def _get_train_sampler(self, *_: Any, **__: Any) -> Any:
            return steps([len(row.ids) for row in made], STEP, by_length=False)

    if asked.method != "full":
        from peft import LoraConfig, get_peft_model

        model = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear"))
        model.enable_input_require_grads()
    trainer = InOrder(
        model=model,
        args=TrainingArguments(
            output_dir=str(scratch), per_device_train_batch_size=2, gradient_accumulation_steps=STEP // 2,
            num_train_epochs=1, learning_rate=asked.learning_rate, lr_scheduler_type="constant", bf16=cuda,
            use_cpu=not cuda,
            gradient_checkpointing=True, report_to=[], disable_tqdm=True, save_strategy="no", logging_steps=1,
        ),
        train_dataset=[{"input_ids": row.ids, "labels": row.labels} for row in made],
        data_collator=lambda batch: padded(batch, renderer.pad_id),
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    return trainer


def main() -> int:
    if len(sys.argv) == 4:
        print("found " + json.dumps(measured(sys.argv[1], sys.argv[2], sys.argv[3] == "long")))
        return 0
    if here() is None:
        print("no GPU here", file=sys.stderr)
        return 1
    print(f"| model | rows | way | method | s a step | times | use | peak GiB | plan GiB | losses |, {here()}")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for size, kind in ((size, kind) for size in HEADS for kind in ("study's", "long")):
        base = 0.0
        for way in ("study", "ours"):
            line = [sys.executable, "-m", "bench.train_gpu", way, size, kind]
            told = subprocess.run(line, stdout=subprocess.PIPE, text=True)
            found = next((text for text in told.stdout.splitlines() if text.startswith("found ")), None)
            if found is None:
                print(f"| {size} | {kind} | {way} | failed with {told.returncode} |")
                continue
            one = json.loads(found.removeprefix("found "))
            base = base or one["seconds"]
            losses = " ".join(f"{loss:.4f}" for loss in one["losses"][:3])
            print(
                f"| {size} | {kind} | {way} | {one['method']} | {one['seconds']:.2f} | {base / one['seconds']:.2f} | "
                f"{one['use']:.0%} | {one['peak']:.1f} | {one['plan']:.1f} | {losses} |"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
