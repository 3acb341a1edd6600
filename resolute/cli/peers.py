"""Other trainers: `train --audit` asks whether one would learn the reasoning, `--export-data` writes rows for it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from resolute.cli.console import say
from resolute.cli.failures import FAILED_ROWS
from resolute.core.errors import ResoluteError

if TYPE_CHECKING:
    from resolute.core.jobs import Job
    from resolute.models.training.foreign import ForeignAudit
    from resolute.peers.handover import Form
    from resolute.peers.source import PeerRow, Source


def audit_other(data: Path, model: str | None, config: Path | None, *, python: str | None, out: Path | None) -> None:
    """Prepare `data` with the trainer's own code and say what carries loss. Leaves with 3 where reasoning is lost."""
    from resolute.core.files import write_json
    from resolute.models.identity import resolve
    from resolute.models.render import Renderer
    from resolute.models.training.foreign import audit_foreign
    from resolute.peers.config import TITLES, Peer, read_config
    from resolute.peers.source import read_source

    if model is None:
        raise ResoluteError("which model?", where="--model", mend="name the folder of its tokenizer and template")
    peer: Peer = "trl"
    settings: dict[str, Any] = {}
    if config is not None:
        peer, settings = read_config(config)
    folder = Path(model) if Path(model).is_dir() else resolve(model).path
    if folder is None:
        raise ResoluteError(f"{model!r} has no files here", where="--model", mend="name a folder, or org/name@commit")
    source = read_source(data)
    renderer = Renderer.load(folder)
    found = audit_foreign(
        _prepared(peer, data, folder, settings, config, source, renderer, python or sys.executable), source, renderer
    )
    _say(found, TITLES[peer], config)
    if out is not None:
        write_json(out / "mask_audit.json", {"trainer": TITLES[peer], **found.model_dump(mode="json")})
        say(f"  {out / 'mask_audit.json'}")
    if not found.reasoning_kept:
        raise typer.Exit(FAILED_ROWS)


def export(job: Job, form: Form, out: Path | None) -> None:
    """Write the rows of a training job for another trainer, after the same gate, and audit what was written."""
    from resolute.core.files import read_records
    from resolute.core.records import Example
    from resolute.core.settings import Train
    from resolute.models.identity import resolve
    from resolute.models.render import Renderer
    from resolute.models.training.mask_audit import audit
    from resolute.peers.handover import hand_over

    settings = job.settings
    assert isinstance(settings, Train)
    if out is None:
        raise ResoluteError("where to?", where="--out", mend="name a new folder")
    folder = resolve(settings.model).path or Path(settings.model)
    renderer = Renderer.load(folder)
    examples = read_records(job.inputs["examples"], Example)
    audited = audit(examples, renderer, max_length=settings.max_length, thinking=settings.thinking)
    audited.report.require(overlong=settings.overlong, where=str(job.inputs["examples"]))
    handed = hand_over(examples, audited, renderer, form, out, model=str(folder))
    say(f"{len(audited.rows):,} rows for {form}; read back: {handed.audit.thought:,} thoughts under loss")
    for name in handed.files:
        say(f"  {out / name}")


def _prepared(
    peer: str,
    data: Path,
    folder: Path,
    settings: dict[str, Any],
    config: Path | None,
    source: Sequence[Source],
    renderer: Any,
    python: str,
) -> Sequence[PeerRow | None]:
    from resolute.peers import axolotl, llamafactory, trl

    where, rows = str(config or ""), [item.row for item in source]
    if peer == "trl":
        return trl.rows(rows, renderer.tokenizer, trl.options_of(settings, where))
    if peer == "axolotl":
        return axolotl.rows(rows, folder, settings, where=where, python=python, name=data.name)
    prepared = llamafactory.rows(data, folder, settings, where=where, python=python)
    if len(prepared) != len(rows):
        what = f"LLaMA-Factory keeps {len(prepared)} of {len(rows)} rows and does not say which"
        raise ResoluteError(what, where=str(data), mend="its log names invalid rows; remove them and audit again")
    return prepared


def _say(found: ForeignAudit, title: str, config: Path | None) -> None:
    of = found.with_thought
    how = f"set up as {config.name}" if config else "with its defaults"
    verdict = f"{title}, {how}: {found.thought:,} of {of:,} rows that have a thought would learn it"
    say(f"{verdict}. {'The reasoning is kept.' if found.reasoning_kept else 'THE REASONING IS NOT KEPT WHOLE.'}")
    lines = [
        ("rows", found.rows), ("left out by the trainer", found.left_out), ("thought under loss", found.thought),
        ("closing mark under loss", found.close), ("answer under loss", found.answer),
        ("end of turn under loss", found.end), ("loss on the prompt", found.prompt),
        ("begins with what sampling sees", found.as_sampled), ("thought deleted by the template", found.deleted),
        ("cut before its answer ends", found.cut), ("tokens", found.tokens), ("tokens under loss", found.loss_tokens),
    ]  # fmt: skip
    for name, number in lines:
        say(f"  {name}: {number:,}")
    for count, rows in found.beginnings.items():
        say(f"  rows with {count} beginnings of sequence: {rows:,}")
    for words in _advice(found):
        say(f"  mend: {words}")


def _advice(found: ForeignAudit) -> list[str]:
    words: list[str] = []
    if found.deleted:
        words.append("the chat template takes thoughts out of finished turns; hand rows over ready-made: --export-data")
    elif found.thought + found.cut + found.left_out < found.with_thought:
        words.append("the mask leaves thoughts out; hand rows over ready-made: --export-data")
    if found.cut or found.left_out:
        words.append("rows are longer than its limit: raise it (max_length, cutoff_len, sequence_len)")
    if found.end < found.rows - found.cut - found.left_out:
        words.append("rows teach no end of turn: the model would not learn to stop")
    if found.prompt:
        words.append("the prompt carries loss too: fine for the reasoning, unlike most recipes")
    if any(count > 1 for count in found.beginnings):
        words.append("more than one beginning of sequence: template and tokenizer both add it")
    return words
