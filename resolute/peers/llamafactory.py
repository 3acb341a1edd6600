"""LLaMA-Factory: what it would learn of a file, prepared by itself in its own environment."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from resolute.core.errors import ResoluteError
from resolute.peers.probing import ask
from resolute.peers.source import PeerRow

TITLE = "LLaMA-Factory"
READ = (
    "template", "cutoff_len", "train_on_prompt", "mask_history", "enable_thinking", "preserve_thinking",
    "default_system", "tool_format", "efficient_eos",
)  # fmt: skip
"""What of its configuration decides how a row is prepared; its data are described by dataset_info.json."""
_INFO = "dataset_info.json"


def rows(data: Path, model: Path, config: Mapping[str, Any], *, where: str, python: str) -> list[PeerRow]:
    """The rows of `data` as it would prepare them with the template and limits of `config`.

    `where` is the configuration's own path: its dataset_info.json tells how the columns of `data` are named. Raises
    `ResoluteError` where that is missing for the file, or in its own words where it refuses.
    """
    if config.get("packing") or config.get("neat_packing"):
        raise ResoluteError("packing is not audited", where=where, mend="audit it with packing off")
    with tempfile.TemporaryDirectory() as folder:
        entry = {**described(config, data, where), "file_name": str(data.resolve())}
        (Path(folder) / _INFO).write_text(json.dumps({"audited": entry}), encoding="utf-8")
        settings = {name: config[name] for name in READ if name in config} | {
            "model_name_or_path": str(model), "dataset": "audited", "dataset_dir": folder, "stage": "sft",
            "do_train": True, "finetuning_type": "full", "output_dir": f"{folder}/out", "overwrite_cache": True,
            "report_to": "none", "use_cpu": True,
        }  # fmt: skip
        return [row for _, row in ask("llamafactory_probe.py", python, {"settings": settings}, title=TITLE)]


def described(config: Mapping[str, Any], data: Path, where: str) -> dict[str, Any]:
    """The entry of dataset_info.json that describes `data`: the one that names the file, else the one in use."""
    path = Path(where).parent / str(config.get("dataset_dir", "data")) / _INFO
    path = path if path.is_file() else Path(where).parent / _INFO
    try:
        info = cast("dict[str, dict[str, Any]]", json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        mend = f"put {_INFO} where dataset_dir says, or beside the configuration"
        raise ResoluteError(f"{_INFO} is missing", where=str(path), mend=mend) from error
    except (OSError, ValueError) as error:
        raise ResoluteError(f"cannot read it: {error}", where=str(path), mend="repair it") from error
    named = [name.strip() for name in str(config.get("dataset", "")).split(",")]
    same = [entry for entry in info.values() if Path(str(entry.get("file_name", ""))).name == data.name]
    entry = next(iter([*same, *(info[name] for name in named if name in info)]), None)
    if entry is None:
        known = ", ".join(sorted(info)[:10])
        raise ResoluteError(f"no entry for {data.name}", where=str(path), mend=f"add one; it has {known}")
    return {name: value for name, value in entry.items() if name not in ("hf_hub_url", "ms_hub_url", "script_url")}
