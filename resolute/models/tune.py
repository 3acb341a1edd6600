"""Fine-tuning by TRL on rows that the mask audit has passed. The only module that trains; it imports torch when loaded.

TRL is handed ids and labels and told to prepare nothing: no template, no cutting, no packing, no dropping of rows. An
optimizer step sees exactly `batch_size` rows (the last of an epoch the rest): rows are shuffled once an epoch, and
sorted by length only *within* a step, so that the parts it is accumulated from need little padding and its gradient
stays the same.
"""

from __future__ import annotations

import gc
import inspect
import math
import os
import random
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, PrinterCallback, TrainerCallback
from transformers.utils import logging as transformers_logging
from trl import SFTConfig, SFTTrainer
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, write_json
from resolute.core.jobs import Progress
from resolute.core.keys import derive
from resolute.core.settings import Train
from resolute.models.mask_audit import Audited
from resolute.models.render import IGNORED, Renderer

LORA_RANK = 16
LORA_ALPHA = 32
"""Adapters on every linear layer but the output, no dropout (Hu et al. 2021: the update is scaled by alpha / rank)."""
SPARE_MEMORY_FROM = 300_000_000
"""Parameters from which activations are computed again instead of kept, on a GPU."""


class StepOrder:
    """The order of rows: shuffled per epoch by `seed`, then by falling length within each optimizer step."""

    def __init__(self, lengths: Sequence[int], *, step: int, seed: int) -> None:
        self.lengths, self.step, self.seed, self.epoch = list(lengths), step, seed, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        order = list(range(len(self.lengths)))
        random.Random(derive(self.seed, "order", self.epoch)).shuffle(order)
        for start in range(0, len(order), self.step):
            yield from sorted(order[start : start + self.step], key=lambda row: -self.lengths[row])


class _Trainer(SFTTrainer):
    """TRL's trainer with our order of rows, a loss that is quick on a CPU, and without its message home."""

    order: StepOrder

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return self.order

    def _send_telemetry(self) -> None:
        return

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The mean loss over the labelled tokens of the whole step. On a GPU it is TRL's, in tiles of the vocabulary.

        Without a GPU a step with those tiles takes 1.1 times (760 tokens in the vocabulary) to 3.4 times (151,665) what
        it takes with this, which gives the same loss to 5 digits: logits stand only where a row has a label.
        """
        forward = (model.get_base_model() if hasattr(model, "get_base_model") else model).forward
        able = "logits_to_keep" in inspect.signature(forward).parameters and not self.aux_loss_enabled
        if self.args.device.type != "cpu" or return_outputs or not able:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        seen = {name: value for name, value in inputs.items() if name != "labels"}
        labels = inputs["labels"][:, 1:]
        places = (labels != IGNORED).any(0).nonzero()[:, 0]
        wanted = labels[:, places]
        logits = model(**seen, use_cache=False, logits_to_keep=places).logits
        total = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1).float(), wanted.flatten(), ignore_index=IGNORED, reduction="sum"
        )
        return total / ((wanted != IGNORED).sum().clamp(min=1) if num_items_in_batch is None else num_items_in_batch)


class _Watch(TrainerCallback):
    """Keeps the loss of every step, says how far it is, and stops at the first loss that is no number."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.losses: list[dict[str, Any]] = []

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if "loss" not in (logs or {}):
            return
        values = {name: float(logs[name]) for name in ("loss", "grad_norm", "learning_rate", "epoch") if name in logs}
        strange = [name for name, value in values.items() if not math.isfinite(value)]
        if strange:
            what, where = f"{' and '.join(strange)} became NaN or infinite", f"step {state.global_step}"
            raise ResoluteError(what, where=where, mend="lower train.learning_rate, or look for damaged weights")
        self.losses.append({"step": int(state.global_step), **values})

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.progress("training", int(state.global_step), int(state.max_steps))


def fit(
    settings: Train, folder: Path, renderer: Renderer, audited: Audited, scratch: Path, progress: Progress
) -> list[dict[str, Any]]:
    """Train the checkpoint in `folder` and save it as `scratch/checkpoint` (LoRA: also `scratch/adapter`).

    Returns one row per optimizer step: step, loss (mean over the step's loss tokens), gradient norm, learning rate.
    Raises `ResoluteError` where the model cannot hold the rows, memory is short, or the loss becomes NaN.
    """
    with _quiet():
        cuda = torch.cuda.is_available()
        half = settings.bf16 if settings.bf16 is not None else cuda and torch.cuda.is_bf16_supported()
        model = _load(folder, torch.bfloat16 if half and settings.method == "lora" else torch.float32)
        _require_room(model, renderer, audited, folder)
        watch = _Watch(progress)
        try:
            trainer = trainer_for(settings, model, renderer, audited, scratch, half=bool(half))
            trainer.add_callback(watch)
            trainer.train()
        except torch.OutOfMemoryError as error:
            mend = "set train.device_batch_size lower: the rest of a batch is accumulated"
            raise ResoluteError("the GPU's memory is full", where=str(folder), mend=mend) from error
        try:
            _save(trainer, settings, folder, scratch, half=bool(half))
        except (OSError, SafetensorError) as error:
            mend = "free disk space there, or choose another folder with --out"
            raise ResoluteError(f"cannot save the checkpoint: {error}", where=str(scratch), mend=mend) from error
        del trainer, model
        gc.collect()
        if cuda:
            torch.cuda.empty_cache()
    return watch.losses


