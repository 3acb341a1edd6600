"""After a curation: where the traces went, on the terminal, and the rows in the form another trainer takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from resolute.cli.console import draw, say
from resolute.core.text import terminal_safe

if TYPE_CHECKING:
    from resolute.core.curation.exports import Format
    from resolute.core.runs import Artifact


def show_funnel(made: Artifact) -> None:
    """Every step with its reasons, and how many traces were still in after each."""
    from resolute.core.files import read_json

    report: dict[str, Any] = read_json(made.output("funnel.json"))
    rows = [("", "read", "", report["entered"])]
    rows += [(row["step"], row["reason"], -row["n"], row["remaining"]) for row in report["left"]]
    kinds = ", ".join(f"{n} {kind}" for kind, n in report["kinds"].items())
    _show(("step", "where the traces went", "traces", "still in"), [*rows, ("", f"kept: {kinds}", "", report["kept"])])
    if len(report["by"]["strategy"]) > 1:
        told = [(row["label"] or "none", row["entered"], row["kept"]) for row in report["by"]["strategy"]]
        _show(("strategy", "traces", "kept"), told)
    reserve = report["reserve"]
    if reserve["sources"]:
        say(f"overlap with {reserve['goals']} reserved goals (similar: Jaccard of words >= {report['near']}):")
        found = [(row["source"], row["how"], row["n"]) for row in reserve["overlaps"]]
        _show(("reserved source", "overlap", "traces"), found)
    arms = [(each, arm) for each in report["asked"] for arm in each["arms"]]
    if arms:
        told = [(each["kind"], arm["strategy"] or "none", arm["rows"], arm["loss_tokens"] or "-") for each, arm in arms]
        _show(("kind", "matched strategy", "rows", "loss tokens"), told)


def export(made: Artifact, path: Path, form: Format) -> None:
    """The rows of an artifact at `path`, in the order of their ids."""
    from resolute.core.curation.exports import exported
    from resolute.core.files import read_records, write_jsonl
    from resolute.core.records import Example

    rows = read_records(made.output("examples.parquet"), Example)
    write_jsonl(path, (exported(row, form) for row in rows))
    say(f"exported: {path} ({len(rows)} rows, {form})")


def _show(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if not rows:
        say("  none")
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, title in enumerate(header):
        counts = all(isinstance(row[number], int) or row[number] in ("", "-") for row in rows)
        made.add_column(title, justify="right" if counts and title != "step" else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(terminal_safe(str(cell))) for cell in row))
    draw(made)
