"""How much GPU memory a training will take and how long it will last: from `config.json`, before any weight loads.

Weights, gradients and AdamW's moments follow from the number of parameters, which is counted on torch's `meta` device.
Activations are counted on fake tensors, which have shapes and no memory: forward and backward of the longest batch run
through the model with two and with three layers, and what a layer adds is multiplied. Torch is imported where used.

On CPUs the parts are measured (tests/models/training/test_memory.py); on a GPU nothing was compared with a real run.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from resolute.core.errors import ResoluteError
from resolute.core.settings import Train
from resolute.models.gpus import GIB, Gpu, Gpus
from resolute.models.training.tracing import traced

SPARE_MEMORY_FROM = 300_000_000
"""Parameters from which activations are computed again instead of kept, on a GPU."""
OVERHEAD = 1.2 * GIB
"""CUDA's context, the libraries' workspaces and what the allocator cannot give back: an assumption."""
ASSUMED_USE = 0.4
"""Share of the GPU's peak that model FLOPs (6 a parameter and token) are assumed to reach."""
_HEAD_TILE = 4096 * 32_768
"""Logits that stand at a time in TRL's loss (trl/kernels/chunked_logprob.py)."""
_FOUR_BITS = 0.516
"""Bytes a weight takes in NF4 with double quantisation (Dettmers et al. 2023, section 3)."""


class UnreckonableError(ResoluteError):
    """An architecture that does not run on tensors without contents."""


@dataclass(frozen=True)
class Shape:
    """What of a model its memory follows from; counts are parameters, tied ones once."""

    parameters: int
    embedding: int
    """Of the input embedding, which a token does not multiply with unless it is the output too."""
    tied: bool
    linear: int
    """In linear layers other than the output: what 4 bits apply to."""
    rank: int
    """Adapter parameters for each rank on those layers."""
    outside: int
    """Outside the repeated layers."""
    layers: int
    hidden: int
    vocabulary: int


@dataclass(frozen=True)
class Need:
    """Bytes of one process at the most, by what they are for."""

    weights: float
    gradients: float
    optimizer: float
    activations: float
    logits: float
    communication: float
    overhead: float

    @property
    def total(self) -> float:
        return sum(asdict(self).values())


@cache
def shape(folder: Path) -> Shape:
    """The shape of the model whose `config.json` lies in `folder`; its weights are not looked at."""
    import torch

    config = _config(folder)
    with torch.device("meta"):
        model = _build(config, torch.float32)
    inside, head = model.get_input_embeddings().weight, model.get_output_embeddings()
    plain = [module for module in model.modules() if isinstance(module, torch.nn.Linear) and module is not head]
    text = config.get_text_config()
    layers = int(text.num_hidden_layers)
    parameters = sum(weight.numel() for weight in model.parameters())
    repeated = sum(weight.numel() for name, weight in model.named_parameters() if ".layers." in name)
    return Shape(
        parameters=parameters,
        embedding=int(inside.numel()),
        tied=head is not None and head.weight is inside,
        linear=sum(int(module.weight.numel()) for module in plain),
        rank=sum(module.in_features + module.out_features for module in plain),
        outside=parameters - repeated,
        layers=layers,
        hidden=int(text.hidden_size),
        vocabulary=int(inside.shape[0]),
    )


def need(settings: Train, folder: Path, lengths: Sequence[int], gpus: Gpus) -> Need:
    """What a process takes at the most while the longest rows (in tokens) pass, on one of these GPUs.

    Raises `ResoluteError` where the architecture cannot be run on fake tensors.
    """
    form, processes, half = shape(folder), world(settings, gpus), halved(settings, gpus.gpu)
    batch, length = device_batch(settings, processes), max(lengths)
    spare = form.parameters >= SPARE_MEMORY_FROM
    spent = activations(folder, settings, batch, length, half=half, spare=spare)
    share = processes if settings.launch == "fsdp" else 1
    small = 2 if half else 4
    if settings.method == "full":
        learned, frozen = form.parameters, 0.0
    else:
        learned, dense = form.rank * settings.lora_rank, form.parameters - form.linear
        frozen = small * dense + form.linear * (_FOUR_BITS if settings.method == "qlora" else small)
    kept = 2 if settings.method == "qlora" and half else 4
    grown = form.vocabulary * form.hidden if settings.method == "full" else 0
    logits = small * min(_HEAD_TILE, batch * length * form.vocabulary) + 4.0 * (batch * length * form.hidden + grown)
    if settings.launch == "fsdp":
        # The next layer is gathered while one works, and what is not a layer stays gathered; so do their gradients.
        exchanged = 2.0 * small * (form.outside + 2 * (form.parameters - form.outside) / form.layers)
    else:
        exchanged = kept * learned if processes > 1 else 0.0  # the buckets of data parallelism
    return Need(
        weights=(frozen + kept * learned) / share,
        gradients=kept * learned / share,
        optimizer=2 * kept * learned / share,
        activations=float(spent),
        logits=float(logits),
        communication=float(exchanged),
        overhead=OVERHEAD,
    )


def activations(folder: Path, settings: Train, batch: int, length: int, *, half: bool, spare: bool) -> int:
    """Bytes that forward and backward of the layers hold at the most, casts of the weights included, loss apart."""
    two, three = (trace(folder, settings, batch, length, half=half, spare=spare, layers=number) for number in (2, 3))
    times = shape(folder).layers - 2
    return max(first + times * (second - first) for first, second in zip(two, three, strict=True))


