"""Options of `resolute curate` alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

_AMOUNT = "N|SOURCE:N"
Safety = Annotated[
    list[str] | None,
    typer.Option("--safety", metavar=_AMOUNT, help="Rows with harmful goals; SOURCE:N once for each source."),
]
Benign = Annotated[
    list[str] | None,
    typer.Option("--benign", metavar=_AMOUNT, help="Rows with benign goals; 10% is a share of the safety rows."),
]
Maths = Annotated[
    list[str] | None,
    typer.Option("--maths", metavar=_AMOUNT, help="Rows with maths problems, in the same forms."),
]
Auditor = Annotated[
    list[str] | None,
    typer.Option("--auditor", help="Audit the traces first with this, NAME or NAME@MODEL; may be given often."),
]
Select = Annotated[
    Literal["random", "balance", "shortest", "likelihood"] | None,
    typer.Option("--select", help="Which of the accepted rows: default random."),
]
Student = Annotated[str | None, typer.Option("--student", help="For likelihood: the checkpoint that is to be trained.")]
Tokenizer = Annotated[
    str | None, typer.Option("--tokenizer", help="Folder or hub name lengths and loss tokens are counted with.")
]
Match = Annotated[
    list[str] | None,
    typer.Option("--match", help="What strategies have in common: prompts, or given twice prompts and tokens."),
]
Only = Annotated[str | None, typer.Option("--only", help="With --match: the strategy whose rows are written.")]
Reserve = Annotated[
    list[str] | None,
    typer.Option("--reserve", help="Prompts kept for evaluation: what overlaps them is removed and counted."),
]
Export = Annotated[Path | None, typer.Option("--export", help="Write the rows as JSONL here too.")]
Form = Annotated[
    Literal["messages", "prompt-completion", "sharegpt"] | None,
    typer.Option("--format", help="The form of --export; default: messages."),
]
