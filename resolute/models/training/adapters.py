"""An adapter merged into its base model, after it is proved to be that base's: name, modules and shapes.

PEFT skips what does not fit with a warning, so all of it is checked before a weight is read. Torch is imported where
used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_PAIR = re.compile(r"^base_model\.model\.(?P<module>.+)\.lora_(?P<side>[AB])(?:\.[^.]+)?\.weight$")
_SNAPSHOT = re.compile(r"models--[^/]+--(?P<name>[^/]+)/snapshots/[0-9a-f]+$")
"""A model in the hub's cache."""


@dataclass(frozen=True)
class Adapter:
    """What an adapter's files say of it."""

    folder: Path
    base: str
    """Name of the base it was trained on, without folders and revision; empty where it does not say."""
    shapes: dict[str, tuple[int, ...]]
    """Tensor -> shape."""


def read_adapter(folder: Path) -> Adapter:
    """The adapter in `folder`; raises `ResoluteError` where there is none, or not one of LoRA in safetensors."""
    from safetensors import SafetensorError, safe_open

    if not (folder / CONFIG).is_file() or not (folder / WEIGHTS).is_file():
        mend = f"name a folder with {CONFIG} and {WEIGHTS}, such as `adapter` of a training with method lora"
        raise ResoluteError("no adapter in the folder", where=str(folder), mend=mend)
    said: Any = read_json(folder / CONFIG)
    kind = said.get("peft_type") if isinstance(said, dict) else None
    if kind != "LORA":
        what = f"the adapter is of type {kind!r}"
        raise ResoluteError(what, where=str(folder / CONFIG), mend="only LoRA adapters can be merged")
    try:
        with safe_open(folder / WEIGHTS, framework="numpy") as stored:
            shapes = {name: tuple(map(int, stored.get_slice(name).get_shape())) for name in stored.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ResoluteError(f"damaged adapter: {error}", where=str(folder / WEIGHTS), mend="copy it again") from error
    return Adapter(folder, plain_name(str(said.get("base_model_name_or_path") or "")), shapes)


def plain_name(model: str) -> str:
    """A model's name without its folders and its revision; of a folder in the hub's cache the repository's."""
    cached = _SNAPSHOT.search(model.rstrip("/"))
    return cached["name"] if cached else Path(model).name.partition("@")[0]


def require_base(adapter: Adapter, base: Path, *, name: str, renamed: bool) -> None:
    """Raise `ResoluteError` unless the adapter was trained on the model in `base`, which the user calls `name`.

    `renamed` leaves the name out; modules and shapes are checked always.
    """
    where = str(adapter.folder)
    if not renamed and adapter.base not in (plain_name(name), plain_name(str(base))):
        what = f"the adapter was trained on {adapter.base or 'a model it does not name'}, not on {plain_name(name)}"
        raise ResoluteError(what, where=where, mend="name its own base, or add --renamed where only the name differs")
    sizes = _sizes(base)
    pairs: dict[str, dict[str, tuple[int, ...]]] = {}
    for tensor, shape in adapter.shapes.items():
        found = _PAIR.match(tensor)
        if found is not None:
            pairs.setdefault(found["module"], {})[found["side"]] = shape
        elif sizes.get(tensor.removeprefix("base_model.model.")) != shape:
            raise _other(f"the base has no weight for {tensor} of shape {shape}", where)
    if not pairs:
        raise ResoluteError("the adapter has no pair of matrices", where=where, mend="it may be damaged: copy it again")
    for module, sides in pairs.items():
        own = sizes.get(f"{module}.weight")
        if own is None:
            raise _other(f"the base has no {module}", where)
        if sides.keys() != {"A", "B"} or (sides["B"][0], sides["A"][-1]) != own or sides["A"][0] != sides["B"][-1]:
            raise _other(f"{module} has shape {own} in the base, the adapter's matrices {sides}", where)


def _other(what: str, where: str) -> ResoluteError:
    return ResoluteError(
        f"the adapter is for another base: {what}", where=where, mend="name the model it was trained on"
    )


def _sizes(base: Path) -> dict[str, tuple[int, ...]]:
    """Weight -> shape, from `config.json` alone; tied weights stand under each of their names."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        config = AutoConfig.from_pretrained(base, local_files_only=True, trust_remote_code=False)
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        what = f"cannot read the base's configuration: {str(error)[:200]}"
        raise ResoluteError(what, where=str(base), mend="name a folder in Hugging Face format") from error
    return {name: tuple(weight.shape) for name, weight in model.named_parameters(remove_duplicate=False)}


def merge(adapter: Adapter, base: Path, out: Path) -> None:
    """Write the weights of `base` with the adapter in them to `out`, in the base's own precision, and its config.

    Sums are formed in fp32. Call `require_base` before.
    """
    import torch
    from peft import PeftModel

    from resolute.models.training import loading, saving

    whole: Any = PeftModel.from_pretrained(loading.weights(base, torch.float32), adapter.folder).merge_and_unload()
    saving.save_full(whole, whole.state_dict(), base, out, half=True)
    saving.readable(out)
