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
    lines = [
        "% Needs \\usepackage{booktabs}.",
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{escaped(caption)}. {escaped(sheet.about)}}}",
        f"\\label{{tab:{sheet.name}}}",
        f"\\begin{{tabular}}{{l{'l' * (len(sheet.header) - 1)}}}",
        "\\toprule",
        _line(sheet.header),
        "\\midrule",
        *map(_line, sheet.rows),
        "\\bottomrule",
        "\\end{tabular}",
        "\\end{table}",
    ]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Text that sets itself: no command, group, alignment or comment, on one line.

    What has no command of its own and is beyond Latin stays for engines that read Unicode.
    """
    plain = " ".join(terminal_safe(unicodedata.normalize("NFC", text)).split())
    return "".join(ESCAPED.get(letter, letter) for letter in plain)


def _line(cells: Sequence[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"
