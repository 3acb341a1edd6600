"""Axolotl: what it would learn of a file, prepared by itself in its own environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from resolute.core.errors import ResoluteError
from resolute.core.foreign.rows import Row
from resolute.peers.probing import ask
from resolute.peers.source import PeerRow

TITLE = "Axolotl"
READ = (
    "chat_template", "chat_template_jinja", "chat_template_kwargs", "sequence_len", "excess_length_strategy",
    "train_on_inputs", "special_tokens", "tokens", "added_tokens_overrides", "tokenizer_type", "tokenizer_use_fast",
    "tokenizer_legacy", "eot_tokens", "min_sample_len",
)  # fmt: skip
"""What of its configuration decides how a row is prepared, beside the entry of `datasets` that describes the file."""


def rows(
    source: Sequence[Row], model: Path, config: Mapping[str, Any], *, where: str, python: str, name: str = ""
) -> list[PeerRow | None]:
    """One entry per row, None for one that its length limit drops; `name` is the audited file's.

    Raises `ResoluteError` for a data set this cannot ask about, or in its own words where it refuses.
    """
    if config.get("sample_packing"):
        # It packs whole rows after this, and drops none for it.
        config = {key: value for key, value in config.items() if key != "sample_packing"}
    entry = _described(config, where, name)
    settings = {key: config[key] for key in READ if key in config} | {
        "tokenizer_config": str(model), "base_model": str(model), "datasets": [entry],
        "sequence_len": config.get("sequence_len", 512), "dataset_processes": 1,
    }  # fmt: skip
    found: list[PeerRow | None] = [None] * len(source)
    for place, row in ask("axolotl_probe.py", python, {"settings": settings, "rows": list(source)}, title=TITLE):
        found[place] = row
    return found


def _described(config: Mapping[str, Any], where: str, name: str) -> dict[str, Any]:
    """The entry of `datasets` for the file: the one that names it, else the first."""
    entries = cast("list[dict[str, Any]]", config.get("datasets") or [])
    if not entries:
        raise ResoluteError("no `datasets` in the configuration", where=where, mend="name the data set as Axolotl does")
    same = [entry for entry in entries if Path(str(entry.get("path", ""))).name == name]
    entry = (same or entries)[0]
    if not isinstance(entry.get("type"), str) or not str(entry["type"]).startswith("chat_template"):
        what = f"only `type: chat_template` is asked about, not {entry.get('type')!r}"
        raise ResoluteError(what, where=where, mend="hand the rows over with --export-data axolotl")
    return entry
