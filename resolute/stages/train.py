"""`resolute train`: supervised fine-tuning on exactly what will be sampled.

The gate (`models.training.mask_audit`) comes first: the run stops before any step unless every row's thought, closing
mark, answer and end of turn carry loss, its prompt carries none, and nothing was cut. The rows it passed go to TRL's
`SFTTrainer` as ids and labels, untouched. Input role `examples` (Parquet of `Example`); outputs `checkpoint/` (Hugging
Face format, safetensors, the model's own tokenizer files byte for byte), `mask_audit.json` and `loss.jsonl`; with LoRA
also `adapter/`, merged into the checkpoint.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, read_records, unwritable, write_json, write_jsonl
from resolute.core.jobs import Job, Work
from resolute.core.records import Example
from resolute.core.settings import Train
from resolute.models.identity import Model, resolve

if TYPE_CHECKING:
    from resolute.core.jobs import Progress
    from resolute.models.render import Renderer
    from resolute.models.training.cards import Made
    from resolute.models.training.mask_audit import Audited, MaskAudit
    from resolute.models.training.scope import Row

VERSION = 1

_VERBATIM = (
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "*.model",
    "*.tiktoken",
    "chat_template*",
)
"""Files of the tokenizer and its template: copied, so that the tuned model is sampled as it was trained."""


def identity(job: Job) -> dict[str, Any]:
    """The untouched model; refuses, before anything is made, what cannot be trained."""
    settings = _settings(job)
    model = _model(settings)
    if settings.device_batch_size and settings.batch_size % settings.device_batch_size:
        what = f"batch_size {settings.batch_size} is no multiple of device_batch_size {settings.device_batch_size}"
        raise ResoluteError(what, where="train.device_batch_size", mend="choose a divisor of batch_size")
    if settings.launch not in ("single", "ddp", "fsdp") and not Path(settings.launch).is_file():
        mend = "one of single, ddp, fsdp, or a file that `accelerate config` wrote"
        raise ResoluteError(f"no such launch: {settings.launch!r}", where="train.launch", mend=mend)
    return {"model": model.identity}


def run(work: Work) -> None:
    """Gate, train, save; raises `ResoluteError` before the first step where a row or the model is unfit."""
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    from resolute.models.render import Renderer
    from resolute.models.training.mask_audit import audit

    settings = _settings(work.job)
    folder = _folder(_model(settings))
    source = work.job.inputs["examples"]
    examples = read_records(source, Example)
    work.progress("rendering", 0, len(examples))
    renderer = Renderer.load(folder)
    audited = audit(
        examples,
        renderer,
        max_length=settings.max_length,
        thinking=settings.thinking,
        loss=settings.loss,
        primer_tokens=settings.primer_tokens,
    )
    work.progress("rendering", len(examples), len(examples))
    write_json(work.folder / "mask_audit.json", audited.report.model_dump(mode="json"))
    audited.report.require(overlong=settings.overlong, where=str(source))
    _count(work, audited.report)
    tune(work, settings, folder, renderer, audited)


def tune(work: Work, settings: Train, folder: Path, renderer: Renderer, audited: Audited) -> None:
    """Train the checkpoint in `folder` on audited rows and save it; the rows are not looked at again."""
    from resolute.models.training.cards import Made, hardware
    from resolute.models.training.scope import split

    began = time.monotonic()
    rows, held_out = split(audited.lean(), settings.hold_out, seed=settings.seed)
    scratch = work.folder / "work"
    made = scratch / "checkpoint"
    _prepare(scratch, settings)
    found = _fit(settings, folder, renderer, (rows, held_out), scratch, work.progress)
    write_jsonl(work.folder / "loss.jsonl", found["losses"])
    if held_out:
        write_jsonl(work.folder / "held_out.jsonl", found["held_out"])
    stop_at_turn_end(folder, made, renderer.stop_ids)
    try:
        keep_tokenizer(folder, made)
        # The card in the checkpoint says no time: later stages are keyed by the checkpoint's bytes.
        (made / "README.md").write_text(_card(work, audited, len(found["losses"]), None), encoding="utf-8")
        took = Made(hardware(), time.monotonic() - began)
        (work.folder / "card.md").write_text(_card(work, audited, len(found["losses"]), took), encoding="utf-8")
        for name in ("checkpoint", "adapter"):
            shutil.rmtree(work.folder / name, ignore_errors=True)
            if (scratch / name).exists():
                (scratch / name).replace(work.folder / name)
    except OSError as error:
        raise unwritable(made, error) from error
    shutil.rmtree(scratch, ignore_errors=True)
    work.count(steps=len(found["losses"]), held_out=len(held_out))
    if found["resumed"]:
        work.happened(f"gone on from the checkpoint at step {found['resumed']}")


def _fit(
    settings: Train,
    folder: Path,
    renderer: Renderer,
    rows: tuple[list[Row], list[Row]],
    scratch: Path,
    progress: Progress,
) -> dict[str, Any]:
    """Here, or in the processes that were asked for: `losses`, `held_out` and `resumed`."""
    try:
        if settings.launch != "single":
            from resolute.models.training.launch import launched

            return launched(settings, folder, *rows, scratch, progress)
        from resolute.models.training.tune import fit
    except ImportError as error:
        mend = "install the training extra: pip install 'resolute[train]'"
        raise ResoluteError(f"training needs {error.name}", where=str(folder), mend=mend) from error
    fitted = fit(settings, folder, renderer, rows[0], scratch, progress, held_out=rows[1])
    return {"losses": fitted.losses, "held_out": fitted.held_out, "resumed": fitted.resumed}


def _prepare(scratch: Path, settings: Train) -> None:
    """Clear what an unfinished run left, but for checkpoints that this run can go on from.

    Sharded checkpoints cannot be read by another number of processes, nor by a run that does not shard.
    """
    fit_for = {"launch": settings.launch, "processes": settings.processes}
    kept = scratch / "trainer"
    mark = kept / "launch.json"
    able = settings.checkpoint_every and mark.is_file() and read_json(mark) == fit_for
    for path in scratch.iterdir() if scratch.is_dir() else ():
        if not (able and path == kept):
            shutil.rmtree(path)
    if settings.checkpoint_every:
        write_json(mark, fit_for)


def keep_tokenizer(source: Path, target: Path) -> None:
    """Copy the tokenizer and its chat template byte for byte."""
    for form in _VERBATIM:
        for path in source.glob(form):
            if path.is_file():
                shutil.copyfile(path, target / path.name)


def stop_at_turn_end(source: Path, target: Path, stop_ids: Sequence[int]) -> None:
    """Write the model's own generation settings, with every id that ends a turn among its end marks.

    A checkpoint that does not name the template's end mark would talk on after it on servers that read this file.
    """
    own = source / "generation_config.json"
    settings: dict[str, Any] = read_json(own) if own.is_file() else {}
    write_json(target / "generation_config.json", {**settings, "eos_token_id": list(stop_ids)})


def _card(work: Work, audited: Audited, steps: int, took: Made | None) -> str:
    from resolute.models.training.cards import written

    kept = {name for name, _ in audited.rows}
    examples = [one for one in read_records(work.job.inputs["examples"], Example) if one.id in kept]
    return written(_settings(work.job), work.job.origins, audited.report, examples, steps=steps, made=took)


def _count(work: Work, report: MaskAudit) -> None:
    work.count(
        rows=report.rows, kept=report.kept, overlong=len(report.overlong), with_thought=report.with_thought,
        tokens=report.tokens, loss_tokens=sum(report.loss_tokens.values()),
    )  # fmt: skip
    if report.overlong:
        work.note(f"{len(report.overlong)} of {report.rows} rows left out: longer than {report.max_length} tokens")


def _settings(job: Job) -> Train:
    if not isinstance(job.settings, Train):
        raise TypeError(f"train was handed settings of {type(job.settings).__name__}")
    return job.settings


def _model(settings: Train) -> Model:
    model = resolve(settings.model)
    if model.kind != "local":
        what = f"{settings.model!r} has no weights here to train"
        raise ResoluteError(what, where="train.model", mend="name a folder with a checkpoint, or org/name@commit")
    return model


def _folder(model: Model) -> Path:
    if model.path is None:
        raise ValueError(f"the local model {model.name} has no folder")
    return model.path
