"""Fine-tuning by TRL on rows that the mask audit has passed. The only module that trains; it imports torch when loaded.

TRL is handed ids and labels and told to prepare nothing: no template, no cutting, no packing, no dropping of rows. An
optimizer step sees exactly `batch_size` rows (the last of an epoch the rest), however many processes share it.
"""

from __future__ import annotations

import gc
import inspect
import os
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from safetensors import SafetensorError
from transformers import PrinterCallback
from transformers.utils import logging as transformers_logging
from trl import SFTConfig, SFTTrainer
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Progress
from resolute.core.settings import Train
from resolute.models.gpus import here
from resolute.models.render import IGNORED, Renderer
from resolute.models.training import adapters, loading, saving, sharding
from resolute.models.training.memory import SPARE_MEMORY_FROM
from resolute.models.training.order import StepOrder
from resolute.models.training.scope import Row, learned
from resolute.models.training.watch import Checkpoints, HeldOut, Watch, latest

KEPT = 2
"""Checkpoints that are kept."""
LOGITS = 2**28
"""Bytes of fp32 logits that a forward pass on a CPU is given, unless `device_batch_size` says how many rows it takes.
With the vocabulary of Qwen one row a pass is 1.4 times as fast as two (bench/train.py), and takes half the memory."""


@dataclass(frozen=True)
class Fitted:
    """What a training wrote down, one row a step and one a look at the held-out rows; `resumed` at which step."""

    losses: list[dict[str, Any]]
    held_out: list[dict[str, Any]]
    resumed: int


class _Trainer(SFTTrainer):
    """TRL's trainer with our order of rows, a loss that is quick on a CPU, and without its message home."""

    order: StepOrder

    def create_accelerator_and_postprocess(self) -> None:
        super().create_accelerator_and_postprocess()
        sharding.shard_on_cpu(self)

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
        plain = self.accelerator.unwrap_model(model)
        forward = (plain.get_base_model() if hasattr(plain, "get_base_model") else plain).forward
        able = "logits_to_keep" in inspect.signature(forward).parameters and not self.aux_loss_enabled
        if self.args.device.type != "cpu" or return_outputs or not able:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        seen = {name: value for name, value in inputs.items() if name != "labels"}
        labels = inputs["labels"][:, 1:]
        places = (labels != IGNORED).any(0).nonzero()[:, 0]
        places = places if len(places) else torch.zeros(1, dtype=torch.long)
        wanted = labels[:, places]
        logits = model(**seen, use_cache=False, logits_to_keep=places).logits
        total = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1).float(), wanted.flatten(), ignore_index=IGNORED, reduction="sum"
        )
        if num_items_in_batch is None:
            return total / (wanted != IGNORED).sum().clamp(min=1)
        # The tokens are those of every process, and the gradients are averaged over processes.
        return total / num_items_in_batch * self.accelerator.num_processes


def fit(
    settings: Train,
    folder: Path,
    renderer: Renderer,
    rows: Sequence[Row],
    scratch: Path,
    progress: Progress,
    *,
    held_out: Sequence[Row] = (),
) -> Fitted:
    """Train the checkpoint in `folder` on `rows`; saves `scratch/checkpoint`, with adapters also `scratch/adapter`.

    Goes on from the newest whole checkpoint in `scratch/trainer`. Where several processes train, each calls this and
    the first one saves. Raises `ResoluteError` where the model cannot hold the rows, memory is short, or the loss
    becomes NaN.
    """
    with _quiet():
        loading.check_loggers(settings)
        cuda = torch.cuda.is_available()
        gpus = here()
        half = bool(settings.bf16 if settings.bf16 is not None else gpus and gpus.gpu.half)
        loading.require_memory_here(settings, folder, [*rows, *held_out], gpus)
        model = loading.load(settings, folder, half=half)
        loading.require_room(model, renderer, [*rows, *held_out], folder)
        try:
            trainer = trainer_for(settings, model, renderer, rows, scratch, half=half)
            watch = Watch(progress, tokens=settings.batch_size * sum(len(row.ids) for row in rows) / len(rows))
            held = HeldOut(held_out, trainer.args.device)
            for callback in (watch, Checkpoints(), *([held] if held_out else [])):
                trainer.add_callback(callback)
            start = latest(scratch / "trainer")
            trainer.train(resume_from_checkpoint=str(start) if start else None)
        except torch.OutOfMemoryError as error:
            mend = "set train.device_batch_size lower: the rest of a batch is accumulated"
            raise ResoluteError("the GPU's memory is full", where=str(folder), mend=mend) from error
        sharding.require_shards(trainer, settings)
        try:
            _save(trainer, settings, folder, scratch, half=half)
        except (OSError, SafetensorError) as error:
            mend = "free disk space there, or choose another folder with --out"
            raise ResoluteError(f"cannot save the checkpoint: {error}", where=str(scratch), mend=mend) from error
        del trainer, model
        gc.collect()
        if cuda:
            torch.cuda.empty_cache()
    return Fitted(watch.losses, held.losses, int(start.name.partition("-")[2]) if start else 0)


