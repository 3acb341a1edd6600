"""Which trainer a configuration is for, told by its keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, cast

import yaml

from resolute.core.errors import ResoluteError

Peer = Literal["trl", "llamafactory", "axolotl"]
TITLES: dict[Peer, str] = {"trl": "TRL", "llamafactory": "LLaMA-Factory", "axolotl": "Axolotl"}
_TELLING: dict[Peer, frozenset[str]] = {
    "axolotl": frozenset({"base_model", "datasets", "sequence_len"}),
    "llamafactory": frozenset({"template", "stage", "finetuning_type", "dataset_dir", "cutoff_len"}),
    "trl": frozenset({"max_length", "assistant_only_loss", "completion_only_loss", "dataset_name", "packing",
                      "learning_rate", "per_device_train_batch_size", "output_dir", "chat_template_path"}),
}  # fmt: skip
"""Keys that tell a configuration's trainer, in the order they are looked for."""


def read_config(path: Path) -> tuple[Peer, dict[str, Any]]:
    """A configuration and its trainer. Raises `ResoluteError` for what is no YAML mapping or tells of none of them."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResoluteError(f"cannot read it: {error.strerror}", where=str(path), mend="check the path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        words = " ".join(str(error).split())[:200]
        raise ResoluteError(f"not YAML: {words}", where=str(path), mend="repair it") from error
    if not isinstance(content, dict):
        raise ResoluteError("a configuration is a mapping", where=str(path), mend="check the path")
    config = cast("dict[str, Any]", content)
    peer: Peer | None = next((peer for peer, keys in _TELLING.items() if keys & config.keys()), None)
    if peer is None:
        mend = f"it should have one of: {', '.join(sorted(set().union(*_TELLING.values())))}"
        raise ResoluteError("a configuration of neither TRL, LLaMA-Factory nor Axolotl", where=str(path), mend=mend)
    return peer, config
