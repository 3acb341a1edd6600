"""The main table for the end of a run in a terminal: read back from `table.csv`, so it says what the page says."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from resolute.core.errors import ResoluteError
from resolute.core.files import unreadable
from resolute.core.text import terminal_safe

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

LABEL_WIDTH = 40


def terminal_table(table: Path) -> Table:
    """A Rich table of `table.csv` (or of the run folder that holds it): measures down, rows of the study across.

    Seven rows fit 80 columns. Each cell has the rate and, below it, its interval in percent. Texts are made harmless
    and carry no markup.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    lines = _read(table / "table.csv" if table.is_dir() else table)
    labels = list(dict.fromkeys(line["row"] for line in lines))
    cells = {(line["row"], line["column"]): line for line in lines}
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    made.add_column("", overflow="fold", min_width=14)
    for label in labels:
        made.add_column(Text(_plain(label), style="bold"), justify="right", overflow="fold", min_width=6)
    for name in dict.fromkeys(line["column"] for line in lines):
        title, _, detail = name.partition(": ")
        head = Text(_plain(title), style="bold").append(f"\n{_plain(detail)}", style="not bold dim")
        made.add_row(head, *(_cell(cells.get((label, name))) for label in labels))
    if any(int(line["unscored"]) for line in lines):
        made.caption = "95% intervals below each rate; * not all answers could be scored, see the report"
    return made


def _read(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return [line for line in csv.DictReader(stream) if not line.get("of")]
    except OSError as error:
        raise unreadable(path, error) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ResoluteError("not a table of a report", where=str(path), mend="write the report again") from error


def _cell(line: dict[str, str] | None) -> Text:
    from rich.text import Text

    if line is None or not line["value"]:
        return Text("not scored" if line else "-", style="dim")
    text = Text(f"{'*' if int(line['unscored']) else ''}{100 * float(line['value']):.0f}%")
    if line["low"] and line["high"]:
        text.append(f"\n{100 * float(line['low']):.0f}-{100 * float(line['high']):.0f}", style="dim")
    return text


def _plain(text: str) -> str:
    return terminal_safe(text, limit=LABEL_WIDTH).replace("\n", " ")
