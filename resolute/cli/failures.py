"""What becomes of an error: words on stderr and an exit code; a traceback only with `--debug`."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import typer
from typer.exceptions import TyperException

from resolute.core.errors import ResoluteError
from resolute.core.text import terminal_safe

OK, ERROR, USAGE, FAILED_ROWS, INTERRUPTED, ENDED = 0, 1, 2, 3, 130, 143


def guarded(command: Callable[[], Any], *, debug: bool) -> int:
    """Run `command`; its return value is an exit code or nothing."""
    try:
        code = _run(command)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`| head`) has gone: what Python would flush at exit goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERROR
    except TyperException as error:
        _show_usage(error)
        return error.exit_code
    except KeyboardInterrupt:
        code = INTERRUPTED
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else ERROR
    except Exception as error:  # noqa: BLE001 - the one place where whatever happened becomes words
        if debug:
            traceback.print_exc()
        say_error(error)
        return ERROR
    if code in (INTERRUPTED, ENDED):
        _say("\nstopped. What was finished stands; the same command takes up the rest.")
    return code


def _run(command: Callable[[], Any]) -> int:
    try:
        return command() or OK
    except typer.Exit as leave:
        return leave.exit_code


def _show_usage(error: TyperException) -> None:
    """A wrong option or argument: Typer's own words with the usage line, where it has one."""
    show: Callable[[], None] | None = getattr(error, "show", None)
    if show is not None:
        show()
    else:
        _say(f"error: {error}")


def say_error(error: BaseException) -> None:
    """What, where and how to mend it."""
    if isinstance(error, ResoluteError):
        _parts(error.what, error.where, error.mend)
    elif isinstance(error, OSError):
        where = ", ".join(str(name) for name in (error.filename, error.filename2) if name)
        _parts(
            error.strerror or str(error), where, "check the path, its rights and the free space, then run this again"
        )
    elif isinstance(error, MemoryError):
        _parts(
            "out of memory", "", "smaller batches (--set train.device_batch_size=1), a smaller model, or more memory"
        )
    else:
        _parts(f"{type(error).__name__}: {error}", "", "this is a bug; run again with --debug and report what it says")


def _parts(what: str, where: str, mend: str) -> None:
    _say(f"error: {what}")
    if where:
        _say(f"  where: {where}")
    if mend:
        _say(f"  mend: {mend}")


def _say(text: str) -> None:
    typer.echo(terminal_safe(text, limit=4000), err=True)
