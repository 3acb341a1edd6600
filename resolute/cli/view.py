"""`resolute view`: read traces in the browser, on this machine only."""

from __future__ import annotations

import socket
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resolute.cli import view_options as given
from resolute.cli.console import progress, say
from resolute.cli.view_export import write_page
from resolute.cli.view_sheet import labelling
from resolute.core.errors import ResoluteError

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from resolute.view.session import Session

HOST = "127.0.0.1"


def view(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN|FILE...",
            help="Runs, artifacts, files of traces or training rows, shown together; or one sheet to label.",
        ),
    ],
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Of this machine; 0: any that is free.")] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Only print the address.")] = False,
    reader: given.Reader = None,
    event: given.Event = None,
    model: given.Model = None,
    index: given.Index = None,
    export: given.Export = None,
    where: given.Where = None,
    include_harmful_text: given.IncludeHarmful = False,
) -> None:
    """Read traces in the browser: filter, search, compare; or label a sheet.

    Nothing leaves this machine. The address carries a token that only this session knows.

    resolute view runs/demo
    """
    from resolute.view.session import Session

    if export is not None:
        write_page(paths, export, where or [], harmful=include_harmful_text, index=index)
        return
    if where or include_harmful_text:
        mend = "in the browser, filters stand beside the list and harmful text is shown by `b`"
        raise ResoluteError("this is for a page", where="--where, --include-harmful-text", mend=f"add --export; {mend}")
    session = Session()
    app = labelling(paths, session, reader=reader, event=event) or _reading(paths, session, model or "", index)
    listening = _listening(port)
    home = app.state.opened.home if app.state.opened else "/"
    address = f"http://{HOST}:{listening.getsockname()[1]}{home}?token={session.token}"
    say(address)
    if not no_open:
        webbrowser.open(address)
    _serve(app, listening)


def _reading(paths: list[Path], session: Session, model: str, index: Path | None) -> Starlette:
    from resolute.view.app import build, opened

    with progress() as report:
        shown = opened(paths, report, model=model, store=index)
    held = [(shown.index.size, "trace"), (shown.index.rows.size, "training row")]
    told = ", ".join(f"{count} {what}" + ("s" if count > 1 else "") for count, what in held if count)
    say(f"{told} of {shown.material.name}; Ctrl-C ends it")
    return build(shown, session)


def _listening(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()  # a browser that is quicker than the server waits
    except OSError as error:
        listening.close()
        mend = "name another port, or none for any that is free"
        raise ResoluteError(f"port {port} cannot be used: {error.strerror}", where="--port", mend=mend) from error
    return listening


def _serve(app: Starlette, listening: socket.socket) -> None:
    """Until Ctrl-C; what is asked is never logged, since addresses hold what was searched for."""
    import uvicorn

    from resolute.view.tokens import without_torch

    without_torch()
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", ws="none", server_header=False)
    uvicorn.Server(config).run(sockets=[listening])
