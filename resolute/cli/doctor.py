"""`resolute doctor`: what this machine can do, and what to do about each gap. Never the value of a key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from resolute.cli.console import say


def doctor(
    runs: Annotated[Path, typer.Option("--runs", help="Where run folders will lie.")] = Path("runs"),
    json: Annotated[bool, typer.Option("--json", help="One JSON document, for scripts.")] = False,
) -> None:
    """Say what this machine can do, and what to do about each gap."""
    from resolute.cli.checkup import checkup

    findings = checkup(runs)
    if json:
        import json as writer

        typer.echo(writer.dumps([finding.as_row() for finding in findings], ensure_ascii=False, indent=1))
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            say(f"{'ok ' if finding.ok else 'gap'}  {finding.name:{width}}  {finding.found}")
            if finding.mend:
                say(f"{'':{width + 5}}  -> {finding.mend}")
        gaps = sum(not finding.ok for finding in findings)
        say(f"{len(findings)} looked at, {gaps} gaps")
    if any(finding.fatal and not finding.ok for finding in findings):
        raise typer.Exit(1)
