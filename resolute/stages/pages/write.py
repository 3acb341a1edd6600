"""Writing the pages: one environment that escapes everything, one policy that forbids all but the page itself."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import math
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from resolute.core.files import atomic
from resolute.core.results.matrix import PAIRS
from resolute.core.text import terminal_safe
from resolute.stages.pages import published
from resolute.stages.pages.answers import ENDINGS
from resolute.stages.pages.cards import write_cards
from resolute.stages.pages.files import named, write_figures, write_tables
from resolute.stages.pages.pictures import draw
from resolute.stages.pages.remarks import remarks
from resolute.stages.pages.sections import whole
from resolute.stages.pages.training import PATTERN_NAMES
from resolute.stages.pages.view import GARBLED_LIMIT, Page
from resolute.stages.pages.words import pvalue, share, signed

_MARKS = r"[\\`*_|~]|(?<=\])\("
_MARKDOWN, _WITHIN = re.compile(rf"{_MARKS}|^[#+-]|^\d+(?=[.)])"), re.compile(_MARKS)
FIELDS: tuple[str, ...] = (
    "row", "kind", "seeds", "column", "task", "attack", "event", "part", "instrument", "protocol",
    "value", "low", "high", "interval", "goals", "n", "unscored", "bound_low", "bound_high",
    "nothing_to_judge", "points", "of", "paper",
)  # fmt: skip
"""Columns of `table.csv`: one line per cell of the main table, then those behind a row over a random axis (`of`)."""


def write_pages(page: Page, folder: Path) -> None:
    """The pages, `table.csv`, `tables/`, `figures/` and `cards/`; the same page gives the same bytes."""
    pictures, number = draw(page), page.settings.number
    common = {
        "page": page,
        "published": published.sheets(),
        "published_source": published.source(),
        "sheets": whole.sheets(page),
        "pictures": pictures,
        "remarks": remarks(page),
        "figures": [name for name, _ in named([picture.file for picture in pictures.all], pictures.all, number)],
    }
    write_tables(whole.sheets(page), folder, number=number)
    write_figures(pictures.all, folder, number=number)
    write_cards(page.measures, page.columns, folder)
    for name, text in (
        ("report.html", _html(page, common)),
        ("report.md", environment().get_template("report.md.j2").render(common)),
        ("table.csv", _csv(page)),
    ):
        with atomic(folder / name, "w") as stream:
            stream.write(text)


@cache
def environment() -> Environment:
    """The one template environment: every value is escaped and freed of control and bidi characters."""
    made = Environment(
        loader=PackageLoader("resolute.stages", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "share": share,
        "points": signed,
        "pvalue": pvalue,
        "md": _markdown,
        "cell": _cell,
        "number": "{:,}".format,
        "percent": "{:.0%}".format,
    }
    return made


def _html(page: Page, common: dict[str, Any]) -> str:
    css = environment().loader.get_source(environment(), "report.css")[0]  # type: ignore[union-attr]
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    names = dict.fromkeys(name for item in page.funnels for name in item.steps)
    parts = dict.fromkeys(part for item in page.masks for part, _, _ in item.covered)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            common,
            css=Markup(css),  # noqa: S704 - our own file, and its hash is in the policy
            policy=policy,
            garbled_limit=GARBLED_LIMIT,
            shared=whole.SHARED,
            tested=whole.TESTED,
            pattern_names=PATTERN_NAMES,
            pairing_names=PAIRS,
            ending_names=ENDINGS,
            funnel_names=list(names),
            mask_parts=list(parts),
        )
    )


def _csv(page: Page) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
    writer.writeheader()
    lines = [(line, "") for line in page.lines]
    lines += [(part, line.label) for line in page.lines for part in line.parts]
    for line, of in lines:
        papers = line.paper or [None] * len(page.columns)
        for column, shown, paper in zip(page.columns, line.shown, papers, strict=True):
            if shown is None:
                continue
            cells = shown.cells
            bounds = [cell.rate.bounds for cell in cells]
            row = {
                "row": line.label, "kind": line.kind, "seeds": len(cells), "column": column.name,
                "task": column.task, "attack": column.attack, "event": column.event, "part": column.part,
                "instrument": column.judge, "protocol": page.settings.protocol,
                "value": _number(shown.value), "low": _number(shown.low), "high": _number(shown.high),
                "interval": shown.how, "goals": max(cell.rate.goals for cell in cells),
                "n": sum(cell.rate.n for cell in cells), "unscored": sum(cell.rate.unscored for cell in cells),
                "bound_low": _number(sum(low for low, _ in bounds) / len(bounds)),
                "bound_high": _number(sum(high for _, high in bounds) / len(bounds)),
                "nothing_to_judge": sum(cell.model_failed for cell in cells),
                "points": " ".join(_number(point) for point in shown.points), "of": of,
                "paper": "" if paper is None else _number(paper / 100),
            }  # fmt: skip
            writer.writerow({name: _spreadsheet_safe(value) for name, value in row.items()})
    return stream.getvalue()


def _spreadsheet_safe(value: object) -> object:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it."""
    if not isinstance(value, str):
        return value
    text = terminal_safe(value).replace("\n", " ")
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def _number(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.6g}"


def _harmless(value: Any) -> Any:
    """Markup of ours passes; any other text loses what could reorder or hide it."""
    return terminal_safe(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _markdown(value: object) -> str:
    """Text that means itself in Markdown (no emphasis, code, link, list or cell border) and stays on its line."""
    return _MARKDOWN.sub(_backslash, " ".join(terminal_safe(str(value)).split()))


def _cell(value: object) -> str:
    """The same within a line: a cell of a table begins none."""
    return _WITHIN.sub(_backslash, " ".join(terminal_safe(str(value)).split()))


def _backslash(found: re.Match[str]) -> str:
    text = found.group()
    return f"{text}\\" if text.isdigit() else f"\\{text}"
