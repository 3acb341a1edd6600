"""The final weights: gathered from every process, in Hugging Face format, safetensors only.

Torch is imported when this module is loaded.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from transformers import AutoConfig

from resolute.core.files import read_json, write_json


def gathered(model: Any) -> dict[str, Any]:
    """All weights of a model, sharded or not, by name, on the CPU of the first process. Every process must call it."""
    if not torch.distributed.is_initialized():
        return model.state_dict()
    return get_model_state_dict(model, options=StateDictOptions(full_state_dict=True, cpu_offload=True))


def save_full(model: Any, state: dict[str, Any], folder: Path, out: Path, *, half: bool) -> None:
    """Weights beside the untouched model's own configuration: in its precision after training in bf16, else fp32."""
    own = {name: value for name, value in read_json(folder / "config.json").items() if name != "torch_dtype"}
    precision = AutoConfig.from_pretrained(folder, local_files_only=True).dtype
    saved = precision if half and isinstance(precision, torch.dtype) else torch.float32
    tied = {name: id(weight) for name, weight in model.named_parameters(remove_duplicate=False)}
    cast: dict[int | str, torch.Tensor] = {}  # tied weights stay one tensor, so that they are saved once
    for name, value in state.items():
        cast.setdefault(tied.get(name, name), value.to(saved))
    model.save_pretrained(out, state_dict={name: cast[tied.get(name, name)] for name in state})
    # Trainers leave marks in the configuration, such as `use_cache: false`, which would slow every sampler down.
    write_json(out / "config.json", {**own, "dtype": str(saved).removeprefix("torch.")})


def save_adapter(model: Any, state: dict[str, Any], out: Path, *, base: str) -> None:
    """The adapters of a PEFT model; `base` is what they say they belong to."""
    model.peft_config["default"].base_model_name_or_path = base
    model.save_pretrained(out, state_dict=state)
    (out / "README.md").unlink(missing_ok=True)  # an empty form that asks to be filled in


def readable(scratch: Path) -> None:
    """Safetensors are written for their owner alone; give them the rights of every other file."""
    mask = os.umask(0)
    os.umask(mask)
    for path in scratch.rglob("*.safetensors"):
        path.chmod(0o666 & ~mask)
