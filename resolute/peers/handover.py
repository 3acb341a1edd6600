"""Our rows in the forms other trainers take, written so that they keep the reasoning, and read back to prove it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from resolute.core import trace
from resolute.core.errors import ResoluteError
from resolute.core.files import unwritable
from resolute.core.records import Example
from resolute.models.render import Renderer
from resolute.models.training.foreign import ForeignAudit, audit_foreign
from resolute.models.training.mask_audit import Audited
from resolute.peers.source import PeerRow

Form = Literal["tokenized", "axolotl", "llamafactory"]
"""`tokenized`: ids and labels, for TRL and whatever takes them. `axolotl`: the same with its configuration, since no
chat template can undo them. `llamafactory`: messages with its dataset_info.json and configuration; it tokenises
itself."""

_TEMPLATES = {("think", "<｜end▁of▁sentence｜>"): "deepseekr1", ("think", "<|im_end|>"): "qwen3"}
"""Dialect and end of turn -> the template of LLaMA-Factory that was seen to keep the thought (docs/peers.md)."""


class Handed(NamedTuple):
    """What was written, and what an audit of the written files found."""

    files: tuple[str, ...]
    audit: ForeignAudit


def hand_over(
    examples: Sequence[Example], audited: Audited, renderer: Renderer, form: Form, out: Path, *, model: str
) -> Handed:
    """Write the rows that passed the gate to the new folder `out`, all of it or nothing.

    Raises `ResoluteError` where `out` holds something, cannot be written, the trainer has no way to keep this family's
    thought, or what was written does not read back as the rows.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ResoluteError("the folder holds something already", where=str(out), mend="name a new folder with --out")
    kept = {name for name, _ in audited.rows}
    chosen = [example for example in examples if example.id in kept]
    making = out.parent / f".{out.name}.making"
    try:
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        _WRITERS[form](making, chosen, audited, renderer, model)
        found = _read_back(making, form, chosen, renderer)
        if not found.reasoning_kept:
            what = f"what was written keeps {found.thought} of {found.with_thought} thoughts"
            raise ResoluteError(what, where=str(out), mend="report this: the rows passed the gate before")
        if out.exists():
            out.rmdir()
        making.replace(out)
    except OSError as error:
        raise unwritable(out, error) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return Handed(tuple(sorted(path.name for path in out.iterdir())), found)


def _tokenized(folder: Path, examples: Sequence[Example], audited: Audited, renderer: Renderer, model: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [row for _, row in audited.rows]
    ints = pa.list_(pa.int32())
    columns = {
        "input_ids": pa.array([row.ids for row in rows], ints),
        "labels": pa.array([row.labels for row in rows], ints),
        "attention_mask": pa.array([[1] * len(row.ids) for row in rows], ints),
    }
    pq.write_table(pa.table(columns), folder / "train.parquet")


def _axolotl(folder: Path, examples: Sequence[Example], audited: Audited, renderer: Renderer, model: str) -> None:
    _tokenized(folder, examples, audited, renderer, model)
    settings = {
        "base_model": model,
        # No `type`: Axolotl takes the columns as they are.
        "datasets": [{"path": "train.parquet", "ds_type": "parquet", "type": None}],
        "sequence_len": audited.report.longest,
        "excess_length_strategy": "raise",
        "train_on_inputs": False,
        "shuffle_merged_datasets": True,
    }
    _yaml(folder / "axolotl.yaml", settings)


def _llamafactory(folder: Path, examples: Sequence[Example], audited: Audited, renderer: Renderer, model: str) -> None:
    template = _TEMPLATES.get((renderer.dialect.name, renderer.end.strip()))
    if template is None:
        what = "no template of LLaMA-Factory is known to keep this family's thought"
        raise ResoluteError(what, where=model, mend="hand the rows over with --export-data tokenized or axolotl")
    rows = [{"messages": _messages(example, renderer)} for example in examples]
    (folder / "train.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}
    entry = {
        "file_name": "train.json",
        "formatting": "sharegpt",
        "columns": {"messages": "messages"},
        "tags": {**tags, "system_tag": "system"},
    }
    (folder / "dataset_info.json").write_text(json.dumps({"resolute": entry}, indent=1) + "\n", encoding="utf-8")
    settings = {
        "model_name_or_path": model, "stage": "sft", "do_train": True, "finetuning_type": "full",
        "dataset": "resolute", "dataset_dir": ".", "template": template, "enable_thinking": True,
        "cutoff_len": audited.report.longest + 8, "train_on_prompt": False, "mask_history": True,
    }  # fmt: skip
    _yaml(folder / "llamafactory.yaml", settings)


_WRITERS: dict[Form, Callable[[Path, Sequence[Example], Audited, Renderer, str], None]] = {
    "tokenized": _tokenized,
    "axolotl": _axolotl,
    "llamafactory": _llamafactory,
}


def _messages(example: Example, renderer: Renderer) -> list[dict[str, str]]:
    asked = [{"role": message.role, "content": message.content} for message in example.messages]
    said = trace.join(example.reasoning, example.answer, renderer.dialect)
    return [*asked, {"role": "assistant", "content": said}]


def _yaml(path: Path, settings: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _read_back(folder: Path, form: Form, examples: Sequence[Example], renderer: Renderer) -> ForeignAudit:
    """The audit of what lies in the folder, ids as they stand there; messages are rendered as they read."""
    rows: list[PeerRow] = []
    if form == "llamafactory":
        for row in json.loads((folder / "train.json").read_text(encoding="utf-8")):
            *asked, said = row["messages"]
            parts = trace.split(said["content"], renderer.dialect)
            messages = [type(examples[0].messages[0])(**message) for message in asked]
            made = renderer.example(messages, parts.thought, parts.answer)
            rows.append(PeerRow(made.ids, made.labels))
    else:
        import pyarrow.parquet as pq

        table = pq.read_table(folder / "train.parquet").to_pydict()
        rows = [PeerRow(*pair) for pair in zip(table["input_ids"], table["labels"], strict=True)]
    return audit_foreign(rows, examples, renderer)
