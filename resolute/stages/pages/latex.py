r"""Tables for a paper: one `.tex` a sheet, for `\input` under `\usepackage{booktabs}`.

Every text is escaped: labels come from people and files, and nothing in them may become a command.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from resolute.core.text import terminal_safe
from resolute.stages.pages.sheet import Sheet

ESCAPED = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}", "'": r"\textquotesingle{}",
    "[": r"{[}", "]": r"{]}", "\u2212": r"$-$", "\u2013": r"\textendash{}", "\u2014": r"\textemdash{}",
    "\u00b7": r"\textperiodcentered{}", "\u2026": r"\ldots{}", "\ufffd": "?",
}  # fmt: skip
"""A bracket in braces cannot become the optional argument of the line before it."""


def written(sheet: Sheet, *, number: str = "") -> str:
    """The sheet as a `table` environment; `number` is the paper's own for it."""
    caption = f"{number}: {sheet.title}" if number and number not in sheet.title else sheet.title
    groups = sheet.groups or [range(1, len(sheet.header))]
    lines = [
        "% Needs \\usepackage{booktabs}.",
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{escaped(caption)}. {escaped(sheet.about)}}}",
        f"\\label{{tab:{sheet.name}}}",
    ]
    for place, group in enumerate(groups):
        lines += ["\\medskip", ""] if place else []
        lines += _tabular(sheet, [0, *group])
    return "\n".join([*lines, "\\end{table}"]) + "\n"


def _tabular(sheet: Sheet, places: Sequence[int]) -> list[str]:
    """Some columns of the sheet, under a head of their own."""
    head = _lines([sheet.header[place] for place in places])
    rows = [line for row in sheet.rows for line in _lines([row[place] for place in places])]
    return [
        f"\\begin{{tabular}}{{{'l' * len(places)}}}",
        "\\toprule",
        *head,
        "\\midrule",
        *rows,
        "\\bottomrule",
        "\\end{tabular}",
    ]


def escaped(text: str) -> str:
    """Text that sets itself: no command, group, alignment or comment, on one line.

    What has no command of its own and is beyond Latin stays for engines that read Unicode.
    """
    plain = " ".join(terminal_safe(unicodedata.normalize("NFC", text)).split())
    return "".join(ESCAPED.get(letter, letter) for letter in plain)


def _lines(cells: Sequence[str]) -> list[str]:
    """One row of cells, the further lines of each below its first and smaller."""
    parted = [cell.split("\n") for cell in cells]
    found: list[str] = []
    for number in range(max(map(len, parted))):
        texts = [escaped(part[number]) if number < len(part) else "" for part in parted]
        small = [f"\\footnotesize {text}" if text and number else text for text in texts]
        found.append(" & ".join(small) + r" \\")
    return found
