"""`resolute view SHEET.csv`: the labelling screens for one sheet, and what to do when it is done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resolute.cli.console import say
from resolute.cli.judge_sheet import QUARANTINE
from resolute.core.errors import ResoluteError

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from resolute.view.session import Session


def labelling(paths: Sequence[Path], session: Session, *, reader: str | None, event: str | None) -> Starlette | None:
    """The application that labels a sheet; None where what is named is no sheet."""
    from resolute.view.filling import is_sheet, opened
    from resolute.view.labelling import build

    if not any(map(is_sheet, paths)):
        if reader or event:
            mend = "name the sheet that `judge sheet` wrote, without its run"
            raise ResoluteError("not a sheet to label", where=str(paths[0]), mend=mend)
        return None
    if len(paths) > 1:
        raise ResoluteError("one sheet at a time", where=str(paths[1]), mend="two people label in two sessions")
    sheet = opened(paths[0], reader=reader or "", event=event or "")
    say(f"{sheet.finished} of {len(sheet)} rows are labelled; every answer is saved at once into {sheet.path}")
    run = paths[0].parent.parent if paths[0].parent.name == QUARANTINE else "RUN"
    say(f"when it is done: resolute judge calibrate {run} --labels {sheet.path}; Ctrl-C ends it")
    return build(sheet, session)
