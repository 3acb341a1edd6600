"""What the rows cost in tokens and money. Time and machines stand in the manifests: they are not the study's data."""

from __future__ import annotations

from collections.abc import Sequence

from resolute.core.prices import dollars
from resolute.stages.pages.sheet import Sheet
from resolute.stages.pages.study import PARTS, Row, Study
from resolute.stages.pages.wordless import Answer


def cost(study: Study) -> Sheet | None:
    """One line an artifact that asked a model; rows that share one share its line. None where nothing was asked."""
    held: dict[tuple[str, str], list[Row]] = {}
    for row in study.rows:
        for part in PARTS:
            if part in row.artifacts:
                held.setdefault((part, row.artifacts[part].key), []).append(row)
    rows: list[Sequence[str]] = []
    for (part, _), some in held.items():
        manifest = some[0].manifest(part)
        answers = {"distill": some[0].distilled, "evaluate": some[0].traces}.get(part, list[Answer]())
        price = manifest.cost if manifest else None
        if answers or price:
            sent, written = (sum(counts) for counts in _tokens(answers)) if answers else (0, 0)
            known = "not known" if price is None else dollars(price)
            rows.append(
                (_names(some), part, f"{len(answers):,}" if answers else "–", f"{sent:,}", f"{written:,}", known)
            )
    about = (
        "Tokens of the traces that stand in the artifacts: what was asked in vain is not in them. Money is by list "
        "price where a price is known; models on one's own machine cost nothing here."
    )
    header = ("Rows", "Stage", "Outputs", "Tokens in", "Tokens out", "US dollars")
    return Sheet("cost", "Cost", about, header, rows) if rows else None


def _tokens(answers: Sequence[Answer]) -> tuple[list[int], list[int]]:
    return [one.tokens_in for one in answers], [one.tokens_out for one in answers]


def _names(rows: Sequence[Row]) -> str:
    """Labels, with the seed where one label's seeds have artifacts of their own."""
    names = list(dict.fromkeys(row.label for row in rows))
    return f"{names[0]}, seed {rows[0].seed}" if len(rows) == 1 and rows[0].kind == "trained" else ", ".join(names)
