"""The verbs in the order of the flow, and what becomes of their errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from resolute import __version__
from resolute.cli import (
    audit,
    compare,
    curate,
    distill,
    doctor,
    evaluate,
    judge,
    lab,
    merge,
    power,
    repair,
    report,
    study,
    train,
    view,
)
from resolute.cli.environment import settle
from resolute.cli.failures import guarded

EPILOG = (
    "Settings: defaults < recipe < --set < option. "
    "Exit codes: 0 ok, 1 error, 2 usage, 3 finished with failed rows, 130 Ctrl-C."
)

app = typer.Typer(
    name="resolute",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # its help renderer alone would cost half the start
    epilog=EPILOG,
)
for verb in (distill, audit, repair, curate, train, merge, evaluate, compare, power, report):
    app.command()(getattr(verb, verb.__name__.rpartition(".")[2]))
    if verb is audit:
        app.add_typer(judge.app, name="judge")
app.command()(study.study)
app.command()(study.demo)
app.command()(view.view)
app.command()(doctor.doctor)
app.add_typer(lab.app, name="lab")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"resolute {__version__}")
        raise typer.Exit


@app.callback()
def resolute(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say it.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks (anywhere on the line).")] = False,
) -> None:
    """Safe reasoning traces in, a safer reasoning model out, with the evidence."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code."""
    settle()
    debug = "--debug" in arguments
    kept = [argument for argument in arguments if argument != "--debug"]
    return guarded(lambda: app(kept, prog_name="resolute", standalone_mode=False), debug=debug)
