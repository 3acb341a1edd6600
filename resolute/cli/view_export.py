"""`resolute view RUN --export page.html`: one file to send."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from resolute.cli.console import progress, say


def write_page(paths: Sequence[Path], export: Path, where: Sequence[str], *, harmful: bool, index: Path | None) -> None:
    """Write the traces that `where` leaves, and say what is in the page and what is not."""
    from resolute.view.app import opened
    from resolute.view.export import asked_for, write_export

    with progress() as report:
        shown = opened(paths, report, store=index)
    made = write_export(shown, asked_for(shown.index, where), export, harmful=harmful)
    say(f"{export}: {made.traces} of {shown.index.size} traces")
    if harmful:
        say("it holds harmful text, and says so: think about whom you send it to")
    elif made.withheld:
        say(f"the words of {made.withheld} are left out: harmful, of unknown kind, judged unsafe, or from a quarantine")