def _load(folder: Path, dtype: torch.dtype) -> Any:
    try:
        return AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        what = f"cannot load the model: {type(error).__name__}: {str(error)[:300]}"
        mend = "name a folder in Hugging Face format that this version of transformers knows"
        raise ResoluteError(what, where=str(folder), mend=mend) from error


def _require_room(model: Any, renderer: Renderer, audited: Audited, folder: Path) -> None:
    """The embedding has a row for every token, and the positions reach to the end of every row."""
    held = int(model.get_input_embeddings().weight.shape[0])
    wanted = 1 + max(renderer.tokenizer.get_vocab().values())
    if wanted > held:
        what = f"the tokenizer has {wanted} tokens, the model's embedding {held}"
        raise ResoluteError(what, where=str(folder), mend="use the tokenizer the model was made with")
    reach = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    longest = max(len(row.ids) for _, row in audited.rows)
    if reach is not None and longest > reach:
        mend = f"set train.max_length to {reach} or less, and train.overlong to drop"
        raise ResoluteError(f"a row has {longest} tokens, the model reaches {reach}", where=str(folder), mend=mend)


def trainer_for(
    settings: Train, model: Any, renderer: Renderer, audited: Audited, scratch: Path, *, half: bool
) -> SFTTrainer:
    rows = [row for _, row in audited.rows]
    dataset = Dataset.from_dict({"input_ids": [row.ids for row in rows], "labels": [row.labels for row in rows]})
    trainer = _Trainer(
        model=model,
        args=_arguments(settings, scratch, half=half, large=model.num_parameters() >= SPARE_MEMORY_FROM),
        train_dataset=dataset,
        processing_class=renderer.tokenizer,
        data_collator=DataCollatorForLanguageModeling(pad_token_id=renderer.pad_id),
        peft_config=_adapters() if settings.method == "lora" else None,
    )
    trainer.order = StepOrder([len(row.ids) for row in rows], step=settings.batch_size, seed=settings.seed)
    trainer.remove_callback(PrinterCallback)
    return trainer


def _arguments(settings: Train, scratch: Path, *, half: bool, large: bool) -> SFTConfig:
    cuda = torch.cuda.is_available()
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if cuda and world == 1 and torch.cuda.device_count() > 1:
        mend = "set CUDA_VISIBLE_DEVICES to one of them"
        raise ResoluteError("one process sees several GPUs", where="train", mend=mend)
    device_batch = settings.device_batch_size or -(-settings.batch_size // world)
    if settings.batch_size % (device_batch * world):
        what = f"batch_size {settings.batch_size} is no multiple of {device_batch} rows on {world} devices"
        raise ResoluteError(what, where="train.batch_size", mend="choose a multiple")
    constant = "constant_with_warmup" if settings.warmup else "constant"
    return SFTConfig(
        output_dir=str(scratch / "trainer"),
        per_device_train_batch_size=device_batch,
        gradient_accumulation_steps=settings.batch_size // (device_batch * world),
        learning_rate=settings.learning_rate,
        lr_scheduler_type=constant if settings.schedule == "constant" else settings.schedule,
        warmup_steps=settings.warmup,
        num_train_epochs=settings.epochs,
        max_steps=settings.max_steps or -1,
        seed=settings.seed,
        data_seed=settings.seed,
        bf16=half,
        use_cpu=not cuda,
        activation_checkpointing=cuda and large,
        max_length=None,
        packing=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=cuda,
    )


def _adapters() -> Any:
    from peft import LoraConfig

    return LoraConfig(r=LORA_RANK, lora_alpha=LORA_ALPHA, target_modules="all-linear", task_type="CAUSAL_LM")


def _save(trainer: SFTTrainer, settings: Train, folder: Path, scratch: Path, *, half: bool) -> None:
    """Safetensors and the model's own configuration; in its own precision where training was in bf16, else fp32."""
    model: Any = trainer.accelerator.unwrap_model(trainer.model)
    if settings.method == "lora":
        model.peft_config["default"].base_model_name_or_path = Path(settings.model).name
        model.save_pretrained(scratch / "adapter")
        (scratch / "adapter" / "README.md").unlink(missing_ok=True)  # an empty form that asks to be filled in
        model = model.merge_and_unload()
    own = {name: value for name, value in read_json(folder / "config.json").items() if name != "torch_dtype"}
    precision = AutoConfig.from_pretrained(folder, local_files_only=True).dtype
    saved = precision if half and isinstance(precision, torch.dtype) else torch.float32
    model.to(saved).save_pretrained(scratch / "checkpoint")
    # Trainers leave marks in the configuration, such as `use_cache: false`, which would slow every sampler down.
    write_json(scratch / "checkpoint" / "config.json", {**own, "dtype": str(saved).removeprefix("torch.")})
    mask = os.umask(0)
    os.umask(mask)
    for path in scratch.rglob("*.safetensors"):
        path.chmod(0o666 & ~mask)


@contextmanager
def _quiet() -> Generator[None]:
    """The libraries' warnings and bars stay off the terminal while we train; only the command line prints."""
    level, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        transformers_logging.set_verbosity(level)
        if bars:
            transformers_logging.enable_progress_bar()
