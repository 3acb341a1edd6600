"""`resolute merge`: a checkpoint from an adapter and its base."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from resolute.cli.console import say
from resolute.core.errors import ResoluteError


def merge(
    adapter: Annotated[Path, typer.Argument(metavar="ADAPTER", help="A folder with a LoRA adapter of PEFT.")],
    base: Annotated[str, typer.Option("--base", help="The model it was trained on: a folder, or name@commit.")],
    out: Annotated[Path, typer.Option("--out", help="The folder to make; it must not exist.")],
    renamed: Annotated[
        bool, typer.Option("--renamed", help="The base has another name here: check modules and shapes alone.")
    ] = False,
) -> None:
    """Merge an adapter into its base model.

    Writes a Hugging Face checkpoint with the base's own tokenizer and template, or nothing.

    resolute merge runs/mine/adapter --base path/to/model --out merged
    """
    import shutil
    import tempfile

    from transformers.utils import logging

    from resolute.core.files import unwritable
    from resolute.models.identity import resolve
    from resolute.models.render import Renderer
    from resolute.models.training.adapters import merge, read_adapter, require_base
    from resolute.stages.train import keep_tokenizer, stop_at_turn_end

    if out.exists():
        raise ResoluteError("the folder stands already", where=str(out), mend="name another with --out")
    folder = resolve(base).path
    if folder is None:
        raise ResoluteError(f"{base!r} has no weights here", where="--base", mend="name a folder with a checkpoint")
    found = read_adapter(adapter)
    require_base(found, folder, name=base, renamed=renamed)
    renderer = Renderer.load(folder)
    logging.disable_progress_bar()
    scratch: Path | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        made = scratch / "merged"
        merge(found, folder, made)
        keep_tokenizer(folder, made)
        stop_at_turn_end(folder, made, renderer.stop_ids)
        made.replace(out)
    except OSError as error:
        raise unwritable(out, error) from error
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)
    say(f"merged: {out}")