def trainer_for(
    settings: Train, model: Any, renderer: Renderer, rows: Sequence[Row], scratch: Path, *, half: bool
) -> SFTTrainer:
    """TRL's trainer over these rows, nothing trained yet."""
    large = model.num_parameters() >= SPARE_MEMORY_FROM
    arguments = _arguments(settings, scratch, half=half, large=large, per_pass=_per_pass(settings, model, rows))
    together = arguments.per_device_train_batch_size * arguments.world_size if arguments.world_size > 1 else 1
    order = StepOrder([len(row.ids) for row in rows], step=settings.batch_size, seed=settings.seed, together=together)
    # Behind the last row stands an empty one, with which `order` fills up what several processes share.
    empty = [Row("", [renderer.pad_id] * 2, [IGNORED] * 2, ["prompt"] * 2)] if len(order) > len(rows) else []
    every = [*rows, *empty]
    trainer = _Trainer(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_dict(
            {"input_ids": [row.ids for row in every], "labels": [row.labels for row in every]}
        ),
        processing_class=renderer.tokenizer,
        data_collator=DataCollatorForLanguageModeling(pad_token_id=renderer.pad_id, padding_free=settings.padding_free),
        peft_config=None if settings.method == "full" else _adapters(settings),
    )
    trainer.order = order
    trainer.remove_callback(PrinterCallback)
    return trainer


def _per_pass(settings: Train, model: Any, rows: Sequence[Row]) -> int:
    """Rows of a forward pass on one device: as told, else a process's share of the batch, on a CPU cut to `LOGITS`."""
    if settings.device_batch_size is not None:
        return settings.device_batch_size
    share = -(-settings.batch_size // int(os.environ.get("WORLD_SIZE", "1")))
    if torch.cuda.is_available():
        return share
    row = 4 * int(model.get_input_embeddings().weight.shape[0]) * max(learned(row) for row in rows)
    able = max(LOGITS // row, 1)
    return max(number for number in range(1, min(able, share) + 1) if share % number == 0)


def _arguments(settings: Train, scratch: Path, *, half: bool, large: bool, per_pass: int) -> SFTConfig:
    cuda = torch.cuda.is_available()
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if cuda and world == 1 and torch.cuda.device_count() > 1:
        mend = "set train.launch to ddp or fsdp, or CUDA_VISIBLE_DEVICES to one of them"
        raise ResoluteError("one process sees several GPUs", where="train.launch", mend=mend)
    if settings.batch_size % (per_pass * world):
        what = f"batch_size {settings.batch_size} is no multiple of {per_pass} rows on {world} devices"
        raise ResoluteError(what, where="train.batch_size", mend="choose a multiple")
    constant = "constant_with_warmup" if settings.warmup else "constant"
    every = settings.checkpoint_every
    return SFTConfig(
        output_dir=str(scratch / "trainer"),
        per_device_train_batch_size=per_pass,
        gradient_accumulation_steps=settings.batch_size // (per_pass * world),
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
        ddp_find_unused_parameters=False,
        max_length=None,
        packing=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="steps" if every else "no",
        save_steps=every or 1,
        save_total_limit=KEPT,
        report_to=list(settings.report_to),
        disable_tqdm=True,
        dataloader_pin_memory=cuda,
    )


def _adapters(settings: Train) -> Any:
    """Adapters on every linear layer but the output, no dropout."""
    from peft import LoraConfig

    return LoraConfig(
        r=settings.lora_rank, lora_alpha=settings.lora_alpha, target_modules="all-linear", task_type="CAUSAL_LM"
    )


def _save(trainer: SFTTrainer, settings: Train, folder: Path, scratch: Path, *, half: bool) -> None:
    """The final weights; with adapters those, and a checkpoint with them merged into the untouched model."""
    model: Any = trainer.accelerator.unwrap_model(trainer.model)
    state = saving.gathered(trainer.model_wrapped)
    if trainer.accelerator.is_main_process:
        if settings.method == "full":
            saving.save_full(model, state, folder, scratch / "checkpoint", half=half)
        else:
            saving.save_adapter(model, state, scratch / "adapter", base=Path(settings.model).name)
            adapters.merge(adapters.read_adapter(scratch / "adapter"), folder, scratch / "checkpoint")
        saving.readable(scratch)
    trainer.accelerator.wait_for_everyone()


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
