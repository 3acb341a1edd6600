"""TRL: what its own `SFTTrainer` would learn of rows, by building one and reading what its collator hands on.

The weights are made up and tiny; they have no part in how rows are prepared. TRL's warnings and bars are kept quiet.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from resolute.core.errors import ResoluteError
from resolute.core.foreign.rows import Row
from resolute.peers.source import PeerRow

READ = (
    "max_length", "truncation_mode", "assistant_only_loss", "completion_only_loss", "chat_template_path", "eos_token",
    "dataset_text_field",
)  # fmt: skip
"""What of a TRL configuration decides how a row is prepared. Packing is left out: it joins rows after this."""
_COLUMNS = ("messages", "conversations", "prompt", "completion", "text", "tools", "chat_template_kwargs")
_PLACE = "resolute_row"


def rows(source: Sequence[Row], tokenizer: Any, options: Mapping[str, Any]) -> list[PeerRow | None]:
    """One entry per row: the ids and labels its trainer would be handed, None for a row that TRL leaves out.

    `tokenizer` is a loaded tokenizer with its template, `options` settings of `SFTConfig`; what is not given is TRL's
    default. Raises `ResoluteError` in TRL's words where it refuses the rows.
    """
    from datasets import Dataset
    from datasets.utils.logging import disable_progress_bar, enable_progress_bar
    from jinja2 import TemplateError
    from trl import SFTConfig, SFTTrainer

    kept = [{name: row[name] for name in _COLUMNS if name in row} for row in source]
    disable_progress_bar()
    try:
        with warnings.catch_warnings(), tempfile.TemporaryDirectory() as scratch:
            warnings.simplefilter("ignore")
            trainer: Any = SFTTrainer(
                model=_model(tokenizer),
                args=SFTConfig(
                    output_dir=scratch, use_cpu=True, bf16=False, report_to=[], disable_tqdm=True,
                    **{name: options[name] for name in READ if name in options},
                ),
                train_dataset=Dataset.from_list([{**row, _PLACE: place} for place, row in enumerate(kept)]),
                processing_class=tokenizer,
            )  # fmt: skip
    except (ValueError, KeyError, TypeError, RuntimeError, TemplateError) as error:
        words = " ".join(str(error).split())[:400]
        raise ResoluteError(f"TRL refuses these rows: {words}", mend="see its documentation of SFT formats") from error
    finally:
        enable_progress_bar()
    found: list[PeerRow | None] = [None] * len(kept)
    for row in trainer.train_dataset:
        batch = trainer.data_collator([row])
        found[row[_PLACE]] = PeerRow(batch["input_ids"][0].tolist(), batch["labels"][0].tolist())
    return found


def options_of(config: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What is read of a configuration as `trl sft --config` takes it."""
    if config.get("packing"):
        mend = "audit it with `packing: false`: packing joins prepared rows, and may cut them at max_length"
        raise ResoluteError("packing is not audited", where=where, mend=mend)
    found = {name: config[name] for name in READ if name in config}
    path = found.get("chat_template_path")
    if path is not None and not Path(str(path)).exists():
        beside = Path(where).parent / str(path)
        found["chat_template_path"] = str(beside) if beside.exists() else path
    return found


def _model(tokenizer: Any) -> Any:
    """A model with room for every token and nothing else."""
    from transformers import LlamaConfig, LlamaForCausalLM

    size = 1 + max(tokenizer.get_vocab().values())
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=size, hidden_size=4, intermediate_size=4, num_hidden_layers=1, num_attention_heads=1,
            bos_token_id=None, eos_token_id=None,
        )
    )  # fmt: skip
