"""The gate before training (law 2): every row is rendered, tokenised, decoded back and read as a sampler would read it.

`audit` needs no weights and no torch. It keeps the rendered rows, so that what was audited is what is trained on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from resolute.core.errors import ResoluteError
from resolute.core.records import Example
from resolute.models.render import IGNORED, Kind, Rendered, Renderer
from resolute.models.training.scope import Loss, Row, opening, reach, scoped

KINDS: tuple[Kind, ...] = ("thought", "close", "answer", "end")
_NAMED = 5
"""Row ids an error names for each fault."""


class Share(BaseModel):
    """Rows of one kind of example (harmful, benign, ...) and the tokens of them that carry loss."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    loss_tokens: int


class MaskAudit(BaseModel):
    """What the gate found. The mask holds when `faults` is empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    """Rows that were looked at."""
    kept: int
    """Rows that are fit to train on."""
    with_thought: int
    """Kept rows that have a thought."""
    covered: dict[str, int]
    """Part of a row -> kept rows whose part is under loss with all its tokens."""
    tokens: int
    """Tokens of the kept rows, prompts included."""
    loss_tokens: dict[str, int]
    """Part of a row -> tokens under loss."""
    loss: Loss = "completion"
    """What was asked to be learned of each row."""
    by_kind: dict[str, Share]
    """Kind of example -> its rows and loss tokens."""
    longest: int
    """Tokens of the longest row, kept or not."""
    max_length: int
    overlong: tuple[str, ...]
    """Ids of rows above `max_length`; never cut."""
    faults: dict[str, tuple[str, ...]]
    """What is wrong -> ids of the rows it is wrong with."""

    def require(self, *, overlong: Literal["error", "drop"], where: str) -> None:
        """Raise `ResoluteError` with counts and first ids unless every row may be trained on."""
        faults = dict(self.faults)
        if self.overlong and overlong == "error":
            faults[f"longer than {self.max_length} tokens (the longest has {self.longest})"] = self.overlong
        if faults:
            found = "; ".join(f"{len(ids)} of {self.rows} rows: {what} ({_some(ids)})" for what, ids in faults.items())
            only_long = set(faults) - set(self.faults) and not self.faults
            mend = "raise train.max_length, or set train.overlong: drop" if only_long else "repair or drop these rows"
            raise ResoluteError(f"the training rows fail the mask audit: {found}", where=where, mend=mend)
        if not self.kept:
            raise ResoluteError("no row is left to train on", where=where, mend="raise train.max_length")


@dataclass(frozen=True)
class Audited:
    """The report, and the rows it speaks for: `rows` holds (id, rendered row) of every row kept."""

    report: MaskAudit
    rows: tuple[tuple[str, Rendered], ...]

    def lean(self) -> list[Row]:
        """The rows as the trainer takes them."""
        return [
            Row(name, row.ids[: (stop := reach(row.labels))], row.labels[:stop], row.kinds[:stop])
            for name, row in self.rows
        ]


class ShownToken(NamedTuple):
    """One token for people: the stretch of text it covers, whether it carries loss, what it is part of."""

    text: str
    in_loss: bool
    kind: Kind


@dataclass(frozen=True)
class ShownRow:
    """One training row, token by token."""

    id: str
    tokens: tuple[ShownToken, ...]


def audit(
    examples: Sequence[Example],
    renderer: Renderer,
    *,
    max_length: int,
    thinking: bool = True,
    loss: Loss = "completion",
    primer_tokens: int = 8,
) -> Audited:
    """Render and check every example; never raises for a row, `report.require` does.

    Every row is checked with its whole completion under loss; then `loss` says what of it is learned.
    """
    faults: dict[str, list[str]] = {}
    rows: list[tuple[str, Rendered]] = []
    kept: list[Example] = []
    overlong: list[str] = []
    longest = 0
    for example in examples:
        try:
            row = renderer.example(example.messages, example.reasoning, example.answer, thinking=thinking)
        except ResoluteError as error:
            faults.setdefault(error.what, []).append(example.id)
            continue
        wrong = check(example, row, renderer)
        primer = _primer(example, loss, primer_tokens)
        row = scoped(row, renderer, loss=loss, primer=primer)
        wrong += check_scope(row, renderer, loss=loss, primer=primer)
        longest = max(longest, reach(row.labels))
        for what in wrong:
            faults.setdefault(what, []).append(example.id)
        if wrong:
            continue
        if reach(row.labels) > max_length:
            overlong.append(example.id)
            continue
        rows.append((example.id, row))
        kept.append(example)
    named = {what: tuple(ids) for what, ids in faults.items()}
    report = _report(kept, [row for _, row in rows], total=len(examples)).model_copy(
        update={
            "loss": loss,
            "longest": longest,
            "max_length": max_length,
            "overlong": tuple(overlong),
            "faults": named,
        }
    )
    return Audited(report, tuple(rows))


def check(example: Example, row: Rendered, renderer: Renderer) -> list[str]:
    """What is wrong with a row, read from its ids and labels alone as a sampler would read them; [] for nothing."""
    start = len(row.prompt.ids)
    learned = [label for label in row.labels if label != IGNORED]
    said = renderer.decode(learned)
    parts = renderer.split(said, row.prompt)
    thought = renderer.canonical(example.reasoning).strip()
    laws = {
        "ids, labels and kinds differ in length": len(row.ids) == len(row.labels) == len(row.kinds),
        "the prompt is not what sampling would see": row.ids[:start] == row.prompt.ids,
        "the prompt carries loss": all(label == IGNORED for label in row.labels[:start]),
        "a token after the prompt carries no loss": row.labels[start:] == row.ids[start:],
        "the tokens do not decode to the text": renderer.decode(row.ids) == row.text,
        "the thought is not under loss": parts.thought == thought,
        "the closing mark is not under loss": not thought or (parts.closed and renderer.dialect.close in said),
        "more than one closing mark": parts.extra_closes == 0,
        "the answer is not under loss": parts.answer == renderer.canonical(example.answer).strip(),
        "the end of turn is not under loss": learned[-1:] == [renderer.end_id],
        "not one beginning of sequence": renderer.bos_id is None
        or row.ids.count(renderer.bos_id) == renderer.bos_count,
    }
    return [what for what, holds in laws.items() if not holds]


def check_scope(row: Rendered, renderer: Renderer, *, loss: Loss, primer: int | None) -> list[str]:
    """What is wrong with the labels of a row that passed `check`, for what `loss` asks of it; [] for nothing."""
    start = len(row.prompt.ids)
    learned = [place for place, label in enumerate(row.labels) if label != IGNORED]
    if loss == "sequence":
        wanted = list(range(len(row.ids)))
    elif primer is None:
        wanted = list(range(start, len(row.ids)))
    else:
        wanted = list(range(start, min(len(row.ids), start + len(opening(row, renderer)) + primer)))
    laws = {
        f"not what {loss!r} asks for is under loss": learned == wanted,
        "a label is not the token it stands for": all(row.labels[place] == row.ids[place] for place in learned),
    }
    return [what for what, holds in laws.items() if not holds]


def show(
    examples: Sequence[Example],
    renderer: Renderer,
    n: int,
    *,
    thinking: bool = True,
    loss: Loss = "completion",
    primer_tokens: int = 8,
) -> list[ShownRow]:
    """The first `n` rows token by token, as they would be trained on; raises `ResoluteError` for a row that cannot."""
    shown: list[ShownRow] = []
    for example in examples[:n]:
        where = f"row {example.id}"
        row = renderer.example(example.messages, example.reasoning, example.answer, thinking=thinking, where=where)
        row = scoped(row, renderer, loss=loss, primer=_primer(example, loss, primer_tokens))
        pieces = renderer.pieces(row.prompt.text) + renderer.pieces(row.text[len(row.prompt.text) :])
        triples = zip(pieces, row.labels, row.kinds, strict=True)
        shown.append(
            ShownRow(example.id, tuple(ShownToken(text, label != IGNORED, kind) for text, label, kind in triples))
        )
    return shown


def _primer(example: Example, loss: Loss, tokens: int) -> int | None:
    """How many tokens of a primer a row teaches; None for rows that teach their whole completion."""
    return tokens if loss == "primer" and example.kind == "harmful" else None


def _report(examples: Sequence[Example], rows: Sequence[Rendered], *, total: int) -> MaskAudit:
    loss: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    covered: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    kinds: dict[str, Share] = {}
    for example, row in zip(examples, rows, strict=True):
        learned = Counter(kind for kind, label in zip(row.kinds, row.labels, strict=True) if label != IGNORED)
        loss.update(learned)
        covered.update(kind for kind, number in Counter(row.kinds).items() if learned[kind] == number)
        before = kinds.get(example.kind, Share(rows=0, loss_tokens=0))
        kinds[example.kind] = Share(rows=before.rows + 1, loss_tokens=before.loss_tokens + learned.total())
    return MaskAudit(
        rows=total,
        kept=len(rows),
        with_thought=sum(bool(example.reasoning.strip()) for example in examples),
        covered=dict(covered),
        tokens=sum(reach(row.labels) for row in rows),
        loss_tokens=dict(loss),
        by_kind=kinds,
        longest=0,
        max_length=0,
        overlong=(),
        faults={},
    )


def _some(ids: Sequence[str]) -> str:
    more = f", and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more
