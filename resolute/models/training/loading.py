"""The untouched model as a training takes it, and what is checked of it before the first step.

Torch is imported when this module is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from resolute.core.errors import ResoluteError
from resolute.core.settings import Train
from resolute.models.gpus import Gpus
from resolute.models.render import Renderer
from resolute.models.training.memory import UnreckonableError, require_memory
from resolute.models.training.scope import Row


def weights(folder: Path, dtype: torch.dtype, **options: Any) -> Any:
    """The model of a checkpoint folder: safetensors only, its own code never run. Raises what transformers raises."""
    return AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, local_files_only=True, use_safetensors=True, trust_remote_code=False, **options
    )


def load(settings: Train, folder: Path, *, half: bool) -> Any:
    """The untouched model: in fp32 for full training, in bf16 under adapters where there is bf16, qlora in 4 bits."""
    dtype, options = torch.bfloat16 if half and settings.method != "full" else torch.float32, {}
    if settings.method == "qlora":
        options["quantization_config"] = _four_bits(half)
    if settings.padding_free and torch.cuda.is_available():
        options["attn_implementation"] = _attention()
    try:
        return weights(folder, dtype, **options)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        what = f"cannot load the model: {type(error).__name__}: {str(error)[:300]}"
        mend = "name a folder in Hugging Face format that this version of transformers knows"
        raise ResoluteError(what, where=str(folder), mend=mend) from error


def _four_bits(half: bool) -> Any:
    """NF4 with double quantisation (Dettmers et al. 2023)."""
    from importlib.util import find_spec

    if not torch.cuda.is_available() or find_spec("bitsandbytes") is None:
        mend = "use train.method: lora, or a machine with an NVIDIA GPU and `pip install bitsandbytes`"
        raise ResoluteError("qlora needs a GPU and bitsandbytes", where="train.method", mend=mend)
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if half else torch.float32,
    )


def _attention() -> str:
    """The kernel that keeps rows laid end to end apart without a mask as large as all of them squared."""
    from transformers.utils import is_flash_attn_2_available

    if not is_flash_attn_2_available():
        mend = "pip install flash-attn, or leave train.padding_free off: rows are sorted by length within a step"
        raise ResoluteError("padding_free needs flash-attn on a GPU", where="train.padding_free", mend=mend)
    return "flash_attention_2"


def check_loggers(settings: Train) -> None:
    from transformers.integrations import get_available_reporting_integrations

    missing = sorted(set(settings.report_to) - set(get_available_reporting_integrations()))
    if missing:
        have = ", ".join(get_available_reporting_integrations()) or "none"
        what = f"no such logger installed: {', '.join(missing)}"
        raise ResoluteError(what, where="train.report_to", mend=f"install it; installed: {have}")


def require_memory_here(settings: Train, folder: Path, rows: Sequence[Row], gpus: Gpus | None) -> None:
    """Raise `ResoluteError` where this machine's GPUs are too small, before a weight is read; nothing without a GPU.

    An architecture whose memory cannot be reckoned is tried all the same.
    """
    if gpus is None:
        return
    try:
        require_memory(settings, folder, [len(row.ids) for row in rows], gpus)
    except UnreckonableError:
        return


def require_room(model: Any, renderer: Renderer, rows: Sequence[Row], folder: Path) -> None:
    """The embedding has a row for every token, and the positions reach to the end of every row."""
    held = int(model.get_input_embeddings().weight.shape[0])
    wanted = 1 + max(renderer.tokenizer.get_vocab().values())
    if wanted > held:
        what = f"the tokenizer has {wanted} tokens, the model's embedding {held}"
        raise ResoluteError(what, where=str(folder), mend="use the tokenizer the model was made with")
    reach = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    longest = max(len(row.ids) for row in rows)
    if reach is not None and longest > reach:
        mend = f"set train.max_length to {reach} or less, and train.overlong to drop"
        raise ResoluteError(f"a row has {longest} tokens, the model reaches {reach}", where=str(folder), mend=mend)
