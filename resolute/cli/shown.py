"""`train --show N`: training rows as they would be trained on, part by part, inside and outside the loss."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from resolute.cli.console import say

if TYPE_CHECKING:
    from resolute.core.jobs import Job
    from resolute.models.training.mask_audit import ShownRow


def show_rows(job: Job, count: int) -> None:
    """Print the first `count` rows of a training job; nothing is trained."""
    from resolute.core.files import read_records
    from resolute.core.records import Example
    from resolute.core.settings import Train
    from resolute.models.identity import resolve
    from resolute.models.render import Renderer
    from resolute.models.training.mask_audit import show

    settings = job.settings
    assert isinstance(settings, Train)
    renderer = Renderer.load(resolve(settings.model).path or settings.model)
    examples = read_records(job.inputs["examples"], Example)
    rows = show(
        examples,
        renderer,
        count,
        thinking=settings.thinking,
        loss=settings.loss,
        primer_tokens=settings.primer_tokens,
    )
    for row in rows:
        _show(row)


def _show(row: ShownRow) -> None:
    learned = sum(token.in_loss for token in row.tokens)
    say(f"row {row.id}: {len(row.tokens)} tokens, {learned} inside the loss")
    for (loss, kind), tokens in groupby(row.tokens, key=lambda token: (token.in_loss, token.kind)):
        run = list(tokens)
        say(f"--- {'INSIDE' if loss else 'outside'} the loss: {kind}, {len(run)} tokens")
        say("".join(token.text for token in run))
    say()
