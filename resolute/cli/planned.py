"""`train --plan`: what would be trained, how long its rows are, what it would take, and how it would be started."""

from __future__ import annotations

import json
import math
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resolute.cli.console import say
from resolute.core.errors import ResoluteError

if TYPE_CHECKING:
    from resolute.core.jobs import Job
    from resolute.core.settings import Train
    from resolute.models.gpus import Gpus
    from resolute.models.training.mask_audit import Audited
    from resolute.models.training.scope import Row

BINS, WIDE = 12, 40
"""Bars of the histogram, and the characters of its longest."""
_NO_LIMIT = 2**40


def show_training(job: Job, first: Path, recipe: Path | None, out: Path, *, gpu: str | None) -> None:
    """Print all of it; nothing is trained and no weight is read."""
    from resolute.core.files import read_records
    from resolute.core.records import Example
    from resolute.core.settings import Train
    from resolute.models.gpus import here, named
    from resolute.models.identity import resolve
    from resolute.models.render import Renderer
    from resolute.models.training.mask_audit import audit

    settings = job.settings
    assert isinstance(settings, Train)
    gpus = named(gpu) if gpu else here()
    folder = resolve(settings.model).path or Path(settings.model)
    examples = read_records(job.inputs["examples"], Example)
    audited = audit(
        examples, Renderer.load(folder), max_length=_NO_LIMIT, thinking=settings.thinking, loss=settings.loss,
        primer_tokens=settings.primer_tokens,
    )  # fmt: skip
    rows = audited.lean()
    kept = [row for row in rows if len(row.ids) <= settings.max_length]
    _show_rows(audited, kept, {example.id: example.kind for example in examples}, len(rows))
    for line in histogram([len(row.ids) for row in rows], settings.max_length):
        say(line)
    if len(rows) > len(kept):
        fate = "are left out" if settings.overlong == "drop" else "STOP the run (train.overlong: drop leaves them out)"
        say(f"  {len(rows) - len(kept)} rows are longer than {settings.max_length} tokens: they {fate}")
    if kept:
        _show_cost(settings, folder, kept, gpus)
    _show_start(job, settings, first, recipe, out, gpus)


def _show_rows(audited: Audited, kept: Sequence[Row], kinds: Mapping[str, str], fit: int) -> None:
    from resolute.models.render import IGNORED

    for what, ids in audited.report.faults.items():
        say(f"  {len(ids)} rows FAIL the mask audit, which stops the run: {what}")
    inside: Counter[str] = Counter()
    outside: Counter[str] = Counter()
    for row in kept:
        for kind, label in zip(row.kinds, row.labels, strict=True):
            (outside if label == IGNORED else inside)[kind] += 1
    say(f"rows: {len(kept)} of {audited.report.rows}, {inside.total() + outside.total()} tokens")
    say(f"  {'part':<10}{'in the loss':>14}{'outside':>14}")
    for kind in ("prompt", "thought", "close", "answer", "end"):
        say(f"  {kind:<10}{inside[kind]:>14}{outside[kind]:>14}")
    tokens: Counter[str] = Counter()
    for row in kept:
        tokens[kinds[row.id]] += sum(label != IGNORED for label in row.labels)
    for kind, number in sorted(Counter(kinds[row.id] for row in kept).items()):
        say(f"  {kind}: {number} rows, {tokens[kind]} tokens in the loss")


def histogram(lengths: Sequence[int], limit: int) -> list[str]:
    """The lengths of rows as bars of `#`, and a line where `limit` stands; [] for no rows."""
    if not lengths:
        return []
    step = max(math.ceil(max(lengths) / BINS), 1)
    counts = Counter((length - 1) // step for length in lengths)
    lines = [f"  {'tokens':>15}  rows"]
    marked = False
    for place in range(max(counts) + 1):
        if not marked and limit < place * step + 1:
            lines.append(f"  {'max_length':>15}  ---- {limit}")
            marked = True
        bar = "#" * math.ceil(WIDE * counts[place] / max(counts.values()))
        lines.append(f"  {place * step + 1:>7}-{(place + 1) * step:<7}  {counts[place]:>5} {bar}".rstrip())
    if not marked:
        lines.append(f"  {'max_length':>15}  ---- {limit}")
    return lines


def _show_cost(settings: Train, folder: Path, kept: Sequence[Row], gpus: Gpus | None) -> None:
    from dataclasses import asdict

    from resolute.models.gpus import GIB, KNOWN
    from resolute.models.training import memory

    rows = max(len(kept) - settings.hold_out, 1)
    steps = settings.max_steps or math.ceil(settings.epochs * math.ceil(rows / settings.batch_size))
    say(f"steps: {steps} of {settings.batch_size} rows ({settings.hold_out} rows held out)")
    form = memory.shape(folder)
    say(f"model: {form.parameters:,} parameters, {form.layers} layers, vocabulary {form.vocabulary}")
    if gpus is None:
        say(f"memory and time: no GPU here; name some with --gpu NAME:COUNT ({', '.join(KNOWN)})")
        return
    lengths = [len(row.ids) for row in kept]
    try:
        found = memory.need(settings, folder, lengths, gpus)
        parts = ", ".join(f"{name} {size / GIB:.1f}" for name, size in asdict(found).items() if size)
        say(f"memory: {found.total / GIB:.1f} GiB on each GPU at the longest rows, of {gpus} ({parts})")
        if settings.launch not in ("single", "ddp", "fsdp"):
            say(f"  {settings.launch} may share or offload parts of it: reckoned as if it did not")
        memory.require_memory(settings, folder, lengths, gpus)
    except ResoluteError as error:
        say(f"  WOULD STOP: {error}")
    lasting = memory.seconds(settings, folder, lengths, gpus, steps=steps)
    if lasting is not None:
        use = f"{memory.ASSUMED_USE:.0%} of {gpus.gpu.peak:.0f} TFLOP/s"
        said = f"{lasting / 60:.0f} min" if lasting >= 120 else f"{lasting:.0f} s"
        say(f"time: about {said}, if model FLOPs reach {use}; loading and saving come on top")


def _show_start(job: Job, settings: Train, first: Path, recipe: Path | None, out: Path, gpus: Gpus | None) -> None:
    from resolute.models.training.launch import command

    line = ["resolute", "train", str(first)]
    if recipe is not None and recipe != first:
        line += ["--recipe", str(recipe)]
    values = settings.model_dump(mode="json")
    for name in sorted(name for name, origin in job.origins.items() if origin in ("--set", "option")):
        line += ["--set", f"train.{name}={json.dumps(values[name])}"]
    say(f"start: {shlex.join([*line, '--out', str(out)])}")
    if settings.launch != "single":
        launch = command(settings, Path("SPEC"), gpus=gpus.count if gpus else 0)
        say(f"  which runs: {shlex.join(launch)}")