def trace(
    folder: Path, settings: Train, batch: int, length: int, *, half: bool, spare: bool, layers: int
) -> tuple[int, int]:
    """Bytes at the end of the forward pass, and at the most, of the model with so many layers."""
    import torch

    config = _config(folder)
    text = config.get_text_config()
    text.num_hidden_layers = layers
    if getattr(text, "layer_types", None):
        text.layer_types = (text.layer_types * layers)[:layers]
    adapted = settings.method != "full"
    try:
        with torch.device("meta"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # FSDP gathers weights in bf16 (accelerate sets its policy so); else autocast casts them, layer by layer.
            model = _build(config, torch.bfloat16 if half and (adapted or settings.launch == "fsdp") else torch.float32)
            if adapted:
                from peft import LoraConfig, get_peft_model

                adapters = LoraConfig(r=settings.lora_rank, target_modules="all-linear", task_type="CAUSAL_LM")
                model = get_peft_model(model, adapters)
            if spare:
                model.gradient_checkpointing_enable()
                if adapted:
                    model.enable_input_require_grads()
        return traced(model.train(), _inner, batch=batch, length=length, half=half)
    except (RuntimeError, ValueError, TypeError) as error:
        what = f"the memory of this architecture cannot be reckoned: {type(error).__name__}: {str(error)[:200]}"
        raise UnreckonableError(what, where=str(folder), mend="try it on a GPU with room to spare") from error


def _inner(model: Any) -> Any:
    """The model without its output."""
    plain = model.get_base_model() if hasattr(model, "get_base_model") else model
    return plain.base_model


def seconds(settings: Train, folder: Path, lengths: Sequence[int], gpus: Gpus, *, steps: int) -> float | None:
    """Wall time of `steps` optimizer steps by model FLOPs, 6 a parameter and token and those of attention; None where
    the GPU's peak is not known. Padding, loading and saving are not in it."""
    if not gpus.gpu.peak:
        return None
    form = shape(folder)
    mean = sum(lengths) / len(lengths)
    worked = form.parameters - (0 if form.tied else form.embedding)
    token = 6.0 * worked + 6.0 * form.layers * form.hidden * mean
    rows = min(steps * settings.batch_size, settings.epochs * len(lengths))
    return token * mean * rows / (gpus.gpu.peak * 1e12 * ASSUMED_USE * world(settings, gpus))


def require_memory(settings: Train, folder: Path, lengths: Sequence[int], gpus: Gpus) -> Need:
    """What a process takes; raises `ResoluteError` naming what would fit where the GPU has less.

    A file of accelerate's own settings may share or offload anything, so under one nothing is refused.
    """
    wanted = need(settings, folder, lengths, gpus)
    room = gpus.gpu.memory * GIB
    if wanted.total <= room or settings.launch not in ("single", "ddp", "fsdp"):
        return wanted
    what = f"about {wanted.total / GIB:.0f} GiB are needed on each GPU, {gpus.gpu.name} has {gpus.gpu.memory:.0f}"
    fits = [said for said, other in _others(settings, gpus) if need(other, folder, lengths, gpus).total <= room]
    mend = f"these would fit: {'; '.join(fits)}" if fits else "use more or larger GPUs, a smaller model or shorter rows"
    raise ResoluteError(f"too little GPU memory: {what}", where=str(folder), mend=mend)


def _others(settings: Train, gpus: Gpus) -> list[tuple[str, Train]]:
    """Changes that take less memory, each with its words, the least of a change first."""
    batch = device_batch(settings, world(settings, gpus))
    single = {"device_batch_size": 1}
    found: list[tuple[str, dict[str, Any]]] = []
    for size in (size for size in range(batch - 1, 0, -1) if batch % size == 0):
        found.append((f"train.device_batch_size: {size}", {"device_batch_size": size}))
    if gpus.count > 1 and settings.launch != "fsdp":
        found.append(("train.launch: fsdp with train.device_batch_size: 1", {"launch": "fsdp", **single}))
    if settings.method == "full":
        found.append(("train.method: lora with train.device_batch_size: 1", {"method": "lora", **single}))
    if settings.method != "qlora":
        found.append(("train.method: qlora with train.device_batch_size: 1", {"method": "qlora", **single}))
    return [(said, settings.model_copy(update=change)) for said, change in found]


def world(settings: Train, gpus: Gpus) -> int:
    """Processes of a training."""
    return 1 if settings.launch == "single" else settings.processes or gpus.count


def device_batch(settings: Train, processes: int) -> int:
    """Rows of a forward pass on one device."""
    return settings.device_batch_size or max(settings.batch_size // processes, 1)


def halved(settings: Train, gpu: Gpu) -> bool:
    """Whether training computes in bf16."""
    return gpu.half if settings.bf16 is None else settings.bf16


def _config(folder: Path) -> Any:
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        what = f"cannot read the model's configuration: {str(error)[:200]}"
        raise ResoluteError(what, where=str(folder), mend="name a folder in Hugging Face format") from error


def _build(config: Any, dtype: Any) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_config(config, dtype=dtype, trust_remote_code=False)
