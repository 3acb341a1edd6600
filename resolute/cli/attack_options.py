"""Options of attacks: which, by whom, until when, and on whose endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Attacks = Annotated[
    list[str] | None, typer.Option("--attack", help="On tasks with harmful goals, in the place of their own.")
]
Attacker = Annotated[str | None, typer.Option("--attacker", help="The model that writes what pap and pair send.")]
Stop = Annotated[
    str | None, typer.Option("--stop", help="Instrument that tells pair when to stop, NAME or NAME@MODEL.")
]
Own = Annotated[bool, typer.Option("--own", help="The endpoint is yours to attack, though it is not on this machine.")]
Replay = Annotated[
    Path | None,
    typer.Option("--replay", metavar="RUN", help="Send the attacked requests of an earlier run as they stand."),
]
